/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A census of the host's threads, kernel threads left out: what a look at all of /proc would tell,
 * at a tenth of its price.
 */
#ifndef STEALSCOPE_CENSUS_TASK_H
#define STEALSCOPE_CENSUS_TASK_H

#ifndef __bpf__
#include <linux/types.h>
#endif

struct census_task {
	__u32 tid;
	__u32 tgid;
	__u64 start; /* clock ticks since boot, as /proc/TID/stat */
	__u32 flags; /* PF_* */
	__u32 execs; /* that it and its ancestors called, as self_exec_id counts
			(include/linux/sched.h) */
	char comm[16];
};

_Static_assert(sizeof(struct census_task) == 40, "no holes: it is copied as bytes");

#endif
