/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long a runqueue of a cgroup was throttled by its CFS bandwidth limit.
 *
 * T = throttled_clock_self_time, plus the throttle that is under way. Both fields follow every
 * runqueue below the limit, not only the limit's own (tg_throttle_down(), tg_unthrottle_up(),
 * enqueue_entity(), kernel/sched/fair.c), run only while it has tasks, and exist since v6.6
 * (677ea015f231).
 *
 * Where they do not exist, throttle_count says that a runqueue is throttled, not for how long. A
 * wait that begins so is tainted: while its CPU idles it can only be the limit that keeps the
 * thread waiting, so that much is quota; while others run, it may be the limit or them, so that
 * much is unknown. A wait that becomes throttled later is not known to be. Quota is thus a lower
 * bound there.
 *
 * The limit is that of the fair class: a real-time or deadline thread has none of it, whatever its
 * cgroup.
 */
#ifndef STEALSCOPE_THROTTLE_H
#define STEALSCOPE_THROTTLE_H

#include "record.h"

/* include/linux/sched/prio.h; below it are real-time and deadline, inherited ones included */
#define MAX_RT_PRIO 100

/* Not known: the thread came to another cgroup while it waited, one of them limited. */
#define QUOTA_UNKNOWN (~0ULL)

static __always_inline bool knows_throttled_time(void)
{
	return bpf_core_field_exists(struct cfs_rq, throttled_clock_self_time);
}

/* T of @task's runqueue, at @clock. */
static __always_inline __u64 throttled_ns(struct task_struct *task, __u64 clock)
{
	struct cfs_rq *cfs_rq = task->se.cfs_rq;
	__u64 since, total;

	if (!knows_throttled_time())
		return 0;
	total = cfs_rq->throttled_clock_self_time;
	since = cfs_rq->throttled_clock_self;
	return since && clock > since ? total + (clock - since) : total;
}

/* A wait, or its part on this CPU, begins at the runqueue's clock of now. */
static __always_inline void throttle_begin(struct waiter *waiter, struct task_struct *task,
					   __u64 clock)
{
	waiter->throttled = throttled_ns(task, clock);
	waiter->cfs_rq = (__u64)task->se.cfs_rq;
	waiter->tainted = !knows_throttled_time() &&
			  bpf_core_field_exists(struct cfs_rq, throttle_count) &&
			  task->prio >= MAX_RT_PRIO && task->se.cfs_rq->throttle_count;
}

/* The same for a thread that began to wait here at @from, before now. */
static __always_inline void throttle_began(struct waiter *waiter, __u64 from)
{
	struct task_struct *task = (void *)waiter->task;
	struct cfs_rq *cfs_rq = BPF_CORE_READ(task, se.cfs_rq);
	__u64 since;

	waiter->cfs_rq = (__u64)cfs_rq;
	waiter->throttled = 0;
	waiter->tainted = 0;
	if (knows_throttled_time()) {
		waiter->throttled = BPF_CORE_READ(cfs_rq, throttled_clock_self_time);
		since = BPF_CORE_READ(cfs_rq, throttled_clock_self);
		if (since && from > since)
			waiter->throttled += from - since;
	} else if (bpf_core_field_exists(struct cfs_rq, throttle_count)) {
		waiter->tainted = BPF_CORE_READ(task, prio) >= MAX_RT_PRIO &&
				  BPF_CORE_READ(cfs_rq, throttle_count) > 0;
	}
}

/* How long the limit kept @task, which waits here, up to @clock; QUOTA_UNKNOWN. */
static __always_inline __u64 throttled_since(const struct waiter *waiter, struct task_struct *task,
					     __u64 clock)
{
	__u64 total = throttled_ns(task, clock), grown = total - waiter->throttled;

	if (task->prio < MAX_RT_PRIO)
		return 0;
	if (waiter->cfs_rq != (__u64)task->se.cfs_rq)
		return total || waiter->throttled ? QUOTA_UNKNOWN : 0;
	return (__s64)grown > 0 ? grown : 0;
}

#endif
