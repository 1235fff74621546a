/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long a watched thread waited: exactly what the kernel adds to sched_info.run_delay, which is
 * what KVM hands to the guest as steal (record_steal_time(), arch/x86/kvm/x86.c).
 *
 * At sched_switch the kernel has not yet done its accounting for the task that is switched in
 * (sched_info_arrive() runs in prepare_task_switch(), after the tracepoint, with the same
 * rq->clock; kernel/sched/{core.c,stats.h}, 5.15 to 6.18). So run_delay plus what it is about to
 * add is known, and the wait is its growth since the last switch-in: no clock is read and no time
 * is lost when an event is missed, only resolution (such waits are counted as merged).
 */
#ifndef STEALSCOPE_WAIT_H
#define STEALSCOPE_WAIT_H

#include "compat.h"
#include "rate.h"
#include "skew.h"
#include "thief.h"
#include "throttle.h"

/* run_delay as it will be once the wait that is under way has been accounted at @clock. */
static __always_inline __u64 run_delay_at(struct task_struct *task, __u64 clock,
					  struct cpu_counts *cpu)
{
	__u64 queued = task->sched_info.last_queued;
	__u64 delay = task->sched_info.run_delay;

	if (!queued)
		return delay;
	if (clock < queued) {
		cpu->clamped++;
		return delay;
	}
	return delay + (clock - queued);
}

static __always_inline void wait_count(struct slot *slot, __u64 wait)
{
	__u32 kind = slot->kind & (MAX_WAIT_KINDS - 1);
	struct slot_interval *interval = interval_of(slot);
	struct slot_waits *waits = &slot->waits[kind];
	__u32 bucket = bucket_of(wait);

	waits->count++;
	waits->sum_ns += wait;
	if (bucket < NR_BUCKETS)
		waits->buckets[bucket]++;
	if (wait > interval->max_ns[kind])
		interval->max_ns[kind] = wait;
}

__noinline int detail_copy(struct wait_detail *to, const struct wait_detail *from)
{
	__u32 i;

	if (!to || !from)
		return 0;
	__builtin_memcpy(to->cause_ns, from->cause_ns, sizeof(to->cause_ns));
	to->thieves.nr = from->thieves.nr;
	for (i = 0; i < NR_THIEVES && i < from->thieves.nr; i++)
		thief_copy(&to->thieves, i, &from->thieves, i);
	return 0;
}

/* A wait of a watched vCPU has ended: publish it if it was long, and forget it. */
static __always_inline void watch_wait(struct slot *slot, __u64 wait, struct cpu_counts *cpu)
{
	struct wait_detail *detail = detail_of(slot);
	__u64 now, pos;

	if (!detail)
		return;
	if (wait >= long_wait_ns) {
		now = bpf_ktime_get_ns();
		if (rate_admits(&cpu->rate, now / watch_window_ns, slot->tgid, long_wait_rate)) {
			struct wait_event *event = wait_event_reserve(&pos);

			if (event) {
				event->tid = slot->tid;
				event->tgid = slot->tgid;
				event->vcpu = slot->vcpu;
				event->slot = key_slot(slot->key);
				event->cpu = bpf_get_smp_processor_id();
				event->kind = slot->kind;
				event->key = slot->key;
				event->time_ns = now;
				event->wait_ns = wait;
				detail_copy(&event->detail, detail);
				wait_event_publish(event, pos);
			}
		}
	}
	__builtin_memset(detail->cause_ns, 0, sizeof(detail->cause_ns));
	thief_table_empty(&detail->thieves);
}

/*
 * A wait that ended with its task's arrival, when run_delay became @cum. @arrivals: how many times
 * the task was switched in since it was last settled.
 */
struct settled {
	__u64 cum;
	__u64 quota;
	__u32 arrivals;
	__u32 cpu; /* whose lock is held */
};

/* Count the wait and find its causes. */
__noinline int settle(struct slot *slot, struct waiter *waiter, const struct settled *end)
{
	struct cpu_counts *counts;
	__u64 wait, part;
	__u32 cpu;

	if (!slot || !waiter || !end)
		return 0;
	cpu = end->cpu;
	counts = counts_at(cpu);
	if (!counts)
		return 0;
	wait = end->cum - slot->cum;
	part = end->cum - slot->segment_cum;
	if ((__s64)wait < 0) {
		counts->clamped++;
		wait = 0;
	}
	if (end->arrivals > 1) {
		slot->merged++;
		counts->merged++;
	}
	slot->steal_ns += wait;
	wait_count(slot, wait);
	if (part > wait)
		part = wait;
	if (part && waiter->state == WAITER_BASED && waiter->cpu == cpu)
		explain_part(slot, waiter, part, end->quota);
	if (wait > slot->explained)
		explain(slot, CAUSE_UNKNOWN, wait - slot->explained);
	slot->cum = end->cum;
	slot->segment_cum = end->cum;
	slot->explained = 0;
	if (long_wait_ns)
		watch_wait(slot, wait, counts);
	return 0;
}

