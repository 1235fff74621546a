/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One wait that was over the threshold of `watch`, as plain values.
 */
#ifndef STEALSCOPE_LONG_WAIT_H
#define STEALSCOPE_LONG_WAIT_H

#include <jansson.h>

#include "model/report.h"

#define LONG_WAIT_THIEVES 32

struct long_wait {
	uint64_t time_ns; /* CLOCK_REALTIME at its end */
	const char *domain;
	const char *uuid;
	pid_t pid; /* the domain's */
	enum role role;
	int index;
	const char *name; /* the thread's */
	pid_t tid;
	unsigned int cpu; /* on which it ended */
	enum wait_kind kind;
	uint64_t wait_ns;
	uint64_t cause_ns[NR_CAUSES];		 /* sums to wait_ns */
	struct thief thieves[LONG_WAIT_THIEVES]; /* biggest first */
	size_t nr_thieves;
};

/*
 * As JSON, in a recording: a new reference, or NULL for want of memory; from JSON with all that it
 * points to in @arena, -EINVAL where a value is not what it can be, -ENOMEM.
 */
json_t *long_wait_to_json(const struct long_wait *wait);
int long_wait_from_json(const json_t *object, struct arena *arena, struct long_wait *ret_wait);

#endif
