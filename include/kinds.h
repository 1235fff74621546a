/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The project's small vocabularies: thread roles, kinds of a wait, causes of steal.
 *
 * Each is one table, used by the BPF programs, the parsers, every renderer and the tests. The
 * order is part of the file formats: entries are only ever appended.
 */
#ifndef STEALSCOPE_KINDS_H
#define STEALSCOPE_KINDS_H

#define ROLES(X)                \
	X(VCPU, "vcpu")         \
	X(IOTHREAD, "iothread") \
	X(VHOST, "vhost")       \
	X(EMULATOR, "emulator")

#define WAIT_KINDS(X)       \
	X(WAKEUP, "wakeup") \
	X(PREEMPT, "preempt")

/* The third column is what the operator is told it means. */
#define CAUSES(X)                                                                          \
	X(QUOTA, "quota", "the thread's own CFS bandwidth limit")                          \
	X(VM, "vm", "a thread of another domain ran")                                      \
	X(SELF, "self", "a thread of the same domain ran")                                 \
	X(HOST, "host", "a user process outside every domain ran")                         \
	X(KERNEL, "kernel", "a kernel thread ran")                                         \
	X(IDLE, "idle", "the CPU was idle: wakeup interrupt, C-state exit, forced idle")   \
	X(PHANTOM, "phantom", "the kernel counted sleep as steal (6.12+); nothing stolen") \
	X(UNKNOWN, "unknown", "not covered by the record")

#define ROLE_ENUM(id, ...) ROLE_##id,
#define WAIT_ENUM(id, ...) WAIT_##id,
#define CAUSE_ENUM(id, ...) CAUSE_##id,

enum role { ROLES(ROLE_ENUM) NR_ROLES };
enum wait_kind { WAIT_KINDS(WAIT_ENUM) NR_WAIT_KINDS };
enum cause { CAUSES(CAUSE_ENUM) NR_CAUSES };

#undef ROLE_ENUM
#undef WAIT_ENUM
#undef CAUSE_ENUM

#endif