/*
 * Of a wait whose beginning was hidden from tracing, @address, a task that is not watched, had the
 * CPU from @from to @to.
 */
static __always_inline void explain_by(struct slot *slot, __u64 address, __u64 from, __u64 to)
{
	struct task_struct *task = (void *)address;
	struct slot_interval *interval;
	struct actor_name name = {};
	__u32 process;
	bool kernel;

	if (to <= from)
		return;
	process = BPF_CORE_READ(task, tgid);
	if (!process)
		return;
	kernel = BPF_CORE_READ(task, flags) & PF_KTHREAD;
	BPF_CORE_READ_INTO(&name.comm, task, comm);
	explain(slot, kernel ? CAUSE_KERNEL : CAUSE_HOST, to - from);
	interval = interval_of(slot);
	interval->thieves.spare = 1;
	thief_add(&interval->thieves, actor_key(kernel ? CLASS_KERNEL : CLASS_HOST, 0, process),
		  process, &name, to - from);
}

/* Of one that began when it was @queued on @cpu and ends now: the line's task, while it ran. */
__noinline int explain_last(struct slot *slot, __u32 cpu, __u64 queued, __u64 now)
{
	struct task_struct *task = (void *)line_at(cpu)->task;
	__u64 arrival = BPF_CORE_READ(task, sched_info.last_arrival);

	if (slot)
		explain_by(slot, (__u64)task, arrival > queued ? arrival : queued, now);
	return 0;
}

/* A wait whose beginning was hidden from tracing. */
struct hidden_wait {
	__u64 from, to;
	__u64 arrival; /* rq->clock_task at its end */
	__u32 cpu;
	__u32 pad;
};

/*
 * It explains as much as the task had that was last seen to get this CPU. That one arrived then; it
 * left when it was queued again, or, if it sleeps, at rq->clock_task as in its exec_start
 * (update_curr(), kernel/sched/fair.c; sched_info_depart(), kernel/sched/stats.h; 5.15 to 6.18).
 */
__noinline int explain_hidden(struct slot *slot, const struct hidden_wait *wait)
{
	__u64 began, left, queued, asleep;
	struct task_struct *task;
	struct cpu_line *line;

	if (!slot || !wait)
		return 0;
	line = line_at(wait->cpu);
	if (line->ref)
		return 0;
	task = (void *)line->task;
	began = BPF_CORE_READ(task, sched_info.last_arrival);
	queued = BPF_CORE_READ(task, sched_info.last_queued);
	asleep = wait->arrival - BPF_CORE_READ(task, se.exec_start);
	left = queued ? queued : wait->to - asleep;
	if (began < wait->from)
		began = wait->from;
	if (left <= wait->to)
		explain_by(slot, line->task, began, left);
	return 0;
}

/* @task is switched in. @stranger: the line's task, which ran until now, is not watched. */
static __always_inline void arrive(struct here *here, struct slot *slot, struct task_struct *task,
				   bool stranger)
{
	struct settled end = {.cum = run_delay_at(task, here->clock, here->counts),
			      .cpu = here->cpu};
	__u64 arrivals = task->sched_info.pcount - slot->pcount;
	bool queued = task->sched_info.last_queued;
	struct waiter *waiter = waiter_of(slot);

	if (!waiter)
		return;
	end.arrivals = arrivals + queued;
	slot_write_begin(slot);
	if (queued || end.cum != slot->cum) {
		if (with_thieves && queued && waiter->state == WAITER_NONE && stranger)
			explain_last(slot, here->cpu, task->sched_info.last_queued, here->clock);
		end.quota = throttled_since(waiter, task, here->clock);
		settle(slot, waiter, &end);
	}
	slot->pcount += end.arrivals; /* as the kernel is about to count */
	slot->since = here->clock;
	slot->state = SLOT_RUNNING;
	slot_write_end(slot);
	waiter_leave(waiter, here->cpu);
}

