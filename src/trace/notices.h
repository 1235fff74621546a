/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processes that discovery shall look at, each once however often it is announced. Whoever has
 * itself announced without end is looked at once in a while: looking costs, and the time is
 * everyone's.
 */
#ifndef STEALSCOPE_NOTICES_H
#define STEALSCOPE_NOTICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* More processes than this at once, and a full scan is cheaper. */
#define NOTICE_MAX 64

/* So many looks at a process in a row, and one more in each such time. */
#define NOTICE_BURST 10
#define NOTICE_EVERY_NS 1000000000ULL

/* And no more than one part in so many of a CPU's time: with very many threads a look is dear. */
#define NOTICE_COST_SHARE 400
/* But so much at once: one that starts is looked at often, and costs little. */
#define NOTICE_COST_BURST_NS 50000000ULL

#define NOTICE_LIMITS 4096U

struct notices_limit {
	pid_t pid;
	unsigned int looks; /* in a row */
	bool vanishes;	    /* it announced a thread that was gone when it was looked at */
	uint64_t since;	    /* when they were last reckoned up */
	uint64_t until;	    /* when all that they cost is made up for */
};

struct notice_list {
	pid_t pids[NOTICE_MAX];
	size_t nr;
	bool everything;
	struct notices_limit
		limits[NOTICE_LIMITS]; /* by a hash of the pid; the latest one has the place */
};

void notices_add(struct notice_list *notices, pid_t pid);

/* The next process that may be looked at as of @now, 0: none. Those that have to wait stay. */
pid_t notices_take(struct notice_list *notices, uint64_t now);

/*
 * May @pid be looked at for the sake of one of its threads? At once, but where those tend to be
 * gone
 * (@found: was the last one there?), it counts as a look.
 */
bool notices_may_look(struct notice_list *notices, pid_t pid, bool known, uint64_t now);
void notices_looked(struct notice_list *notices, pid_t pid, bool found);

/* What a look at @pid cost, or a part of it. */
void notices_charge(struct notice_list *notices, pid_t pid, uint64_t cost_ns, uint64_t now);

/* Everything is being looked at. */
void notices_clear(struct notice_list *notices);

#endif
