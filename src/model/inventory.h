/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What `list` shows: the domains of a host and where their threads may run, as plain values.
 *
 * Everything in it lives in its arena.
 */
#ifndef STEALSCOPE_INVENTORY_H
#define STEALSCOPE_INVENTORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "kinds.h"

struct listed_thread {
	enum role role;
	int index;	  /* -1: not a vCPU, or not known */
	const char *name; /* an iothread's id, else NULL */
	pid_t tid;
	const char *comm;
	const char *cpus_allowed;    /* "2-3" */
	int cpu;		     /* on which it ran last; -1 not known */
	int numa_node;		     /* of that CPU; -1 not known */
	const char *cgroup;	     /* in the hierarchy that schedules CPU time; NULL not known */
	int64_t quota_us, period_us; /* what binds it when its domain is busy; -1 none */
	unsigned int quota_vcpus;    /* of the domain that share it; 0 without one */
	int64_t weight; /* cpu.weight or cpu.shares of the nearest cgroup; -1 not known */
};

struct listed_domain {
	const char *name;
	const char *uuid; /* NULL if it has none */
	pid_t pid;
	uid_t uid; /* whose process it is */
	const char *manager;
	const char *accel;
	struct listed_thread *threads;
	size_t nr_threads;
};

struct inventory {
	struct arena arena;
	struct listed_domain *domains; /* by name */
	size_t nr_domains;
};

static inline void inventory_free(struct inventory *inventory)
{
	arena_free(&inventory->arena);
}

#endif
