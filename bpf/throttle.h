/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How long a runqueue of a cgroup was throttled by its CFS bandwidth limit.
 *
 * T = throttled_clock_self_time, plus the throttle that is under way. Both fields follow every
 * runqueue below the limit, not only the limit's own (tg_throttle_down(), tg_unthrottle_up(),
 * enqueue_entity(), kernel/sched/fair.c), run only while it has tasks, and exist since v6.6
 * (677ea015f231).
 *
 * Before 6.6 only throttle_count says that a runqueue is throttled, not for how long. A wait that
 * begins so is tainted: while its CPU idles it can only be the limit that keeps the thread waiting,
 * so that much is quota; while others run, it may be the limit or them, so that much is unknown. A
 * wait that becomes throttled later is not known to be. Quota is thus a lower bound there.
 */
#ifndef STEALSCOPE_THROTTLE_H
#define STEALSCOPE_THROTTLE_H

#include "common.h"

static __always_inline bool knows_throttled_time(void)
{
	return bpf_core_field_exists(struct cfs_rq, throttled_clock_self_time);
}

/* A wait that begins now does so under a limit of which nothing more is known. */
static __always_inline bool is_tainted(struct task_struct *task)
{
	return !knows_throttled_time() && bpf_core_field_exists(struct cfs_rq, throttle_count) &&
	       task->se.cfs_rq->throttle_count;
}

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

/* The same of the task's runqueue on another CPU, which it is about to join. */
static __always_inline __u64 throttled_ns_on(struct task_struct *task, __u32 cpu)
{
	struct cfs_rq **per_cpu, *cfs_rq;
	__u64 since, total, clock;

	if (!knows_throttled_time())
		return 0;
	per_cpu = task->sched_task_group->cfs_rq;
	if (bpf_probe_read_kernel(&cfs_rq, sizeof(cfs_rq), per_cpu + cpu))
		return 0;
	total = BPF_CORE_READ(cfs_rq, throttled_clock_self_time);
	since = BPF_CORE_READ(cfs_rq, throttled_clock_self);
	clock = BPF_CORE_READ(cfs_rq, rq, clock);
	return since && clock > since ? total + (clock - since) : total;
}

#endif
