/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The slots in use and whose they are: the join of slots (by tid) and the registry's threads.
 */
#ifndef STEALSCOPE_WATCHED_H
#define STEALSCOPE_WATCHED_H

#include <stdbool.h>

#include "host/domain.h"
#include "trace/tracer.h"

#define WATCHED_NAME_MAX 32

struct domain_sample;
struct thread_sample;

struct watched {
	uint64_t key; /* the slot's, 0: not in use */
	pid_t tid;
	pid_t domain;	/* its process */
	uint64_t start; /* clock ticks since boot */
	enum role role;
	int index;
	char name[WATCHED_NAME_MAX];
	uint64_t run_ns;      /* as last shown: a count that includes an estimate never goes back */
	unsigned int missing; /* full scans in a row that did not find it */
	/* its place in the snapshot that is being made */
	struct domain_sample *domain_sample;
	struct thread_sample *sample;
	bool last_taken; /* it is dead and a snapshot holds its last counts */
};

struct watched_table {
	struct watched *at;    /* by slot */
	uint32_t *slot_of_tid; /* sparse: only touched pages cost memory */
	uint32_t *order;       /* slots in use, by domain, role, index, tid */
	size_t nr;
	uint32_t highest; /* slot that was ever in use */
	uint32_t *fresh;  /* adopted, not yet filled in by the kernel side */
	size_t nr_fresh;
	bool unsorted;
};

int watched_init(struct watched_table *table); /* -ENOMEM */
void watched_free(struct watched_table *table);

/* Take what the kernel side has adopted. */
void watched_take_adopted(struct watched_table *table, struct tracer *tracer);

/*
 * Give the registry's threads their slots and the slots their roles. What has none yet is put into
 * @ret_requests (malloc()ed). Returns how many, or -ENOMEM.
 */
ssize_t watched_join(struct watched_table *table, struct registry *registry,
		     struct tracer_request **ret_requests);

/* Forget the slots whose last counts are taken, or that nothing has found for long, and give them
 * back. */
void watched_drop_dead(struct watched_table *table, struct tracer *tracer);

/* @order sorted; valid until the next change. */
const uint32_t *watched_order(struct watched_table *table);

#endif
