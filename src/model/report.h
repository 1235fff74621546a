/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A report: what happened between two snapshots. The only thing renderers see.
 *
 * Everything in it lives in its arena; strings are copied, the snapshots may go first.
 */
#ifndef STEALSCOPE_REPORT_H
#define STEALSCOPE_REPORT_H

#include "model/snapshot.h"

/* As struct bin, of sums. */
struct bin64 {
	uint64_t bucket : 8;
	uint64_t count : 56;
};

/* The waits of one kind, of one thread or of many together. */
struct hist {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t max_ns;
	const struct bin64 *bins; /* ascending by bucket, none empty */
	size_t nr_bins;
};

/*
 * Actors that the operator sees as one are one: what runs in a unit of the host, else what has one
 * comm; the idle tasks. A process that is a domain by now is ACTOR_THREAD even where its thread was
 * not registered.
 */
struct thief {
	struct actor *actor;  /* NULL: the rest of this cause ("other") */
	enum cause cause : 8; /* vm, self, host, kernel, idle */
	uint64_t ns : 56;     /* two years: a crowd has hundreds of thousands of these */
};

#define THIEF_NS_MAX (1ULL << 56)

/* Thieves kept by name of a thread, role or domain; at most NR_CAUSES "others" come on top. */
#define REPORT_THIEVES_MAX 64U

/* What a thread, a role or a domain did and lost. */
struct stats {
	THREAD_COUNTERS(COUNTER_FIELD)
	double steal_pct; /* 0 … 100; with the unfinished wait, clipped to the interval */
	uint64_t cause_ns[NR_CAUSES];
	struct hist waits[NR_WAIT_KINDS];
	const struct thief *thieves; /* biggest first, the "other" of each cause last; those of a
					cause sum to its cause_ns */
	size_t nr_thieves;
};

struct thread_report {
	enum role role;
	int index;
	const char *name;
	pid_t tid;
	bool dead;
	uint64_t waiting_ns;   /* at the end of the interval: the wait it is in, 0 if in none */
	uint64_t run_delay_ns; /* at the end of the interval: the kernel's own counter */
	struct stats own;
};

struct domain_report {
	const char *name;
	const char *uuid;
	pid_t pid;
	uint64_t start;
	uint64_t uid; /* whose process it is, UID_UNKNOWN */
	const char *manager;
	const char *accel;
	unsigned int nr_vcpus; /* a vCPU that was unplugged and plugged again is one */
	double worst_pct;      /* that of the worst vCPU */
	double sum_pct;	       /* over the vCPUs, as esxtop's %RDY */
	uint64_t skew_ns;
	uint64_t unwatched; /* at the end of the interval: threads for which there is no place */
	struct stats vcpus; /* all vCPUs together; steal_pct is the mean */
	struct stats roles[NR_ROLES]; /* per role; [ROLE_VCPU] equals vcpus */
	unsigned int nr_role_threads[NR_ROLES];
	struct thread_report *threads;
	size_t nr_threads;
};

/* Shares of all CPUs' time, percent; guest time is taken out of user and nice. */
struct host_report {
	unsigned int cpus;
	double user, nice, guest, system, irq, softirq, iowait, idle, steal;
};

struct report {
	struct arena arena;
	uint64_t time_ns; /* CLOCK_REALTIME at the end of the interval */
	uint64_t interval_ns;
	struct host_report host;
	struct domain_report *domains; /* worst steal_pct first, then by name */
	size_t nr_domains;
	struct trace_counts trace; /* growth over the interval */
};

/*
 * What grew from @from to @to. @from may be NULL: then every counter starts from 0 (and the
 * interval is 0). A thread that is only in @to counts from 0; one that is only in @from, dead or
 * gone, adds nothing. -ENOMEM.
 */
int report_build(const struct snapshot *from, const struct snapshot *to, struct report *ret_report);
void report_free(struct report *report);

/* Shares of all CPUs' time between two readings; all 0 when none passed. */
void report_host(const struct host_times *from, const struct host_times *to,
		 struct host_report *ret_host);

#endif
