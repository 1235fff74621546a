/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which threads are watched, and how they come to be.
 *
 * A KVM vCPU needs no name: vcpu_load() (virt/kvm/kvm_main.c) registers a preempt notifier, so
 * task->preempt_notifiers is not empty throughout KVM_RUN; nothing else in the kernel uses them.
 * The other threads of a domain are requested by the loader, by tid, and adopted by an iterator
 * over all tasks. A thread once adopted is found by task storage, which dies with it.
 *
 * Limits: where task storage cannot be created under the runqueue's lock (before 6.4) a new vCPU is
 * announced instead, and adopted by the iterator some milliseconds later; its waits until then
 * are not counted.
 */
#ifndef STEALSCOPE_ADOPT_H
#define STEALSCOPE_ADOPT_H

#include "compat.h"
#include "record.h"
#include "share.h"
#include "skew.h"

/* A free slot's number, or 0: the table is full. */
__noinline int slot_take(void)
{
	int tries;

	for (tries = 0; tries < 8; tries++) {
		__u64 head = control.free_head;
		__u32 at = head & free_mask;
		__u64 *slot;

		if (head >= *(volatile __u64 *)&control.free_tail)
			break;
		slot = bpf_map_lookup_elem(&free_slots, &at);
		if (!slot)
			break;
		if (__sync_val_compare_and_swap(&control.free_head, head, head + 1) == head)
			return *slot;
	}
	return 0;
}

/* What the domain has: it is counted where its skew is. */
static __always_inline struct share domain_share(__u32 domain)
{
	struct share share = {};
	__u32 i;

	for (i = 0; i < 8; i++) {
		__u32 index = (domain + i) & skew_mask;
		struct skew_cell *cell = cell_at(index);

		if (!cell || !index || (__u32)cell->owner != domain)
			continue;
		share.vcpus = cell->vcpus;
		share.others = (__u32)(cell->owner >> 32) - share.vcpus;
		break;
	}
	return share;
}

/*
 * May @domain have another slot? As of now: CPUs that ask at once may each get one too many. Of
 * those at hand, some are kept for vCPUs until the loader puts more there.
 */
__noinline int may_adopt(__u32 domain, __u32 is_vcpu)
{
	struct share share = domain_share(domain);
	__u32 at_hand = (__u32)(control.free_tail - control.free_head);

	if (!is_vcpu && at_hand <= control.slots / 8)
		return 0;
	return share_allows(&share, is_vcpu, control.slots, at_hand + control.spare);
}

/*
 * The loader has emptied it, and long after anybody could still write to it; but a count in a
 * stranger's slot is the one thing that must not be.
 */
__noinline int slot_clear(struct slot *slot)
{
	__u32 kind, i;

	if (!slot)
		return 0;
	slot->counted = SLOT_FREE;
	slot->run_ns = 0;
#define CLEAR(field) slot->field = 0;
	SLOT_COUNTERS(CLEAR)
#undef CLEAR
	slot->explained = 0;
	__builtin_memset(slot->cause_ns, 0, sizeof(slot->cause_ns));
	for (kind = 0; kind < NR_WAIT_KINDS; kind++) {
		slot->waits[kind].count = 0;
		slot->waits[kind].sum_ns = 0;
		for (i = 0; i < NR_BUCKETS; i++) /* volatile: no memset() is called */
			*(volatile __u32 *)&slot->waits[kind].buckets[i] = 0;
	}
	return 0;
}

/* Make the slot that of @task. Its counters start from here: first sight is a baseline. */
static __always_inline void slot_init(struct slot *slot, __u32 index, struct task_struct *task,
				      __u32 domain, __s32 vcpu)
{
	__u64 clock = task->se.cfs_rq->rq->clock;
	__u64 queued = task->sched_info.last_queued;
	__u32 generation = (__u32)slot->key >> SLOT_BITS; /* the loader counts it */
	struct waiter *waiter = waiter_at(index);

	if (waiter) {
		waiter_leave(waiter, NO_CPU);
		waiter->task = (__u64)task;
	}
	slot_write_begin(slot);
	slot_clear(slot);
	slot->key = actor_key(CLASS_DOMAIN, domain, generation << SLOT_BITS | index);
	slot->tid = task->pid;
	slot->tgid = domain;
	slot->start_boottime = task->start_boottime;
	slot->task = (__u64)task;
	slot->vcpu = vcpu;
	slot->cell = cell_find(domain);
	cell_count_vcpu(slot);
	slot->kind = WAIT_PREEMPT;
	slot->since = clock;
	slot->run_base = task->se.sum_exec_runtime;
	slot->pcount = task->sched_info.pcount;
	slot->cum = task->sched_info.run_delay;
	if (queued && clock > queued)
		slot->cum += clock - queued;
	slot->segment_cum = slot->cum;
	if (is_on_cpu(task))
		slot->state = SLOT_RUNNING;
	else
		slot->state = task_state(task) ? SLOT_SLEEPING : SLOT_WAITING;
	if (slot->state == SLOT_SLEEPING)
		slot->kind = WAIT_WAKEUP;
	slot_write_end(slot);
}

/*
 * @task was given a slot in the middle of a run or of a wait: the next switch on its CPU shall look
 * at it. Its lock is not held; if it moves meanwhile, the causes of one wait are not known.
 */
