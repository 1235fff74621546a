/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Facts on one process or thread, as procfs states them. The parsers are pure functions on
 * buffers; comm can hold any byte, a newline and ')' included.
 */
#ifndef STEALSCOPE_HOST_TASK_H
#define STEALSCOPE_HOST_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TASK_COMM_LEN 16

/* task_struct.flags, include/linux/sched.h. Their values have not changed since they were added. */
#define TASK_USER_WORKER 0x00004000U /* PF_USER_WORKER, 6.4+: vhost, kvm-nx-lpage-recovery */
#define TASK_KTHREAD 0x00200000U     /* PF_KTHREAD */

struct task_stat {
	pid_t pid;
	pid_t ppid;
	char state;
	char comm[TASK_COMM_LEN]; /* cut: kernel threads show longer names */
	uint32_t flags;
	uint32_t threads;
	uint64_t start; /* clock ticks since boot */
	int processor;
	/* Both random at each exec, unless hidden from us (0): they distinguish one program from
	 * the next.
	 */
	uint64_t start_stack;
	uint64_t arg_start;
};

struct task_syscall {
	bool running; /* runnable, so nothing else is known */
	long nr;      /* -1: not in a system call */
	uint64_t args[6];
};

/* 0 or -EINVAL. @text need not be terminated. */
int task_parse_stat(const char *text, size_t len, struct task_stat *ret);

/* 0 or -EINVAL. @text is terminated. */
int task_parse_syscall(const char *text, struct task_syscall *ret);

/* Of /proc/T/status: Cpus_allowed_list, malloc()ed, NULL if it is missing. */
char *task_parse_cpus_allowed(const char *text);

/* Of the same: in how many nested PID namespaces the task has a number; 0 if it does not say. */
unsigned int task_parse_pidns_depth(const char *text);

/* Of the same: the process that the task is a thread of; 0 if it does not say. */
pid_t task_parse_tgid(const char *text);

/* Of the same: the real user, which exec of a setuid program leaves; -1 if it does not say. */
uid_t task_parse_uid(const char *text);

/* Read @path ("stat", "task/12/stat") below the fd of /proc/P or /proc. 0 or -errno. */
int task_read_stat(int dir, const char *path, struct task_stat *ret);
int task_read_syscall(int dir, const char *path, struct task_syscall *ret);
int task_read_comm(int dir, const char *path, char ret_comm[TASK_COMM_LEN]);

#endif
