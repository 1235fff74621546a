/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The last counts of threads that ended since the latest snapshot: kept for the next one, however
 * long that takes, so that their slots can be used again at once.
 *
 * What a run without an interval keeps is bounded: beyond @max threads, those that no snapshot has
 * seen are added up by domain, role and index.
 */
#ifndef STEALSCOPE_DEPARTED_H
#define STEALSCOPE_DEPARTED_H

#include "model/snapshot.h"

struct departed_domain {
	struct domain_counts counts; /* without threads; to be filled in by who adds it */
	struct departed_thread *threads;
	size_t nr_threads;
	struct departed_domain *next;
};

/* Empty with nothing but @max in it. */
struct departed {
	size_t max;
	struct arena arena; /* for all that the counts point to */
	struct departed_domain *domains;
	size_t nr_domains, nr_threads;
};

/* The domain of this identity, NULL if none is there / a new one, NULL when out of memory. */
struct departed_domain *departed_find(const struct departed *departed, pid_t pid, uint64_t start);
struct departed_domain *departed_new(struct departed *departed);

/* Add @thread, what it points to being in the arena. @seen: an earlier snapshot has it, too.
 * -ENOMEM. */
int departed_add(struct departed *departed, struct departed_domain *domain,
		 const struct thread_counts *thread, bool seen);

/* Move everything into @snap, in whose domains there is room for as many more. -ENOMEM: nothing
 * was moved. */
int departed_move(struct departed *departed, struct snapshot *snap);

void departed_free(struct departed *departed);

#endif