static __always_inline void adopted_midway(struct slot *slot, struct task_struct *task)
{
	struct waiter *waiter = waiter_of(slot);
	struct rq *rq = task->se.cfs_rq->rq;
	struct cpu_line *line = line_at(rq->cpu);

	if (!waiter)
		return;
	if (slot->state == SLOT_RUNNING)
		__sync_fetch_and_or(&line->joined, LINE_LOOK);
	else if (slot->state == SLOT_WAITING && with_thieves)
		join_ask(waiter, slot, rq->cpu, slot->since);
}

/* @task's storage refers to the slot from now on, unless it refers to another one of @task's. */
static __always_inline bool slot_bind(struct task_struct *task, __u32 ref)
{
	__u32 *stored, old;

	stored = bpf_task_storage_get(&task_slots, task, &ref, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!stored) {
		struct cpu_counts *cpu = counts_at(bpf_get_smp_processor_id());

		if (cpu)
			cpu->storage_failures++;
		return false;
	}
	old = *(volatile __u32 *)stored;
	if (old == ref)
		return true;
	if (old == LOADER_REF || slot_of(task))
		return false;
	return __sync_val_compare_and_swap(stored, old, ref) == old; /* a slot given back */
}

/*
 * Give @task a slot. Its number, or 0: the table is full, or its domain has its share of it,
 * another hook was faster, or the allocator of task storage, which holds a few elements per CPU and
 * refills itself by irq_work, was empty (kernel/bpf/memalloc.c): try again a moment later.
 */
static __always_inline __u32 adopt(struct task_struct *task, __u32 domain, __s32 vcpu, bool is_vcpu)
{
	__u32 index = may_adopt(domain, is_vcpu) ? (__u32)slot_take() : 0;
	struct slot *slot;

	slot = index ? slot_at(index) : NULL;
	if (!slot)
		return 0;
	slot_init(slot, index, task, domain, vcpu);
	if (slot_bind(task, key_ref(slot->key)))
		return index;
	slot->state = SLOT_DEAD; /* the loader takes it back */
	return 0;
}

/* What @task counts from here on is not its domain's: it has become another program. */
static __always_inline void unwatch(struct slot *slot, struct task_struct *task)
{
	slot_write_begin(slot);
	slot->run_ns = task->se.sum_exec_runtime - slot->run_base;
	slot->state = SLOT_DEAD;
	slot_write_end(slot);
	skew_apply(slot->cell, skew_weigh(slot, SLOT_DEAD));
}

/*
 * The vCPU that @task runs, by its preempt notifier: -1 not known, -2 none (another vCPU ioctl also
 * loads the vCPU; kvm_vcpu.pid is set by KVM_RUN before it does: kvm_vcpu_ioctl(), 5.15 to 6.18).
 */
static __always_inline __s32 vcpu_of(struct task_struct *task)
{
	/* as numbers: the verifier bounds what is added to a typed pointer */
	__u64 notifier = (__u64)BPF_CORE_READ(task, preempt_notifiers.first);
	__u64 thread_pid = (__u64)BPF_CORE_READ(task, thread_pid);
	const struct kvm_layout *layout;
	__u32 zero = 0, pid, vcpu_id;
	__u64 vcpu_pid = 0;
	__s32 vcpu = -1;

	layout = bpf_map_lookup_elem(&kvm_layouts, &zero);
	if (!layout || !layout->known)
		return -1;
	pid = in_memory(layout->pid);
	vcpu_id = in_memory(layout->vcpu_id);
	if (pid >= KVM_OFFSET_MAX || vcpu_id >= KVM_OFFSET_MAX)
		return -1;
	if (bpf_probe_read_kernel(&vcpu_pid, sizeof(vcpu_pid), (void *)(notifier + pid)) ||
	    vcpu_pid != thread_pid)
		return -2;
	if (bpf_probe_read_kernel(&vcpu, sizeof(vcpu), (void *)(notifier + vcpu_id)))
		return -1;
	return vcpu;
}

/*
 * A thread that was watched as one of its domain's others turns out to be a vCPU: it was paused
 * when it was looked at. It is announced once.
 */
static __always_inline void vcpu_learn(struct slot *slot, struct task_struct *task)
{
	__s32 vcpu = vcpu_of(task);

	if (vcpu == -2)
		return;
	slot_write_begin(slot);
	slot->vcpu = vcpu >= 0 ? vcpu : VCPU_UNKNOWN;
	cell_count_vcpu(slot);
	slot_write_end(slot);
	slot_notify(slot, NOTICE_VCPU);
}

/* First sight of a vCPU, at its switch-in. Its slot's number, or 0. */
static __always_inline __u32 vcpu_seen(struct task_struct *task, struct cpu_counts *cpu)
{
	__s32 vcpu = vcpu_of(task);
	struct slot *slot;
	__u32 index = 0;

	if (vcpu == -2)
		return 0;
	if (storage_is_safe_under_rq_lock())
		index = adopt(task, task->tgid, vcpu, true);
	if (!index && cpu->seen_pid == (__u32)task->pid)
		return 0;
	cpu->seen_pid = task->pid;
	slot = index ? slot_at(index) : NULL;
	if (!slot) {
		process_notify(task, vcpu, NOTICE_VCPU);
		return 0;
	}
	slot_notify(slot, NOTICE_VCPU);
	slot->state = SLOT_RUNNING;
	slot->pcount += !!task->sched_info.last_queued; /* as the kernel is about to count */
	return index;
}

#endif
