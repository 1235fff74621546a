/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the BPF programs and the loader share: data only, in mmapped maps and globals.
 *
 * Times are nanoseconds. A "clock" is the rq->clock of the CPU at hand unless said otherwise;
 * clocks of two CPUs are never subtracted.
 */
#ifndef STEALSCOPE_SLOT_H
#define STEALSCOPE_SLOT_H

#include "bucket.h"
#include "counters.h"
#include "hook_times.h"
#include "kinds.h"
#include "rate.h"
#include "thief_table.h"

/*
 * Actors' keys: who can have had the CPU. [63:60] class; the rest is for KERNEL the thread's pid,
 * for HOST a hash of cgroup and comm, for DOMAIN [55:32] the domain's process, [31:17] the
 * generation of the thread's slot and [16:0] its number.
 */
enum actor_class {
	CLASS_NONE, /* no entry */
	CLASS_IDLE,
	CLASS_KERNEL,
	CLASS_HOST,
	CLASS_DOMAIN,
	NR_CLASSES
};

/* CPU numbers are below it; the loader refuses a host with more. */
#define MAX_CPUS 4096U

#define SLOT_BITS 17
#define MAX_SLOTS (1U << SLOT_BITS) /* the last one is never used */
#define SLOT_GENERATIONS (1U << (32 - SLOT_BITS))
#define KEY_CLASS_SHIFT 60
#define KEY_PROCESS_SHIFT 32
#define KEY_PROCESS_MASK 0xffffffU
#define actor_key(class, process, id)        \
	((__u64)(class) << KEY_CLASS_SHIFT | \
	 (__u64)((process)&KEY_PROCESS_MASK) << KEY_PROCESS_SHIFT | (__u32)(id))
#define key_class(key) ((__u32)((key) >> KEY_CLASS_SHIFT))
#define key_process(key) ((__u32)((key) >> KEY_PROCESS_SHIFT) & KEY_PROCESS_MASK)
#define key_slot(key) ((__u32)(key) & (MAX_SLOTS - 1))
/*
 * A slot's number and generation: what a reference to it is compared by. Never 0. A slot that was
 * given back has the next generation and no number in its key, so that no reference matches it.
 */
#define key_ref(key) ((__u32)(key))
/* In place of a reference, for the loader's own thread; no slot has it, see MAX_SLOTS. */
#define LOADER_REF 0xffffffffU

struct slot_waits {
	__u64 count;
	__u64 sum_ns;
	__u32 buckets[NR_BUCKETS]; /* wrap at 2^32: readers take differences */
};

/* What is kept of one epoch of a slot only: the longest waits, the biggest thieves. */
struct slot_interval {
	__u64 epoch;
	__u64 max_ns[MAX_WAIT_KINDS];
	struct thief_table thieves;
};

enum slot_state {
	SLOT_FREE,
	SLOT_SLEEPING,
	SLOT_WAITING, /* runnable, not on a CPU */
	SLOT_RUNNING,
	SLOT_DEAD, /* these are the last counts, nobody finds it; the loader takes and frees it */
};

/* slot.vcpu of a vCPU whose number the kernel side cannot tell */
#define VCPU_UNKNOWN (-2)

/*
 * One watched thread. Written only by the hooks, which the scheduler serialises for a thread;
 * read by the loader under @seq, which is odd while a hook writes. Slot 0 is never used.
 */
struct slot {
	__u32 seq;
	__u32 state;
	__u64 key; /* as an actor */
	__u32 tid;
	__u32 tgid;	      /* of the domain's process (for vhost kernel threads, too) */
	__u64 start_boottime; /* task_struct's, ns */
	__u64 task;	      /* the task_struct: with the start time, the identity */
	__u32 cell;	      /* of the domain's skew, 0: none */
	__u32 counted;	      /* enum slot_state as which it counts there */
	__s32 vcpu;	      /* kvm_vcpu.vcpu_id, -1 if it is none, or not known */
	__u32 kind;	      /* enum wait_kind of the wait that begins next or is under way */
	__u32 notices;	      /* atomic: enum notice that the loader has not taken yet */
	__u32 pad;
	__u64 since;	   /* clock at which @state began */
	__u64 epoch;	   /* the loader's: counts the snapshots of this slot */
	__u64 run_base;	   /* se.sum_exec_runtime at adoption */
	__u64 run_ns;	   /* since adoption, up to the last switch-out */
	__u64 cum;	   /* sched_info.run_delay as of the last switch-in */
	__u64 segment_cum; /* the same as of the start of the wait's part on this CPU */
	__u64 pcount;	   /* sched_info.pcount expected at the next switch-in */
	__u64 explained;   /* of the wait under way: what already has a cause */
#define SLOT_FIELD(field) __u64 field;
	SLOT_COUNTERS(SLOT_FIELD)
#undef SLOT_FIELD
	__u64 cause_ns[MAX_CAUSES];
	struct slot_waits waits[MAX_WAIT_KINDS];
	struct slot_interval interval[2]; /* by the epoch's lowest bit */
} __attribute__((aligned(256)));	  /* a chunk of them is whole pages (tracer_parts.h) */

/* Programs that the scheduler waits for, and what is kept of their run times on request. */
#define HOOKS(X) X(SWITCH, "switch") X(WAKEUP, "wakeup") X(MIGRATE, "migrate")
#define HOOK_ENUM(id, ...) HOOK_##id,
enum hook { HOOKS(HOOK_ENUM) NR_HOOKS };
#undef HOOK_ENUM

struct cpu_counts {
#define CPU_FIELD(field, ...) __u64 field;
	CPU_COUNTERS(CPU_FIELD)
#undef CPU_FIELD
	struct wait_rate rate;
	__u32 seen_pid; /* last vCPU announced and not adopted here */
	__u32 pad;
	struct hook_times times[NR_HOOKS];
};

