/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The slots in use and whose they are: the join of slots (by tid) and the registry's threads.
 */
#ifndef STEALSCOPE_WATCHED_H
#define STEALSCOPE_WATCHED_H

#include <stdbool.h>

#include "host/subject/registry.h"
#include "trace/tracer.h"

#define WATCHED_NAME_MAX 32

struct domain_counts;
struct thread_counts;

struct watched {
	uint64_t key; /* the slot's, 0: not in use */
	pid_t tid;
	pid_t domain;	/* its process */
	uint64_t start; /* clock ticks since boot */
	enum role role;
	int index;
	char name[WATCHED_NAME_MAX];
	uint64_t run_ns;    /* as last shown: a count that includes an estimate never goes back */
	uint64_t joined;    /* the latest join in which it was one of a domain's threads */
	uint64_t missed_ns; /* when /proc was first seen to have it no more, 0: it has */
	uint64_t left_ns;   /* when it was found dead, or in no domain any more; 0: neither */
	bool seen;	    /* a snapshot has it */
	/* its place in the snapshot that is being made */
	struct domain_counts *domain_counts;
	struct thread_counts *counts;
	bool taken; /* it has left and its last counts are taken */
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
	uint64_t joins;
	size_t nr_left;
	uint64_t refused; /* threads that might have no slot, each once */
	size_t unwatched; /* those of the latest join */
	size_t nr_missed; /* not in /proc any more, and their last switch was not seen (yet) */
};

int watched_init(struct watched_table *table); /* -ENOMEM */
void watched_free(struct watched_table *table);

/* Take what the kernel side has adopted. */
void watched_take_adopted(struct watched_table *table, struct tracer *tracer);

/*
 * Give the registry's threads their slots and the slots their roles. What has none yet and may have
 * one (share.h) is put into @ret_requests (malloc()ed); what may not is counted in its domain.
 * Returns how many requests there are, or -ENOMEM.
 */
ssize_t watched_join(struct watched_table *table, const struct tracer *tracer,
		     struct registry *registry, struct tracer_request **ret_requests);

/* @domain, or every one where it is 0, is about to be looked at (tracer_looking()). */
void watched_looking(const struct watched_table *table, struct tracer *tracer, pid_t domain);

/* The thread is dead, or no domain's any more. */
void watched_leave(struct watched_table *table, struct watched *watched);

/*
 * After a join: which threads have left? The dead, those that /proc does not have any more, and
 * those of a process that is no domain now; the latter's counters stop.
 */
void watched_review(struct watched_table *table, struct tracer *tracer, struct registry *registry);

/* The next slot from @from on whose last counts are ripe to be taken, 0: there is none. */
uint32_t watched_ripe(const struct watched_table *table, uint32_t from);

/* Forget the slots whose last counts are ripe and taken, and give them back. */
void watched_drop(struct watched_table *table, struct tracer *tracer);

/* Have the registry keep the domains whose threads' last counts are not taken. */
void watched_hold(const struct watched_table *table, struct registry *registry);

/* @order sorted; valid until the next change. */
const uint32_t *watched_order(struct watched_table *table);

#endif
