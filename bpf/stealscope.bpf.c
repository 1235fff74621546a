// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The hooks. Each says what it adds; the arithmetic is in the headers.
 *
 *	sched_switch        the end of every run and of every wait; new vCPUs
 *	sched_wakeup        the start of waits after sleep: phantom steal, throttle, waits under way
 *	sched_migrate_task  a wait that goes on on another CPU: the thieves on the one it leaves
 *	task_newtask, task_rename, sched_process_exec    hints for discovery, no counts
 *
 * A task that is not watched costs two loads in each, and the append of its run.
 */
#include "census.h"
#include "common.h"
#include "compat.h"
#include "thief.h"
#include "throttle.h"
#include "wait.h"
#include "adopt.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* @prev, which @runner is, gives up this CPU. */
static __always_inline struct slot *switch_out(struct here *here, struct task_struct *prev,
					       struct slot *slot, const struct runner *runner)
{
	if (!slot)
		return NULL;
	depart(here, slot, prev, runner);
	if (slot->state == SLOT_DEAD)
		slot_notify(slot, NOTICE_DEAD);
	return slot;
}

/* @stranger: as arrive(). */
static __always_inline struct slot *switch_in(struct here *here, struct task_struct *next,
					      bool stranger)
{
	struct slot *slot;
	__u32 index, ref;

	if (!may_be_watched(next))
		return NULL;
	slot = slot_of_known(next, line_at(here->cpu)->hints, &ref);
	if (ref == LOADER_REF)
		control.clock_ahead = (__s64)(here->clock - bpf_ktime_get_ns());
	if (slot) {
		if (slot->vcpu == -1 && is_in_kvm(next))
			vcpu_learn(slot, next);
		arrive(here, slot, next, stranger);
		return slot;
	}
	index = is_in_kvm(next) ? vcpu_seen(next, here->counts) : 0;
	return index ? slot_at(index) : NULL;
}

/* A vCPU that takes over from its sibling leaves the domain's skew as it was. */
static __always_inline void switch_skew(struct slot *prev, struct slot *next)
{
	__u64 change = prev ? skew_weigh(prev, prev->state) : 0;

	if (next && prev && prev->cell == next->cell) {
		skew_apply(next->cell, change + skew_weigh(next, SLOT_RUNNING));
		return;
	}
	if (prev)
		skew_apply(prev->cell, change);
	if (next)
		skew_apply(next->cell, skew_weigh(next, SLOT_RUNNING));
}

/* A switch that somebody is interested in. No inline function: the others shall not pay for its
 * stack and registers. */
static __noinline int switch_watched(struct cpu_line *line, __u32 cpu, struct task_struct *prev,
				     struct task_struct *next)
{
	bool seen = line->task == (__u64)prev;
	__u32 joined = line->joined;
	struct slot *left, *entered;
	struct moment at = {};
	struct here here;

	if (!here_at(&here, cpu, prev->se.cfs_rq->rq, 1))
		return 0;
	left = seen && !(joined & LINE_LOOK) ? slot_of_ref(line->ref) : slot_of(prev);
	seen &= !here.hidden;
	here.counts->chain_breaks += !seen && line->task;
	line_settle(line);
	if (with_thieves && (line->waiting || joined)) {
		at.cpu = here.cpu;
		at.clock = here.clock;
		record_run(&here, prev, left, seen, &at.runner);
		if (joined)
			joins_take(&at);
		if (!seen)
			departed(line->ref, &at);
	}
	if (joined & LINE_LOOK)
		__sync_fetch_and_and(&line->joined, ~LINE_LOOK);
	left = switch_out(&here, prev, left, &at.runner);
	line->task = (__u64)prev; /* it may not have been seen to be switched in */
	entered = switch_in(&here, next, !left);
	line->ref = entered ? key_ref(entered->key) : 0;
	switch_skew(left, entered);
	return 0;
}

/* A switch from one task that is not watched to another, while a watched one waits. False: switches
 * were hidden before it, look closer. */
static __noinline int switch_strangers(struct cpu_line *line, __u32 cpu, struct task_struct *prev)
{
	struct rq *rq = prev->se.cfs_rq->rq;
	struct record *record = bpf_map_lookup_elem(&records, &cpu);

	if (!record || rq->nr_switches != line->switches + 1)
		return false;
	line_settle(line);
	record_stranger(line, record, prev, rq->clock);
	return true;
}

static __always_inline void switched(struct task_struct *prev, struct task_struct *next)
{
	__u32 cpu = bpf_get_smp_processor_id();
	struct cpu_line *line = line_at(cpu);

	barrier_var(line); /* the compiler would rather compute it thrice */
	if (line->task != (__u64)prev || line->joined || may_be_watched(next) ||
	    (line->busy && (line->ref || !switch_strangers(line, cpu, prev))))
		switch_watched(line, cpu, prev, next);
	line->task = (__u64)next;
}