/*
 * What the loader shall look at. Not a queue: a mark stays until it is taken, however often it is
 * set, so that whoever sets marks in a loop pushes out nobody's. A slot's are in slot.notices, and
 * its bit in the map of marks says that there are any.
 */
enum notice {
	NOTICE_VCPU = 1,   /* a vCPU was seen */
	NOTICE_THREAD = 2, /* the thread, or one that it made, is new */
	NOTICE_RENAME = 4, /* it has a new comm */
	NOTICE_DEAD = 8,   /* it was switched out for the last time */
	NOTICE_EXEC = 16,  /* its process is another program now */
};

/* They stay until the process was looked at: more of the same is nothing new. */
#define NOTICE_LASTING (NOTICE_THREAD | NOTICE_RENAME)

/*
 * Notices of processes whose threads have no slot: one word for each, by a hash of the process. The
 * thread is one of those that they are about.
 */
#define NR_CALLERS 1024U
#define CALLER_PLACES 8U /* where a process is looked for */
#define CALLER_NOTICE_BITS 5
#define CALLER_VCPU_BITS 15
#define CALLER_VCPU_UNKNOWN ((1U << CALLER_VCPU_BITS) - 1)
#define CALLER_PID_BITS 22 /* PID_MAX_LIMIT, include/linux/threads.h */
#define CALLER_VCPU_SHIFT CALLER_NOTICE_BITS
#define CALLER_TID_SHIFT (CALLER_VCPU_SHIFT + CALLER_VCPU_BITS)
#define CALLER_PROCESS_SHIFT (CALLER_TID_SHIFT + CALLER_PID_BITS)
#define caller_word(process, tid, vcpu, notices)                                       \
	((__u64)(process) << CALLER_PROCESS_SHIFT | (__u64)(tid) << CALLER_TID_SHIFT | \
	 (__u64)((vcpu)&CALLER_VCPU_UNKNOWN) << CALLER_VCPU_SHIFT | (notices))
#define caller_process(word) ((__u32)((word) >> CALLER_PROCESS_SHIFT))
#define caller_tid(word) ((__u32)((word) >> CALLER_TID_SHIFT) & ((1U << CALLER_PID_BITS) - 1))
#define caller_vcpu(word) ((__u32)((word) >> CALLER_VCPU_SHIFT) & CALLER_VCPU_UNKNOWN)
#define caller_notices(word) ((__u32)(word) & ((1U << CALLER_NOTICE_BITS) - 1))

/* Causes and thieves of a wait under way that may be published. */
struct wait_detail {
	__u64 cause_ns[MAX_CAUSES];
	struct thief_table thieves;
};

/* A wait over the threshold that has ended. */
struct wait_event {
	__u64 seq; /* position + 1 once it is complete */
	__u32 tid;
	__u32 tgid;
	__s32 vcpu;
	__u32 slot;
	__u32 cpu; /* on which it ended */
	__u32 kind;
	__u64 key;     /* the victim */
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u64 wait_ns;
	struct wait_detail detail;
};

/*
 * Co-stop skew of a domain: the time during which a vCPU waited while a sibling ran. Cell 0 is
 * never used. All fields change atomically.
 */
struct skew_cell {
	__u64 owner; /* [31:0] its process, [63:32] slots that refer to it; 0: free */
	__u32 vcpus;
	__u32 pad;
	__u64 states;  /* vCPUs that wait << 32 | that run */
	__u64 skew_ns; /* plus CLOCK_MONOTONIC while both are there; negative then */
};

/* In place of a process: the last slot has left, the loader empties the cell. */
#define CELL_CLOSING 0xffffffffU
#define CELL_MEMBER (1ULL << 32)

/*
 * Where kvm keeps what we read of a vCPU, as byte offsets from kvm_vcpu.preempt_notifier. The
 * loader says so once. From further off nothing is read, whatever it says.
 */
struct kvm_layout {
	__u32 vcpu_id;
	__u32 pid;
	__u32 known; /* 0: kvm's types are not known (yet) */
};
#define KVM_OFFSET_MAX 4096U

/* A thread that the loader wants watched, by tid. */
struct adopt_request {
	__u64 start;  /* its start time in clock ticks since boot, as /proc/TID/stat: detects a
			 reused  tid */
	__u32 domain; /* the process of its domain; not its own for vhost kernel threads
			 (before 6.4); 0: it is the loader's own, and not watched but for its clock
		       */
	__s32 vcpu;   /* -1: none, or not known */
	__u32 is_vcpu;
	__u32 pad;
};

/* USER_HZ is 100 on every architecture with KVM; /proc/TID/stat counts in it (fs/proc/array.c). */
#define TICK_NS 10000000ULL

/* What both sides write, each field one side only. No address is among it, nor what leads to one.
 */
struct control {
	/* loader */
	__u64 free_tail; /* slots ever put into the free queue */
	__u32 spare;	 /* free slots that are not in it */
	__u32 slots;	 /* all that there are, free or not */
	/* kernel */
	__u64 free_head;    /* slots ever taken out of it */
	__u64 refused;	    /* requests that could not be met in this run of the iterator */
	__s64 clock_ahead;  /* rq->clock - CLOCK_MONOTONIC when the loader last got a CPU */
	__u64 event_head;   /* wait_events ever written */
	__u64 callers_lost; /* notices of processes for which there was no place */
};

_Static_assert(sizeof(struct slot) <= 6144, "half of what a watched thread may cost");
_Static_assert(sizeof(struct slot) % 8 == 0, "array elements are rounded up to 8 bytes");

#endif
