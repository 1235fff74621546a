/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Totals: reports added up for as long as the program runs. What counters are made of.
 *
 * No number here ever goes back. A domain is a name, a UUID and a user: one that is restarted goes
 * on where it ended. Names and UUIDs are a process's own word, so nobody takes over what another
 * user's process began. A domain stays for a while after its end, so that its last counts are still
 * seen.
 */
#ifndef STEALSCOPE_TOTALS_H
#define STEALSCOPE_TOTALS_H

#include "model/report.h"

/*
 * Upper edges of the waits' histogram: 2^10 ns (1.024 us), 2^12 ns, … 2^34 ns (17.2 s). Every power
 * of two is an edge of bucket.h's buckets, so none is split. They are exclusive: a wait of exactly
 * 2^n ns counts as longer.
 */
#define TOTALS_EDGES 13U
#define TOTALS_EDGE_NS(i) (1ULL << (10 + 2 * (i)))

/* Thieves that a victim has by name, of each cause; the rest is one more, `other`. */
#define TOTALS_THIEVES_MAX 16U
#define TOTALS_OTHER "other"

/* How long a domain that ended is kept, and how many such at most: then the user who has most of
 * them loses his oldest. */
#define TOTALS_KEEP_NS (300 * 1000000000ULL)
#define TOTALS_GONE_MAX 512U
/* Of one process, which has a new name after each exec. */
#define TOTALS_GONE_PER_PROCESS 4U

struct wait_total {
	uint64_t sum_ns;
	uint64_t counts[TOTALS_EDGES + 1]; /* below edge i and not below i - 1; the last: above all
					    */
};

struct vcpu_total {
	int index; /* -1: of threads whose number was not known yet */
	uint64_t run_ns;
	uint64_t cause_ns[NR_CAUSES];
	uint64_t waiting_ns; /* at the latest report: the wait it is in */
};

struct blame_total {
	char *thief; /* vm: the domain's label; host, kernel: what an operator acts upon */
	uint64_t ns;
	uint64_t seen_ns; /* when it took something last */
};

/* The thieves of one cause; with @other_ns they sum to what the cause took. */
struct blame_totals {
	struct blame_total rows[TOTALS_THIEVES_MAX];
	size_t nr;
	uint64_t other_ns;
};

/* Causes whose thieves have names that last: vm, host, kernel. */
#define TOTALS_BLAMED 3U
extern const enum cause totals_blamed[TOTALS_BLAMED];

struct domain_total {
	char *name;
	char *uuid;  /* NULL if it has none */
	char *label; /* @name, or where that is taken @name#PID; with @uuid it is unique */
	char *manager, *accel;
	pid_t pid; /* of the latest process */
	uint64_t start;
	uint64_t uid;	  /* UID_UNKNOWN */
	bool gone;	  /* the latest report does not have it alive */
	uint64_t seen_ns; /* when one had */
	uint64_t skew_ns;
	uint64_t unwatched;
	struct vcpu_total *vcpus; /* ascending by index */
	size_t nr_vcpus;
	uint64_t cause_ns[NR_CAUSES]; /* of all vCPUs */
	struct wait_total waits[NR_WAIT_KINDS];
	uint64_t role_steal_ns[NR_ROLES];
	bool has_role[NR_ROLES];
	struct blame_totals blame[TOTALS_BLAMED]; /* of totals_blamed[] */
};

struct totals {
	struct domain_total **domains; /* in the order in which they came */
	size_t nr_domains, max_domains;
	size_t collapsed; /* pairs of victim and thief that the latest report put into `other` */
	struct trace_counts trace;
};

/* @now_ns: of any clock that does not go back. -ENOMEM: part of the report is lost. */
int totals_add(struct totals *totals, const struct report *report, uint64_t now_ns);
void totals_free(struct totals *totals);

#endif