static __always_inline void woken_up(struct task_struct *task)
{
	struct slot *slot = slot_of(task);
	struct here here;

	if (slot && was_asleep(slot, task) && here_of(&here, task))
		woken(&here, slot, task);
}

static __always_inline void migrated(struct task_struct *task, __u32 dest)
{
	struct slot *slot = slot_of(task);
	struct here here;

	/* a queued task's lock is held; not so that of one that is woken elsewhere */
	if (slot && slot->state == SLOT_WAITING && is_migrating(task) && here_of(&here, task))
		wait_move(&here, slot, task, dest);
}

/*
 * The program for a tracepoint, and one that the benchmark has in its place: it keeps how long it
 * runs, too (choose_hooks(), src/trace/tracer.c). The arguments are the same in all versions but
 * for sched_switch's prev_state, appended in 5.18 and not used.
 */
#define HOOK_PROGRAMS(name, tracepoint, hook, call, args...)  \
	SEC("tp_btf/" tracepoint)                             \
	int BPF_PROG(on_##name, args)                         \
	{                                                     \
		call;                                         \
		return 0;                                     \
	}                                                     \
	SEC("?tp_btf/" tracepoint)                            \
	int BPF_PROG(timed_##name, args)                      \
	{                                                     \
		__u64 began = bpf_ktime_get_ns();             \
                                                              \
		call;                                         \
		hook_timed(hook, bpf_ktime_get_ns() - began); \
		return 0;                                     \
	}

HOOK_PROGRAMS(switch, "sched_switch", HOOK_SWITCH, switched(prev, next), bool preempt,
	      struct task_struct *prev, struct task_struct *next)
HOOK_PROGRAMS(wakeup, "sched_wakeup", HOOK_WAKEUP, woken_up(task), struct task_struct *task)
HOOK_PROGRAMS(wakeup_new, "sched_wakeup_new", HOOK_WAKEUP, woken_up(task), struct task_struct *task)
HOOK_PROGRAMS(migrate, "sched_migrate_task", HOOK_MIGRATE, migrated(task, dest_cpu),
	      struct task_struct *task, int dest_cpu)

/* A domain's thread made another one: in process context, no lock held. */
SEC("tp_btf/task_newtask")
int BPF_PROG(on_newtask, struct task_struct *task, __u64 clone_flags)
{
	struct task_struct *parent = bpf_get_current_task_btf();
	struct slot *slot = slot_of(parent);

	if (!slot || task->tgid != parent->tgid)
		return 0;
	if (storage_is_safe_under_rq_lock())
		adopt(task, task->tgid, -1, false);
	slot_notify(slot, NOTICE_THREAD);
	return 0;
}

SEC("tp_btf/task_rename")
int BPF_PROG(on_rename, struct task_struct *task)
{
	struct slot *slot = slot_of(task);

	if (slot)
		slot_notify(slot, NOTICE_RENAME);
	return 0;
}

/*
 * A VMM's thread has become another program, or another program may have become a VMM: the loader
 * looks closely at who it is, the name only keeps it from looking at every exec of a host.
 */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	struct slot *slot = slot_of(task);
	char comm[COMM_LEN];

	if (slot)
		unwatch(slot, task);
	__builtin_memcpy(comm, task->comm, COMM_LEN);
	if (slot || (comm[0] == 'q' && comm[1] == 'e' && comm[2] == 'm' && comm[3] == 'u') ||
	    (comm[0] == 'k' && comm[1] == 'v' && comm[2] == 'm' && !comm[3]))
		process_notify(task, -1, NOTICE_EXEC);
	return 0;
}

/* Adopt what the loader asked for; runs in process context for every task of the system. */
SEC("iter/task")
int adopt_requested(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct adopt_request *request;
	struct slot *slot;
	__u32 tid, index, ref;

	if (!task)
		return 0;
	tid = task->pid;
	request = bpf_map_lookup_elem(&requests, &tid);
	if (!request)
		return 0;
	if (!request->domain) {
		ref = LOADER_REF;
		bpf_task_storage_get(&task_slots, task, &ref, BPF_LOCAL_STORAGE_GET_F_CREATE);
	} else if ((!request->start || request->start == task->start_boottime / TICK_NS) &&
		   !slot_of(task)) {
		index = adopt(task, request->domain, request->vcpu, request->is_vcpu);
		slot = index ? slot_at(index) : NULL;
		if (!slot) {
			control.refused++; /* and stays requested */
			return 0;
		}
		adopted_midway(slot, task);
	}
	bpf_map_delete_elem(&requests, &tid);
	return 0;
}
