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
#include "watch.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

static __always_inline bool may_be_watched(struct task_struct *task)
{
	return task->bpf_storage || is_in_kvm(task);
}

static __always_inline struct slot *switch_out(struct cpu_runs *cpu, struct task_struct *prev,
					       __u64 clock, __u64 switches)
{
	struct slot *slot;

	if (cpu->slot && cpu->pid == (__u32)prev->pid)
		slot = slot_at(cpu->slot);
	else
		slot = slot_of(prev);
	if (with_thieves)
		run_end(cpu, prev, slot, clock, switches);
	else if (cpu->pid != (__u32)prev->pid)
		cpu->chain_breaks++;
	if (!slot)
		return NULL;
	depart(slot, prev, clock, cpu);
	if (slot->state == SLOT_DEAD)
		event_send(EVENT_DEAD, prev, key_slot(slot->key), slot->vcpu);
	return slot;
}

static __always_inline struct slot *switch_in(struct cpu_runs *cpu, struct task_struct *next,
					      __u64 clock)
{
	struct slot *slot = slot_of_known(next, cpu);
	__u32 index;

	if (slot) {
		if (slot->vcpu == -1 && is_in_kvm(next))
			vcpu_learn(slot, next);
		arrive(slot, next, clock, cpu);
		return slot;
	}
	index = is_in_kvm(next) ? vcpu_seen(next, cpu) : 0;
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

/* The arguments are the same in all versions but for prev_state, appended in 5.18 and not used. */
SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct slot *left, *entered = NULL;
	__u64 clock, switches;
	struct cpu_runs *cpu;
	struct rq *rq;

	if (!with_thieves && !may_be_watched(prev) && !may_be_watched(next))
		return 0;
	cpu = cpu_at(bpf_get_smp_processor_id());
	if (!cpu)
		return 0;
	rq = prev->se.cfs_rq->rq;
	clock = rq->clock;
	switches = rq->nr_switches;
	left = switch_out(cpu, prev, clock, switches);
	if (may_be_watched(next))
		entered = switch_in(cpu, next, clock);
	cpu->switches = switches;
	cpu->task = (__u64)next;
	cpu->slot = entered ? key_slot(entered->key) : 0;
	cpu->pid = next->pid;
	switch_skew(left, entered);
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct *task)
{
	struct slot *slot = slot_of(task);
	struct cpu_runs *cpu;

	if (!slot)
		return 0;
	cpu = cpu_at(bpf_get_smp_processor_id());
	if (cpu)
		woken(slot, task, task->se.cfs_rq->rq->clock, cpu);
	return 0;
}

SEC("tp_btf/sched_migrate_task")
int BPF_PROG(on_migrate, struct task_struct *task, int dest_cpu)
{
	struct slot *slot = slot_of(task);

	if (slot && slot->state == SLOT_WAITING)
		explain_move(slot, task, dest_cpu);
	return 0;
}

/* A domain's thread made another one: in process context, no lock held. */
SEC("tp_btf/task_newtask")
int BPF_PROG(on_newtask, struct task_struct *task, __u64 clone_flags)
{
	struct task_struct *parent = bpf_get_current_task_btf();
	struct slot *slot = slot_of(parent);
	__u32 index = 0;

	if (!slot || task->tgid != parent->tgid)
		return 0;
	if (storage_is_safe_under_rq_lock())
		index = adopt(task, task->tgid, -1);
	event_send(EVENT_THREAD, task, index, -1);
	return 0;
}

SEC("tp_btf/task_rename")
int BPF_PROG(on_rename, struct task_struct *task)
{
	struct slot *slot = slot_of(task);

	if (slot)
		event_send(EVENT_RENAME, task, key_slot(slot->key), slot->vcpu);
	return 0;
}

/* The loader looks closely at who it is; this only keeps it from looking at every exec of a host.
 */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	char comm[COMM_LEN];

	__builtin_memcpy(comm, task->comm, COMM_LEN);
	if ((comm[0] == 'q' && comm[1] == 'e' && comm[2] == 'm' && comm[3] == 'u') ||
	    (comm[0] == 'k' && comm[1] == 'v' && comm[2] == 'm' && !comm[3]))
		event_send(EVENT_EXEC, task, 0, -1);
	return 0;
}

/* Adopt what the loader asked for; runs in process context for every task of the system. */
SEC("iter/task")
int adopt_requested(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct watch_request *request;
	__u32 tid;

	if (!task)
		return 0;
	tid = task->pid;
	request = bpf_map_lookup_elem(&requests, &tid);
	if (!request)
		return 0;
	if ((!request->start || request->start == task->start_boottime / TICK_NS) &&
	    !slot_of(task) && !adopt(task, request->domain, request->vcpu)) {
		control.refused++; /* and stays requested */
		return 0;
	}
	bpf_map_delete_elem(&requests, &tid);
	return 0;
}
