/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why a thread waited, and who had the CPU meanwhile.
 *
 * Each CPU keeps a ring of its last runs in its own rq->clock, one append per switch. When a
 * watched thread is switched in, the walk goes back over the part of the wait that was spent on
 * this CPU; when it is moved while queued, over the part on the CPU it leaves. Both happen under
 * that CPU's runqueue lock, which the appends hold, too. No state is shared, nothing is atomic.
 *
 * A wait under a bandwidth limit is thought to be throttled first and contended last, which is
 * how throttling works when the thread itself used the quota up; the amounts are exact, only which
 * thieves are named can be off when a runqueue is throttled in the middle of a wait.
 *
 * Limits: a wait that spans more than NR_RUNS - 1 runs of its CPU is unknown before them. Time in
 * interrupts belongs to the task that they interrupted.
 */
#ifndef STEALSCOPE_THIEF_H
#define STEALSCOPE_THIEF_H

#include "common.h"
#include "throttle.h"

/* The slot's numbers for the epoch that is under way. */
static __always_inline struct slot_interval *interval_of(struct slot *slot)
{
	__u64 epoch = *(volatile __u64 *)&slot->epoch;
	struct slot_interval *interval = &slot->interval[epoch & 1];

	if (interval->epoch != epoch) {
		__builtin_memset(interval, 0, sizeof(*interval));
		interval->epoch = epoch;
	}
	return interval;
}

/*
 * Add @ns to the thief's entry. When all are taken the smallest goes: its time is still in the
 * cause's sum, only its name is lost. A function of its own, verified once.
 */
__noinline int thief_add(struct thief_table *table, const struct run *run, __u64 ns)
{
	struct thief_entry *entry, *least;
	__u32 i;

	if (!table || !run)
		return 0;
	least = &table->entries[0];
	for (i = 0; i < NR_THIEVES; i++) {
		entry = &table->entries[i];
		if (entry->key == run->key)
			goto found;
		if (entry->ns < least->ns)
			least = entry;
	}
	entry = least;
	entry->key = run->key;
	entry->ns = 0;
found:
	entry->ns += ns;
	__builtin_memcpy(entry->comm, run->comm, COMM_LEN);
	return 0;
}

static __always_inline struct wait_detail *detail_of(const struct slot *slot)
{
	__u32 index = key_slot(slot->key);

	return bpf_map_lookup_elem(&wait_details, &index);
}

static __always_inline void explain(struct slot *slot, enum cause cause, __u64 ns)
{
	slot->cause_ns[cause & (NR_CAUSES - 1)] += ns;
	slot->explained += ns;
	if (watch_over_ns) {
		struct wait_detail *detail = detail_of(slot);

		if (detail)
			detail->cause_ns[cause & (NR_CAUSES - 1)] += ns;
	}
}

__noinline int explain_run(struct slot *slot, const struct run *run, __u64 ns)
{
	if (!slot || !run)
		return 0;
	if (slot->tainted) {
		if (key_class(run->key) == CLASS_IDLE)
			explain(slot, CAUSE_QUOTA, ns);
		return 0;
	}
	switch (key_class(run->key)) {
	case CLASS_IDLE:
		explain(slot, CAUSE_IDLE, ns);
		return 0;
	case CLASS_KERNEL:
		explain(slot, CAUSE_KERNEL, ns);
		break;
	case CLASS_HOST:
		explain(slot, CAUSE_HOST, ns);
		break;
	case CLASS_DOMAIN:
		if (key_process(run->key) == (slot->tgid & KEY_PROCESS_MASK))
			explain(slot, CAUSE_SELF, ns);
		else
			explain(slot, CAUSE_VM, ns);
		break;
	default:
		return 0;
	}
	if (watch_over_ns) {
		struct wait_detail *detail = detail_of(slot);

		if (detail)
			thief_add(&detail->thieves, run, ns);
	}
	return thief_add(&interval_of(slot)->thieves, run, ns);
}

/*
 * Explain the stretch @from … @to of @cpu's clock, with the runqueue's lock held. A function of its
 * own, verified once.
 */
__noinline int explain_stretch(struct slot *slot, struct cpu_runs *cpu, __u64 from, __u64 to)
{
	__u32 head, i;

	if (!slot || !cpu)
		return 0;
	head = cpu->head;
	for (i = 1; i < NR_RUNS; i++) {
		const struct run *run = &cpu->runs[(head - i) & (NR_RUNS - 1)];
		__u64 begin = cpu->runs[(head - i - 1) & (NR_RUNS - 1)].end;
		__u64 start = begin > from ? begin : from;
		__u64 end = run->end < to ? run->end : to;

		if (end > start)
			explain_run(slot, run, end - start);
		if (begin <= from)
			break;
	}
	return 0;
}

static __always_inline __u64 explain_quota(struct slot *slot, struct task_struct *task, __u64 part,
					   __u64 clock)
{
	__u64 throttled = throttled_ns(task, clock) - slot->throttled;

	if ((__s64)throttled <= 0)
		return part;
	if (throttled > part)
		throttled = part;
	explain(slot, CAUSE_QUOTA, throttled);
	return part - throttled;
}

