/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The kernel's types, trimmed to what the BPF programs use. Made by vmlinux/generate (make vmlinux)
 * from a kernel's BTF; offsets are relocated when the programs are loaded.
 */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#ifndef NULL
#define NULL ((void *)0)
#endif

typedef _Bool bool;
enum { false, true };
typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
	BPF_F_MMAPABLE = 1024,
	BPF_F_NO_PREALLOC = 1,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1,
};

#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)

typedef __u64 u64;

typedef int __kernel_pid_t;

typedef __kernel_pid_t pid_t;

struct hlist_head {
	void *first;
};

struct cfs_rq;

struct sched_entity {
	u64 exec_start;
	u64 sum_exec_runtime;
	u64 prev_sum_exec_runtime;
	struct cfs_rq *cfs_rq;
};

struct sched_info {
	long unsigned int pcount;
	long long unsigned int run_delay;
	long long unsigned int last_arrival;
	long long unsigned int last_queued;
};

struct task_group;

struct css_set;

struct task_struct {
	unsigned int __state;
	unsigned int flags;
	int on_cpu;
	int on_rq;
	int prio;
	struct sched_entity se;
	struct task_group *sched_task_group;
	struct hlist_head preempt_notifiers;
	struct sched_info sched_info;
	pid_t pid;
	pid_t tgid;
	void *thread_pid;
	u64 start_boottime;
	char comm[16];
	u64 self_exec_id;
	struct css_set *cgroups;
	void *bpf_storage;
};

struct cgroup;

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct kernfs_node;

struct cgroup {
	struct kernfs_node *kn;
};

struct kernfs_node {
	u64 id;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct rq;

struct cfs_rq {
	struct rq *rq;
	u64 throttled_clock_self;
	u64 throttled_clock_self_time;
	int throttle_count;
};

struct rq {
	u64 nr_switches;
	union {
		struct task_struct *curr;
	};
	u64 clock;
	u64 clock_task;
	int cpu;
};

struct task_group {
	struct cgroup_subsys_state css;
};

struct bpf_iter_meta {
	union {
		void *seq;
	};
};

struct bpf_local_storage_map {
	bool bpf_ma;
};

struct bpf_iter__task {
	union {
		struct bpf_iter_meta *meta;
	};
	union {
		struct task_struct *task;
	};
};

struct rqspinlock_held {
};

#pragma clang attribute pop

#endif
