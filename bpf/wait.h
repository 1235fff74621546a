/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long a watched thread waited: exactly what the kernel adds to sched_info.run_delay, which is
 * what KVM hands to the guest as steal (record_steal_time(), arch/x86/kvm/x86.c).
 *
 * At sched_switch the kernel has not yet done its accounting for the task that is switched in
 * (sched_info_arrive() runs in prepare_task_switch(), after the tracepoint, with the same
 * rq->clock; kernel/sched/{core.c,stats.h}, 5.15 to 6.18). So run_delay plus what it is about to
 * add is known, and the wait is its growth since the last switch-in: no clock is read and no time
 * is lost when an event is missed, only resolution (such samples are counted as merged).
 */
#ifndef STEALSCOPE_WAIT_H
#define STEALSCOPE_WAIT_H

#include "compat.h"
#include "skew.h"
#include "thief.h"
#include "throttle.h"

/* run_delay as it will be once the wait that is under way has been accounted at @clock. */
static __always_inline __u64 run_delay_at(struct task_struct *task, __u64 clock,
					  struct cpu_runs *cpu)
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
	__u32 kind = slot->kind & (NR_WAIT_KINDS - 1);
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

/* At most watch_rate lines in a window on a CPU: a storm of waits must not become one of output. */
static __always_inline bool within_rate(struct cpu_runs *cpu, __u64 now)
{
	__u64 window = now / watch_window_ns;

	if (cpu->rate_window != window) {
		cpu->rate_window = window;
		cpu->rate_count = 0;
	}
	if (cpu->rate_count++ < watch_rate)
		return true;
	cpu->rate_lost++;
	return false;
}

/* A wait of a watched vCPU has ended: tell of it if it was long, and forget it. */
static __always_inline void watch_wait(struct slot *slot, __u64 wait, struct cpu_runs *cpu)
{
	struct wait_detail *detail = detail_of(slot);
	__u64 now, pos;

	if (!detail)
		return;
	if (wait >= watch_over_ns) {
		now = bpf_ktime_get_ns();
		if (within_rate(cpu, now)) {
			struct event *event = event_reserve(&pos);

			if (event) {
				event->type = EVENT_WAIT;
				event->tid = slot->tid;
				event->tgid = slot->tgid;
				event->vcpu = slot->vcpu;
				event->slot = key_slot(slot->key);
				event->cpu = bpf_get_smp_processor_id();
				event->kind = slot->kind;
				event->key = slot->key;
				event->time_ns = now;
				event->wait_ns = wait;
				__builtin_memcpy(&event->detail, detail, sizeof(*detail));
				event_publish(event, pos);
			}
		}
	}
	__builtin_memset(detail, 0, sizeof(*detail));
}

/*
 * The wait that ended with the task's arrival at @clock, when run_delay became @cum: count it and
 * find its causes. @arrivals: how many times the task was switched in since it was last settled.
 */
static __always_inline void settle(struct slot *slot, struct task_struct *task, __u64 cum,
				   __u64 arrivals, __u64 clock, struct cpu_runs *cpu)
{
	__u64 wait = cum - slot->cum;

	if ((__s64)wait < 0) {
		cpu->clamped++;
		wait = 0;
	}
	if (arrivals > 1) {
		slot->merged++;
		cpu->merged++;
	}
	slot->steal_ns += wait;
	wait_count(slot, wait);
	explain_rest(slot, task, cum, wait, clock, cpu);
	slot->cum = cum;
	slot->segment_cum = cum;
	slot->explained = 0;
	slot->tainted = 0;
	if (watch_over_ns)
		watch_wait(slot, wait, cpu);
}

/* @task is switched in. */
static __always_inline void arrive(struct slot *slot, struct task_struct *task, __u64 clock,
				   struct cpu_runs *cpu)
{
	__u64 cum = run_delay_at(task, clock, cpu);
	__u64 arrivals = task->sched_info.pcount - slot->pcount;
	bool queued = task->sched_info.last_queued;

	slot_write_begin(slot);
	if (queued || cum != slot->cum)
		settle(slot, task, cum, arrivals + queued, clock, cpu);
	slot->pcount += arrivals + queued; /* as the kernel is about to count */
	slot->since = clock;
	slot->state = SLOT_RUNNING;
	slot_write_end(slot);
}

/* @task is switched out. An arrival that was hidden from tracing is settled now, as of its time. */
static __always_inline void depart(struct slot *slot, struct task_struct *task, __u64 clock,
				   struct cpu_runs *cpu)
{
	__u32 state = task_state(task);
	__u64 arrivals = task->sched_info.pcount - slot->pcount;

	slot_write_begin(slot);
	if (arrivals) {
		settle(slot, task, task->sched_info.run_delay, arrivals,
		       task->sched_info.last_arrival, cpu);
		slot->pcount += arrivals;
	}
	slot->run_ns = task->se.sum_exec_runtime - slot->run_base;
	slot->since = clock;
	if (!state) {
		slot->state = SLOT_WAITING;
		slot->kind = WAIT_PREEMPT;
		slot->throttled = throttled_ns(task, clock);
		slot->tainted = is_tainted(task);
	} else {
		slot->state = state & TASK_DEAD ? SLOT_DEAD : SLOT_SLEEPING;
		slot->kind = WAIT_WAKEUP;
	}
	slot_write_end(slot);
}

/*
 * A sleeper was put on a runqueue. What its run_delay has grown by since its last switch-in, it did
 * asleep: since 6.12 moving a sleeper whose dequeue was delayed stamps last_queued (enqueue_task(),
 * sched_info_enqueue()), and the kernel, and so the guest, counts sleep as steal.
 */
static __always_inline void woken(struct slot *slot, struct task_struct *task, __u64 clock,
				  struct cpu_runs *cpu)
{
	__u64 cum, phantom;

	if (slot->state != SLOT_SLEEPING)
		return; /* it was woken before it was switched out */
	cum = run_delay_at(task, clock, cpu);
	phantom = cum - slot->cum;
	slot_write_begin(slot);
	slot->state = SLOT_WAITING;
	slot->since = clock;
	slot->segment_cum = cum;
	slot->throttled = throttled_ns(task, clock);
	slot->tainted = is_tainted(task);
	if ((__s64)phantom > 0)
		explain(slot, CAUSE_PHANTOM, phantom);
	slot_write_end(slot);
	skew_apply(slot->cell, skew_weigh(slot, SLOT_WAITING));
}

#endif
