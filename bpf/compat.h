/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Everything that differs between kernels, 5.15 to 7.3, with the version and the reason.
 */
#ifndef STEALSCOPE_COMPAT_H
#define STEALSCOPE_COMPAT_H

#include "common.h"

/* v5.14 (2f064a59a11f) renamed task_struct.state. */
struct task_struct___before_5_14 {
	volatile long state;
} __attribute__((preserve_access_index));

/*
 * What sched_info_depart() asks of the task that is switched out: TASK_RUNNING exactly. The whole
 * word counts: a remote waker may already have made it TASK_WAKING (0x200), and on PREEMPT_RT a
 * task that blocks on a lock has TASK_RTLOCK_WAIT (0x1000); neither is runnable.
 */
static __always_inline __u32 task_state(struct task_struct *task)
{
	if (bpf_core_field_exists(struct task_struct, __state))
		return task->__state;
	return ((struct task_struct___before_5_14 *)task)->state;
}

/* A type of the kernel's by its name; what is in it does not matter. */
struct rqspinlock_held___any {
	int any;
};

/*
 * Task storage is safe to create with the runqueue's lock held only where it comes from
 * bpf_mem_alloc (v6.4, 6ae9d5e99e1d) or from kmalloc_nolock(), which took its place in v6.19, after
 * rqspinlock had come (v6.15): kmalloc() before that may wake kswapd, or sleep on PREEMPT_RT.
 */
static __always_inline bool storage_is_safe_under_rq_lock(void)
{
	return bpf_core_field_exists(struct bpf_local_storage_map, bpf_ma) ||
	       bpf_core_type_exists(struct rqspinlock_held___any);
}

/* Not empty: @task is in a vCPU's ioctl. The field exists where KVM is configured. */
static __always_inline bool is_in_kvm(struct task_struct *task)
{
	return bpf_core_field_exists(struct task_struct, preempt_notifiers) &&
	       task->preempt_notifiers.first;
}

/* Both are a byte since v7.2; a signed field's load is not adjusted by libbpf. */
struct task_struct___bytes {
	__u8 on_cpu;
	__u8 on_rq;
} __attribute__((preserve_access_index));

static __always_inline bool is_on_cpu(struct task_struct *task)
{
	if (bpf_core_field_size(struct task_struct, on_cpu) == sizeof(__u8))
		return ((struct task_struct___bytes *)task)->on_cpu;
	return task->on_cpu;
}

/* include/linux/sched.h or kernel/sched/sched.h: TASK_ON_RQ_MIGRATING */
static __always_inline bool is_migrating(struct task_struct *task)
{
	if (bpf_core_field_size(struct task_struct, on_rq) == sizeof(__u8))
		return ((struct task_struct___bytes *)task)->on_rq == 2;
	return task->on_rq == 2;
}

/* Whether a task is worth a look: two loads reject almost every one. */
static __always_inline bool may_be_watched(struct task_struct *task)
{
	return task->bpf_storage || is_in_kvm(task);
}

#endif