/* At the end of a wait: the part on this CPU, then what is left. */
static __always_inline void explain_rest(struct slot *slot, struct task_struct *task, __u64 cum,
					 __u64 wait, __u64 clock, struct cpu_runs *cpu)
{
	__u64 part = cum - slot->segment_cum;

	if (part > wait)
		part = wait;
	part = explain_quota(slot, task, part, clock);
	if (with_thieves && part)
		explain_stretch(slot, cpu, clock - part, clock);
	if (wait > slot->explained)
		explain(slot, CAUSE_UNKNOWN, wait - slot->explained);
}

static __always_inline __u64 key_of(struct task_struct *task, const struct slot *slot)
{
	if (slot)
		return slot->key;
	if (!task->pid)
		return actor_key(CLASS_IDLE, 0, 0);
	if (task->flags & PF_KTHREAD)
		return actor_key(CLASS_KERNEL, 0, task->pid);
	return actor_key(CLASS_HOST, task->tgid, 0);
}

static __always_inline struct run *run_append(struct cpu_runs *cpu, __u64 key, __u64 end)
{
	struct run *run = &cpu->runs[cpu->head++ & (NR_RUNS - 1)];

	run->end = end;
	run->key = key;
	return run;
}

/*
 * The run, up to @end, of the task that was last seen to get this CPU. It is off it since, and may
 * be gone: what is left of it is believed if it has the same pid.
 */
static __always_inline void run_append_last(struct cpu_runs *cpu, __u64 end)
{
	struct task_struct *task = (void *)cpu->task;
	struct slot *slot = cpu->slot ? slot_at(cpu->slot) : NULL;
	__u64 key = actor_key(CLASS_HIDDEN, 0, 0);
	struct run *run;

	if ((__u32)BPF_CORE_READ(task, pid) == cpu->pid) {
		if (slot)
			key = slot->key;
		else if (!cpu->pid)
			key = actor_key(CLASS_IDLE, 0, 0);
		else if (BPF_CORE_READ(task, flags) & PF_KTHREAD)
			key = actor_key(CLASS_KERNEL, 0, cpu->pid);
		else
			key = actor_key(CLASS_HOST, BPF_CORE_READ(task, tgid), 0);
	}
	run = run_append(cpu, key, end);
	BPF_CORE_READ_INTO(&run->comm, task, comm);
}

/*
 * @task, which gives up this CPU, is not the one that was last seen to get it: switches were hidden
 * from tracing, or this is the first. A single hidden one (rq->nr_switches counts them all, in
 * __schedule() before the tracepoint; kernel/sched/core.c, 5.15 to 6.18) was from the one to the
 * other, when @task arrived; of more than one only the last is known. An idle task's arrival is not
 * recorded (sched_info_switch()).
 */
static __always_inline void run_recover(struct cpu_runs *cpu, struct task_struct *task, __u64 clock,
					__u64 switches)
{
	__u64 arrival = task->pid ? task->sched_info.last_arrival : clock;
	__u64 last = cpu->runs[(cpu->head - 1) & (NR_RUNS - 1)].end;

	cpu->chain_breaks += !!cpu->switches;
	if (arrival < last || !arrival)
		run_append(cpu, actor_key(CLASS_HIDDEN, 0, 0), last ? last : clock);
	else if (!task->pid || !cpu->switches || switches != cpu->switches + 2)
		run_append(cpu, actor_key(CLASS_HIDDEN, 0, 0), arrival);
	else
		run_append_last(cpu, arrival);
}

/* @task, watched or not, gives up this CPU. */
static __always_inline void run_end(struct cpu_runs *cpu, struct task_struct *task,
				    const struct slot *slot, __u64 clock, __u64 switches)
{
	struct run *run;

	if (cpu->pid != (__u32)task->pid || !cpu->switches)
		run_recover(cpu, task, clock, switches);
	run = run_append(cpu, key_of(task, slot), clock);
	__builtin_memcpy(run->comm, task->comm, COMM_LEN);
}

/*
 * @task is moved to @dest while it waits; its run_delay already holds the part on the CPU it
 * leaves, whose lock is held (set_task_cpu(), after the dequeue; kernel/sched/core.c, 5.15
 * to 6.18).
 */
static __always_inline void explain_move(struct slot *slot, struct task_struct *task, __u32 dest)
{
	struct rq *rq = task->se.cfs_rq->rq;
	__u64 clock = rq->clock;
	__u64 part = task->sched_info.run_delay - slot->segment_cum;
	struct cpu_runs *cpu = cpu_at(rq->cpu);

	if (!cpu || (__s64)part < 0)
		return;
	slot_write_begin(slot);
	slot->segment_cum += part;
	part = explain_quota(slot, task, part, clock);
	if (with_thieves && part) {
		__u64 last = cpu->runs[(cpu->head - 1) & (NR_RUNS - 1)].end;
		struct task_struct *curr = rq->curr;
		__u64 from = clock - part;

		explain_stretch(slot, cpu, from, clock);
		if (clock > last && (__u32)curr->pid == cpu->pid) {
			struct run now = {};

			now.key = key_of(curr, cpu->slot ? slot_at(cpu->slot) : NULL);
			__builtin_memcpy(now.comm, curr->comm, COMM_LEN);
			explain_run(slot, &now, clock - (last > from ? last : from));
		}
	}
	slot->throttled = throttled_ns_on(task, dest);
	slot_write_end(slot);
}

#endif
