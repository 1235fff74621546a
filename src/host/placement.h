/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a thread may run, where it ran last, and what limits it; for `stealscope list`.
 */
#ifndef STEALSCOPE_HOST_PLACEMENT_H
#define STEALSCOPE_HOST_PLACEMENT_H

#include <sys/types.h>

#include "host/cgroup.h"

struct placement {
	char *cpus_allowed; /* "2-3,5", malloc()ed, NULL if not known */
	char *cgroup;	    /* path in the hierarchy of CPU time, malloc()ed, NULL if not known */
	int cpu;	    /* the one it ran on last */
	int numa_node;	    /* of that CPU; -1: not known */
	struct cgroup_cpu limits;
};

/* What many threads share, read once: make a new one for each listing, limits change. */
struct placer;

/* @proc, @sys: where they are mounted. -errno. */
int placer_new(const char *proc, const char *sys, struct placer **ret);
void placer_free(struct placer *placer);

/*
 * Whose threads are read next: what one of them may use depends on where the domain's @nr vCPUs
 * are, the threads @tids of process @pid. Those that are gone do not count. 0 or -ENOMEM.
 */
int placer_vcpus(struct placer *placer, pid_t pid, const pid_t *tids, size_t nr);

/* Thread @tid of process @pid. 0; -ESRCH, -ENOENT: it is gone; -ENOMEM. */
int placement_read(struct placer *placer, pid_t pid, pid_t tid, struct placement *ret);
void placement_free(struct placement *placement);

#endif
