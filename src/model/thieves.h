/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who took a victim's CPU: the actors of a report, and lists of thieves, biggest first.
 *
 * The kernel side keys the host's processes by cgroup and comm, other actors by task. A report
 * merges what the operator sees as one: a unit of the host, the idle tasks of all CPUs. A host
 * process that is known as a domain by now was seen before its threads were registered: it becomes
 * a thread of that domain.
 */
#ifndef STEALSCOPE_THIEVES_H
#define STEALSCOPE_THIEVES_H

#include "model/idmap.h"
#include "model/report.h"

struct thieves {
	struct arena *arena; /* of the report */
	struct actor *actors;
	struct tally *tallies; /* one per actor */
	struct idmap by_key;   /* the snapshot's key -> actor */
	unsigned int epoch;    /* of the list being made */
	struct thief *list;
	size_t nr, room;
};

/* @domains: pid -> struct domain_counts. -ENOMEM; to be freed in either case. */
int thieves_init(struct thieves *thieves, const struct snapshot *snap, const struct idmap *domains,
		 struct arena *arena);
void thieves_free(struct thieves *thieves);

/*
 * The thieves of a thread of process @pid; own->cause_ns must be set. For every cause that has
 * thieves they, "other" included, sum to own->cause_ns; to that end time of thieves that were
 * registered late moves from `host` to `vm` or `self`. -ENOMEM.
 */
int thieves_of_thread(struct thieves *thieves, const struct thread_counts *to, pid_t pid,
		      struct stats *own);

/* The same for many threads together: begin, add each, end. -ENOMEM. */
void thieves_begin(struct thieves *thieves);
int thieves_add(struct thieves *thieves, const struct stats *part);
int thieves_end(struct thieves *thieves, struct stats *whole);

/* What it means for a thread of process @victim that @actor had the CPU. */
enum cause actor_cause(const struct actor *actor, pid_t victim);

/* To the operator both are one. */
bool actor_is_same(const struct actor *a, const struct actor *b);

/* @same stands for @other, too, which is one with it. */
void actor_merge(struct actor *same, const struct actor *other);

/* For qsort(): biggest first. */
int thief_compare(const void *a, const void *b);

#endif
