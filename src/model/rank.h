/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What weighs most in a report: shares of time, the thieves of a cause, victims × thieves.
 */
#ifndef STEALSCOPE_RANK_H
#define STEALSCOPE_RANK_H

#include "model/report.h"

/* What a row of output stands for. */
#define REPORT_BY(X)        \
	X(VCPU, "vcpu")     \
	X(DOMAIN, "domain") \
	X(ROLE, "role")

#define REPORT_BY_ENUM(id, name) BY_##id,
enum report_by { REPORT_BY(REPORT_BY_ENUM) NR_REPORT_BY };
#undef REPORT_BY_ENUM

/* @ns as a percentage of the time of @nr threads; 0 when the interval is 0. */
double pct_of(uint64_t ns, unsigned int nr, uint64_t interval_ns);

/* Threads that a role's mean is over: vCPUs, else threads. */
unsigned int role_threads(const struct domain_report *domain, enum role role);

/*
 * @ns of the steal of @nr threads as a percentage of their time, such that the shares of all causes
 * and pct_unfinished() sum to steal_pct: waits that began before the interval are scaled down to
 * it. 0 when the interval is 0.
 */
double pct_share(const struct stats *who, unsigned int nr, uint64_t interval_ns, uint64_t ns);
/* The part of steal_pct whose waits are not over, so that no cause is known yet. */
double pct_unfinished(const struct stats *who, unsigned int nr, uint64_t interval_ns);

/*
 * The actors behind @cause, at most @max, biggest first; the threads of one other domain count
 * together (and are represented by the biggest). Returns how many were stored.
 */
size_t rank_actors(const struct stats *who, enum cause cause, struct thief *ret_thieves,
		   size_t max);

/* One cell of victims × thieves. */
struct blame {
	const struct domain_report *domain;
	const struct thread_report *thread; /* BY_VCPU, else NULL */
	enum role role;			    /* BY_VCPU, BY_ROLE */
	const struct stats *victim;
	unsigned int nr_victims; /* threads that the victim is */
	enum cause cause;
	const struct actor *thief; /* NULL: "other", or a cause without thief */
	uint64_t ns;
	double pct; /* pct_share() of @ns */
};

/*
 * All cells, biggest share first; those of a victim sum to its steal_ns. BY_DOMAIN a thief is a
 * whole domain, BY_ROLE a role of one, represented by its biggest thread. @ret_rows is malloc()ed.
 * -ENOMEM.
 */
int rank_blame(const struct report *report, enum report_by by, struct blame **ret_rows,
	       size_t *ret_nr);

#endif
