/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The maps and globals that all hooks share.
 */
#ifndef STEALSCOPE_COMMON_H
#define STEALSCOPE_COMMON_H

#include "vmlinux.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "slot.h"

/* include/linux/sched.h, unchanged from 5.15 to 6.18 */
#define TASK_DEAD 0x80
#define PF_KTHREAD 0x00200000

/* Set before loading; the verifier drops what is off. */
const volatile bool with_thieves = true;
const volatile __u32 free_mask;	     /* entries of free_slots - 1 */
const volatile __u32 skew_mask;	     /* skew_cells - 1 */
const volatile __u64 long_wait_ns;   /* 0: no wait is published */
const volatile __u64 long_wait_rate; /* lines per CPU and window */
const volatile __u32 event_mask;     /* entries of wait_events - 1 */
const volatile __u64 watch_window_ns = 1;

/* Not among the other globals, of which some are addresses: the loader writes to this alone. */
struct control control SEC(".data.control");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kvm_layout);
} kvm_layouts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u32);
} task_slots SEC(".maps");

/* max_entries of these are set by the loader */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64); /* elements are never smaller */
} free_slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_counts);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct wait_event);
} wait_events SEC(".maps");

/* A bit for each slot */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} marks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, NR_CALLERS);
	__type(key, __u32);
	__type(value, __u64);
} callers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct adopt_request);
} requests SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct skew_cell);
} skew_cells SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct wait_detail);
} wait_details SEC(".maps");

/* Held in memory, not in a register: the verifier does not follow each of its values then. */
#define in_memory(x) (*(volatile typeof(x) *)&(x))

static __always_inline struct slot *slot_at(__u32 index)
{
	return bpf_map_lookup_elem(&slots, &index);
}

static __always_inline struct cpu_counts *counts_at(__u32 cpu)
{
	return bpf_map_lookup_elem(&counts, &cpu);
}

static __always_inline void hook_timed(enum hook hook, __u64 ns)
{
	struct cpu_counts *counts = counts_at(bpf_get_smp_processor_id());

	if (counts)
		hook_times_add(&counts->times[hook], ns);
}

/* The slot that @ref refers to, unless its thread is dead, or it was given back since. */
static __always_inline struct slot *slot_of_ref(__u32 ref)
{
	struct slot *slot = ref ? slot_at(key_slot(ref)) : NULL;

	return slot && key_ref(slot->key) == ref && slot->state != SLOT_DEAD ? slot : NULL;
}

/*
 * References are used again after SLOT_GENERATIONS, tids at any time, and a thread that calls exec
 * takes its main thread's tid and start time (de_thread(), fs/exec.c).
 */
static __always_inline bool is_slot_of(const struct slot *slot, const struct task_struct *task)
{
	return slot->task == (__u64)task && slot->start_boottime == task->start_boottime;
}

/* What task storage holds for @task, 0: nothing. One load rejects almost every task. */
static __always_inline __u32 ref_of(struct task_struct *task)
{
	__u32 *ref;

	if (!task->bpf_storage)
		return 0;
	ref = bpf_task_storage_get(&task_slots, task, NULL, 0);
	return ref ? *ref : 0;
}

/* The slot of a task that is watched. */
static __always_inline struct slot *slot_of(struct task_struct *task)
{
	struct slot *slot = slot_of_ref(ref_of(task));

	return slot && is_slot_of(slot, task) ? slot : NULL;
}

#define NR_HINTS 16U

/*
 * The same, past task storage (a call, some 15 ns) where this CPU has seen the thread before: a
 * hint is a guess until the slot's thread is compared.
 */
static __always_inline struct slot *slot_of_known(struct task_struct *task, __u32 *hints,
						  __u32 *ret_ref)
{
	__u32 *hint = &hints[task->pid & (NR_HINTS - 1)];
	struct slot *slot = slot_of_ref(*ret_ref = *hint);

	if (slot && is_slot_of(slot, task))
		return slot;
	slot = slot_of_ref(*ret_ref = ref_of(task));
	if (!slot || !is_slot_of(slot, task))
		return NULL;
	*hint = *ret_ref;
	return slot;
}

/*
 * Store @value between all that is stored before and all that is stored after. x86 shows stores in
 * order. Elsewhere an exchange is a full barrier, and the only one that the compiler keeps: an
 * addition whose result is not used becomes one without order (Documentation/bpf/standardization/
 * instruction-set.rst, 6.12: BPF_FETCH; arch/arm64/net/bpf_jit_comp.c: swpal, stadd).
 */
#ifdef __TARGET_ARCH_x86
#define store_ordered(to, value)                      \
	do {                                          \
		barrier();                            \
		*(volatile typeof(to))(to) = (value); \
		barrier();                            \
	} while (0)
#else
#define store_ordered(to, value) ((void)__sync_lock_test_and_set(to, value))
#endif

/* Around every change of a slot that the loader may read meanwhile. */
static __always_inline void slot_write_begin(struct slot *slot)
{
	store_ordered(&slot->seq, slot->seq + 1);
}

static __always_inline void slot_write_end(struct slot *slot)
{
	store_ordered(&slot->seq, slot->seq + 1);
}

/*
 * A place in the ring of long waits for the caller to fill; wait_event_publish() shows it to the
 * loader. The ring is lock-free, works in any context and overwrites: the loader counts what it
 * lost. It holds what the CPUs may publish in two windows.
 */
static __always_inline struct wait_event *wait_event_reserve(__u64 *ret_pos)
{
	__u64 pos = __sync_fetch_and_add(&control.event_head, 1);
	__u32 index = pos & event_mask;
	struct wait_event *event = bpf_map_lookup_elem(&wait_events, &index);

	if (!event)
		return NULL;
	store_ordered(&event->seq, 0);
	*ret_pos = pos;
	return event;
}

static __always_inline void wait_event_publish(struct wait_event *event, __u64 pos)
{
	store_ordered(&event->seq, pos + 1);
}

/* The loader shall look at the slot. The slot first: it takes the mark first. */
static __always_inline void slot_notify(struct slot *slot, __u32 notices)
{
	__u32 index = key_slot(slot->key), at = index / 64;
	__u64 *mark = bpf_map_lookup_elem(&marks, &at);

	if (!mark || __sync_fetch_and_or(&slot->notices, notices) & notices)
		return;
	__sync_fetch_and_or(mark, 1ULL << (index & 63));
}

__noinline int caller_notify(__u64 word)
{
	__u32 process = caller_process(word), place = 0, tries;

	for (tries = 0; tries < 2 * CALLER_PLACES && place < CALLER_PLACES; tries++) {
		__u32 at = (process + place) & (NR_CALLERS - 1);
		__u64 *caller = bpf_map_lookup_elem(&callers, &at), old;

		if (!caller)
			return 0;
		old = *(volatile __u64 *)caller;
		if (old && caller_process(old) != process) {
			place++;
			continue;
		}
		if (__sync_val_compare_and_swap(caller, old,
						old ? old | caller_notices(word) : word) == old)
			return 0;
	}
	__sync_fetch_and_add(&control.callers_lost, 1);
	return 0;
}

/* The loader shall look at the process of @task, which has no slot. */
static __always_inline void process_notify(struct task_struct *task, __s32 vcpu, __u32 notices)
{
	caller_notify(caller_word(task->tgid, task->pid, vcpu, notices));
}

#endif
