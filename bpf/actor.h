/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The actors of a CPU's record: who ran there lately, each with the time it had the CPU.
 *
 * The table is emptied when nobody waits on the CPU any more. When it is full, who ran longest ago
 * makes room.
 */
#ifndef STEALSCOPE_ACTOR_H
#define STEALSCOPE_ACTOR_H

#include "common.h"

#define NR_ACTORS 32U
#define NR_ACTOR_HINTS 64U

struct actors {
	__u32 nr;
	__u32 oldest;		   /* while a place is looked for */
	__u64 births;		   /* actors that ever came */
	__u8 hint[NR_ACTOR_HINTS]; /* where it may be */
	__u64 key[NR_ACTORS];
	__u64 ns[NR_ACTORS];   /* since it came */
	__u64 born[NR_ACTORS]; /* @births when it came */
	__u64 last[NR_ACTORS]; /* clock when it last gave up the CPU */
	__u32 process[NR_ACTORS];
	struct actor_name name[NR_ACTORS];
};

/* What a wait notes of them. */
struct actors_base {
	__u64 births;
	__u64 ns[NR_ACTORS];
};

/* set by actor_place(): the place is a new one, its name is not filled in */
#define ACTOR_NEW 0x100U

/* Where the hints do not help. A function of its own, verified once. */
__noinline int actor_place(struct actors *actors, __u64 key, __u32 hint)
{
	__u32 i, at;

	if (!actors)
		return 0;
	in_memory(actors->oldest) = 0;
	for (i = 0; i < NR_ACTORS && i < actors->nr; i++) {
		if (actors->key[i] == key) {
			actors->hint[hint & (NR_ACTOR_HINTS - 1)] = i;
			return i;
		}
		if (actors->last[i] < actors->last[in_memory(actors->oldest) & (NR_ACTORS - 1)])
			in_memory(actors->oldest) = i;
	}
	if (actors->nr < NR_ACTORS)
		in_memory(actors->oldest) = actors->nr++;
	at = in_memory(actors->oldest) & (NR_ACTORS - 1);
	actors->key[at] = key;
	actors->ns[at] = 0;
	actors->born[at] = ++actors->births;
	actors->last[at] = ~0ULL;
	actors->hint[hint & (NR_ACTOR_HINTS - 1)] = at;
	return at | ACTOR_NEW;
}

static __always_inline __u32 actor_find(struct actors *actors, __u64 key, __u32 hint)
{
	__u32 at = actors->hint[hint & (NR_ACTOR_HINTS - 1)] & (NR_ACTORS - 1);

	if (at >= actors->nr || actors->key[at] != key)
		at = (__u32)actor_place(actors, key, hint);
	return at;
}

/* The place's actor had the CPU for @ns more, up to @clock. */
static __always_inline void actor_ran(struct actors *actors, __u32 at, __u64 ns, __u64 clock)
{
	at &= NR_ACTORS - 1;
	actors->ns[at] += ns;
	actors->last[at] = clock;
}

/* @task: NULL where its name cannot be had. */
static __always_inline __u32 actor_of_thread(struct actors *actors, __u64 key,
					     struct task_struct *task)
{
	__u32 at = actor_find(actors, key, key);
	struct actor_name *name = &actors->name[at & (NR_ACTORS - 1)];

	if (at & ACTOR_NEW) {
		actors->process[at & (NR_ACTORS - 1)] = 0;
		__builtin_memset(name, 0, sizeof(*name));
		if (task)
			__builtin_memcpy(name->comm, task->comm, COMM_LEN);
	}
	return at & (NR_ACTORS - 1);
}

static __always_inline __u32 actor_of_kernel(struct actors *actors, struct task_struct *task)
{
	__u32 at = actor_find(actors, actor_key(CLASS_KERNEL, 0, task->pid), task->pid);
	struct actor_name *name = &actors->name[at & (NR_ACTORS - 1)];

	if (at & ACTOR_NEW) {
		actors->process[at & (NR_ACTORS - 1)] = task->pid;
		name->cgroup = 0;
		__builtin_memcpy(name->comm, task->comm, COMM_LEN);
	}
	return at & (NR_ACTORS - 1);
}

/* include/linux/cgroup.h: cgroup_id(); the root of a hierarchy has 1 (fs/kernfs/dir.c) */
#define ROOT_CGROUP 1

/* The root of version 2's hierarchy, and that of the cpu controller, once they were seen. */
__u64 root_cgroup, root_group;

/*
 * The cgroup that says most about what a task belongs to: version 2's, or where it is in the root
 * of that, the cpu controller's. An autogroup's task_group has no cgroup: the load reads 0.
 */
static __always_inline __u64 cgroup_of(struct task_struct *task)
{
	struct cgroup *cgroup = task->cgroups->dfl_cgrp;
	struct task_group *group;
	__u64 id;

	if ((__u64)cgroup != root_cgroup) {
		id = cgroup->kn->id;
		if (id > ROOT_CGROUP)
			return id;
		root_cgroup = (__u64)cgroup;
	}
	group = task->sched_task_group;
	if ((__u64)group == root_group)
		return 0;
	id = group->css.cgroup->kn->id;
	if (id > ROOT_CGROUP)
		return id | CGROUP_V1;
	if (id == ROOT_CGROUP)
		root_group = (__u64)group;
	return 0;
}

/* Two loads for all of a comm. */
static __always_inline __u64 comm_half(struct task_struct *task, int half)
{
	return *(__u64 *)(half ? &task->comm[8] : &task->comm[0]);
}

/* Odd constants without a pattern (the golden ratio's, MurmurHash3's): all bits reach the upper
 * ones. */
static __always_inline __u64 host_hash(__u64 low, __u64 high, __u64 cgroup)
{
	return low * 0xff51afd7ed558ccdULL ^ high * 0xc4ceb9fe1a85ec53ULL ^
	       cgroup * 0x9e3779b97f4a7c15ULL;
}

static __always_inline __u32 actor_of_host(struct actors *actors, struct task_struct *task)
{
	__u64 low = comm_half(task, 0), high = comm_half(task, 1), cgroup = cgroup_of(task);
	__u64 hash = host_hash(low, high, cgroup);
	__u32 at = actor_find(actors,
			      (__u64)CLASS_HOST << KEY_CLASS_SHIFT | hash >> (64 - KEY_CLASS_SHIFT),
			      hash >> 56);
	__u32 *process = &actors->process[at & (NR_ACTORS - 1)], pid = task->tgid;
	struct actor_name *name = &actors->name[at & (NR_ACTORS - 1)];

	if (at & ACTOR_NEW) {
		*process = pid;
		name->cgroup = cgroup;
		((__u64 *)name->comm)[0] = low;
		((__u64 *)name->comm)[1] = high;
	} else if ((*process & ~ACTOR_MANY) != pid) {
		*process = pid | ACTOR_MANY;
	}
	return at & (NR_ACTORS - 1);
}

static __always_inline void actors_base(const struct actors *actors, struct actors_base *base)
{
	__u32 i;

	base->births = actors->births;
	for (i = 0; i < NR_ACTORS && i < actors->nr; i++)
		base->ns[i] = actors->ns[i];
}

/* What actor @at had of the CPU since the baseline. */
static __always_inline __u64 actor_since(const struct actors *actors,
					 const struct actors_base *base, __u32 at)
{
	return actors->ns[at] - (actors->born[at] > base->births ? 0 : base->ns[at]);
}

#endif
