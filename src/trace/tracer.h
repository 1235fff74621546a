/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The BPF programs and their maps: the only user of the skeleton.
 *
 * Loads and attaches the programs, hands out the mmapped slots, and keeps the books of which are
 * free. Nothing is pinned: whatever ends the process, the kernel removes everything.
 */
#ifndef STEALSCOPE_TRACER_H
#define STEALSCOPE_TRACER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "census_task.h"
#include "slot.h"

struct tracer;

struct tracer_config {
	unsigned int max_threads;    /* slots; each costs sizeof(struct slot) of kernel memory */
	bool no_thieves;	     /* for the benchmark: only how long, not who */
	bool times;		     /* for the benchmark: how long the hooks run */
	bool cost;		     /* switch the kernel's BPF statistics on while tracing */
	uint64_t long_wait_ns;	     /* publish longer waits; 0: none */
	unsigned int long_wait_rate; /* at most so many per CPU and second */
};

/*
 * Load and attach. -EPERM no privilege, -ENOTSUP this kernel cannot be traced (the reason has been
 * logged), or another -errno.
 */
int tracer_new(const struct tracer_config *config, struct tracer **ret_tracer);
void tracer_free(struct tracer *tracer);

/*
 * Give up, for good, all maps that only the kernel side needs, so that whoever takes this process
 * over cannot have the programs read what he likes. To be called before its privileges go. 0 or
 * -errno.
 */
int tracer_seal(struct tracer *tracer);

/*
 * Have these threads adopted, those that still exist and have no slot, in a pass over all tasks of
 * the host. tracer_adopted() must have been emptied. 0 or -errno.
 */
#define TRACER_MAX_REQUESTS 8192U

struct tracer_request {
	pid_t tid;
	struct adopt_request what;
};
int tracer_request(struct tracer *tracer, const struct tracer_request *requests, size_t nr);

/* All threads of the host but the kernel's, in no order; malloc()ed. 0 or -errno. */
int tracer_census(struct tracer *tracer, struct census_task **ret_tasks, size_t *ret_nr);

/* The next slot that was adopted since the last call, 0 if there is none. */
uint32_t tracer_adopted(struct tracer *tracer);

/* A slot in the shared map, valid until another is looked at; NULL: out of range, or of memory. To
 * look at many, go from low numbers to high: they are mapped some hundreds at a time. */
const struct slot *tracer_slot(struct tracer *tracer, uint32_t index);

/*
 * End the slot's epoch and copy it consistently; the buckets of a kind whose count is 0 are left
 * out. In @ret_ended: the maxima and the thieves of the very waits that were counted since the last
 * call. 0 or -ENOMEM.
 */
int tracer_take(struct tracer *tracer, uint32_t index, struct slot *ret_slot,
		struct slot_interval *ret_ended);

/* All slots were taken: what was mapped for it is no part of the resident set until the next look.
 */
void tracer_taken(struct tracer *tracer);

/* Slots that nobody uses, of how many there are. */
size_t tracer_free_slots(const struct tracer *tracer);
size_t tracer_slots(const struct tracer *tracer);

/*
 * The slot's thread is not to be watched any more: nobody finds the slot. A hook that is running
 * may still write to it; what no hook can have held since is given back.
 */
void tracer_retire(struct tracer *tracer, uint32_t index);

/* Give the slot of a dead or retired thread back. */
void tracer_release(struct tracer *tracer, uint32_t index);

/* Co-stop skew in ns of the domain whose vCPUs have this slot.cell; 0 for cell 0. */
uint64_t tracer_skew(const struct tracer *tracer, uint32_t cell);

/* What the kernel side has seen of a process, and of which of its threads. */
struct tracer_notice {
	uint32_t what; /* enum notice */
	pid_t process;
	pid_t tid;
	int vcpu; /* NOTICE_VCPU: kvm's number of it, -1: not known */
};
/* Take the next notice; false: that was all for now. */
bool tracer_notice(struct tracer *tracer, struct tracer_notice *ret_notice);
/* The process of the slot's thread is about to be looked at: notices are of what happens from now
 * on. */
void tracer_looking(struct tracer *tracer, uint32_t slot);
/* Number of notices lost since the last call; which threads they were about is not known. */
uint64_t tracer_notices_lost(struct tracer *tracer);

/* Take the next long wait; false: none is left. @ret_lost grows by what was overwritten. */
bool tracer_wait(struct tracer *tracer, struct wait_event *ret_event, uint64_t *ret_lost);

/*
 * Now, in the runqueues' clock: an estimate, good to some ten microseconds where sched_clock is
 * stable. Only for waits and runs that are not finished. 0: not known yet.
 */
uint64_t tracer_clock(struct tracer *tracer);

struct tracer_counts {
#define CPU_FIELD(field, ...) uint64_t field;
	CPU_COUNTERS(CPU_FIELD)
#undef CPU_FIELD
	uint64_t long_waits_lost;
};
void tracer_counts(const struct tracer *tracer, struct tracer_counts *ret_counts);

/* How long the runs of a hook were, if asked for; all CPUs together. */
void tracer_times(const struct tracer *tracer, enum hook hook, struct hook_times *ret_times);

/* Runs of the programs that the kernel left out, each a loss (bpf_prog_info.recursion_misses). */
uint64_t tracer_missed(const struct tracer *tracer);

/* Cost of one program, from the kernel's BPF statistics. */
struct program_cost {
	const char *name;
	uint64_t ns, runs;
};
/* Fills up to @nr; returns how many, 0 when the statistics are off. */
size_t tracer_cost(struct tracer *tracer, struct program_cost *costs, size_t nr);

/* kvm may have been loaded after us: look for its types again if they are not known. True: known.
 */
bool tracer_find_kvm(struct tracer *tracer);

/* Bytes of kernel memory in the maps. */
size_t tracer_map_bytes(const struct tracer *tracer);

#endif