/* An arrival of @task, which @runner is, was hidden from tracing: settle it as of its time. */
static __always_inline void arrived(struct here *here, struct slot *slot, struct task_struct *task,
				    __u64 arrivals, const struct runner *runner)
{
	struct settled end = {
		.cum = task->sched_info.run_delay, .arrivals = arrivals, .cpu = here->cpu};
	struct hidden_wait hidden = {.to = task->sched_info.last_arrival, .cpu = here->cpu};
	struct waiter *waiter = waiter_of(slot);

	if (!waiter)
		return;
	if (with_thieves && waiter->state == WAITER_BASED) {
		if (waiter->cpu == here->cpu)
			baseline_add(waiter, slot, runner, record_credited(here, hidden.to));
	} else if (with_thieves) {
		hidden.from = hidden.to - (end.cum - slot->segment_cum);
		hidden.arrival = here->rq->clock_task -
				 (task->se.sum_exec_runtime - task->se.prev_sum_exec_runtime);
		explain_hidden(slot, &hidden);
	}
	end.quota = throttled_since(waiter, task, hidden.to);
	settle(slot, waiter, &end);
	slot->pcount += arrivals;
	waiter_leave(waiter, here->cpu);
}

/* @task, which @runner is, is switched out. */
static __always_inline void depart(struct here *here, struct slot *slot, struct task_struct *task,
				   const struct runner *runner)
{
	__u64 arrivals = task->sched_info.pcount - slot->pcount;
	__u32 state = task_state(task);

	slot_write_begin(slot);
	if (arrivals)
		arrived(here, slot, task, arrivals, runner);
	slot->run_ns = task->se.sum_exec_runtime - slot->run_base;
	slot->since = here->clock;
	if (!state) {
		slot->state = SLOT_WAITING;
		slot->kind = WAIT_PREEMPT;
		wait_begin(here, slot, task);
	} else {
		slot->state = state & TASK_DEAD ? SLOT_DEAD : SLOT_SLEEPING;
		slot->kind = WAIT_WAKEUP;
	}
	slot_write_end(slot);
}

/*
 * Else it was woken before it was switched out; unless that was hidden from tracing, and it is on a
 * runqueue and on no CPU now.
 */
static __always_inline bool was_asleep(const struct slot *slot, struct task_struct *task)
{
	return slot->state == SLOT_SLEEPING ||
	       (slot->state == SLOT_RUNNING && !is_on_cpu(task) && task->sched_info.last_queued);
}

/*
 * A sleeper was put on a runqueue. What its run_delay has grown by since its last switch-in, it did
 * asleep: since 6.12 moving a sleeper whose dequeue was delayed stamps last_queued (enqueue_task(),
 * sched_info_enqueue()), and the kernel, and so the guest, counts sleep as steal.
 */
static __always_inline void woken(struct here *here, struct slot *slot, struct task_struct *task)
{
	struct runner runner;
	__u64 cum, phantom;

	cum = run_delay_at(task, here->clock, here->counts);
	phantom = cum - slot->cum;
	slot_write_begin(slot);
	slot->state = SLOT_WAITING;
	slot->kind = WAIT_WAKEUP;
	slot->since = here->clock;
	slot->segment_cum = cum;
	if ((__s64)phantom > 0)
		explain(slot, CAUSE_PHANTOM, phantom);
	if (with_thieves && line_at(here->cpu)->waiting)
		record_now(here, &runner);
	wait_begin(here, slot, task);
	slot_write_end(slot);
	skew_apply(slot->cell, skew_weigh(slot, SLOT_WAITING));
}

/*
 * The departure of the watched thread that was last seen to get this CPU was hidden from tracing.
 * If it waits since, its wait began when the moment's run did.
 */
__noinline int departed(__u32 ref, const struct moment *at)
{
	struct slot *slot = slot_of_ref(ref);
	struct waiter *waiter = slot ? waiter_of(slot) : NULL;
	struct task_struct *task;
	__u64 queued;

	if (!at || !waiter || slot->state != SLOT_RUNNING)
		return 0;
	task = (void *)waiter->task;
	queued = BPF_CORE_READ(task, sched_info.last_queued);
	if (!queued || queued > at->clock ||
	    (__u32)BPF_CORE_READ(task, se.cfs_rq, rq, cpu) != at->cpu)
		return 0;
	slot_write_begin(slot);
	slot->state = SLOT_WAITING;
	slot->kind = WAIT_PREEMPT;
	slot->since = queued;
	wait_began(slot, waiter, queued, at);
	slot_write_end(slot);
	return 0;
}

#endif
