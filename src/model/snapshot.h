/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A snapshot: what all watched threads had counted at one moment, as plain values.
 *
 * The reader fills it from the maps, or it is read from a recording. Counters only grow while the
 * thread lives; a report is the difference of two snapshots. Everything in it, strings included,
 * lives in its arenas and is freed with it.
 */
#ifndef STEALSCOPE_SNAPSHOT_H
#define STEALSCOPE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "counters.h"
#include "kinds.h"

/* One bucket that is not empty. @count wraps at 2^32, as the kernel side counts. */
struct bin {
	uint32_t bucket;
	uint32_t count;
};

struct wait_counts {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t max_ns;	/* of the interval that ends with this snapshot, exact */
	const struct bin *bins; /* ascending by bucket */
	size_t nr_bins;
};

/* Who can have had the CPU. */
enum actor_kind { ACTOR_IDLE, ACTOR_KERNEL, ACTOR_HOST, ACTOR_THREAD, NR_ACTOR_KINDS };

struct actor {
	uint64_t key; /* opaque, unique among the actors of a tracing session */
	enum actor_kind kind;
	pid_t pid;  /* HOST: the latest process; KERNEL: the thread; THREAD: the thread's tid */
	bool many;  /* HOST: there was more than one process */
	bool mixed; /* HOST, in a report: @comm is only one of those of @unit */
	const char *comm;
	const char *unit;   /* HOST: systemd unit or cgroup path, NULL if not known */
	const char *domain; /* THREAD: its domain's name, role and index */
	pid_t domain_pid;
	enum role role;
	int index;
};

/* What one actor took from one victim in the interval that ends with this snapshot. */
struct thief_time {
	uint64_t key;
	uint64_t ns;
};

struct thread_counts {
	enum role role;
	int index;	  /* vcpu id; -1 for other roles and while not known */
	const char *name; /* iothread's id, else the thread's comm */
	pid_t tid;
	uint64_t start; /* start time in clock ticks since boot: with tid, the identity */
	bool dead;	/* these are its last counts */
#define COUNTER_FIELD(field, ...) uint64_t field;
	THREAD_COUNTERS(COUNTER_FIELD)
	uint64_t waiting_ns;	      /* length so far of the wait it is in, 0 if it is in none */
	uint64_t run_delay_ns;	      /* the kernel's own counter, second field of schedstat */
	uint64_t cause_ns[NR_CAUSES]; /* sums to steal_ns */
	struct wait_counts waits[NR_WAIT_KINDS];
	const struct thief_time *thieves;
	size_t nr_thieves;
};

#define UID_UNKNOWN UINT32_MAX /* the kernel's INVALID_UID (include/linux/uidgid.h) */

struct domain_counts {
	const char *name;
	const char *uuid; /* NULL if it has none */
	pid_t pid;
	uint64_t start;		       /* of the process, clock ticks since boot */
	uint64_t uid;		       /* whose process it is, UID_UNKNOWN */
	const char *manager;	       /* "libvirt", "lxd", "proxmox", …, "qemu" */
	const char *accel;	       /* "kvm" or "tcg" */
	uint64_t skew_ns;	       /* a vCPU waited while a sibling ran */
	uint64_t unwatched;	       /* threads for which there is no place in the table */
	struct thread_counts *threads; /* vCPUs by index, then the other roles */
	size_t nr_threads;
};

/* /proc/stat's first line, in nanoseconds, as the kernel counts: user holds guest, nice guest_nice.
 */
struct host_times {
	unsigned int cpus; /* online */
	uint64_t user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice;
};

struct trace_counts {
	LOSS_COUNTERS(COUNTER_FIELD)
	uint64_t long_waits_lost; /* long waits that were not published */
	bool has_bpf_cost;	  /* the kernel's BPF statistics are on: */
	uint64_t bpf_ns;
	uint64_t bpf_runs;
	uint64_t self_cpu_ns;	 /* CPU time of this process */
	uint64_t self_rss_bytes; /* its resident set, now */
	uint64_t map_bytes;	 /* kernel memory of the maps, now */
};

struct snapshot {
	struct arena arena;
	struct arena thieves; /* of the threads' lists of them */
	uint64_t time_ns;     /* CLOCK_REALTIME */
	uint64_t mono_ns;     /* CLOCK_MONOTONIC */
	uint64_t began_ns;    /* when tracing began: counters of two tracers are not compared */
	struct host_times host;
	struct domain_counts *domains;
	size_t nr_domains;
	struct actor *actors; /* ascending by key */
	size_t nr_actors;
	struct trace_counts trace;
};

void snapshot_free(struct snapshot *snap);

/* Of a snapshot whose own interval was reported: of no use for the next one. */
void snapshot_drop_thieves(struct snapshot *snap);

/* What an operator acts upon: of a host process its unit, or without one its comm. */
static inline const char *actor_title(const struct actor *actor)
{
	return actor->unit ? actor->unit : actor->comm;
}

#endif
