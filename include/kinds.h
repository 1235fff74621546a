/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The project's small vocabularies: thread roles, kinds of a wait, causes of steal.
 *
 * Each is one table: BPF programs, parsers, renderers, help, man pages, README and tests follow
 * from it (model/names.h, options_dump.c, docs/fill). The order is part of the file formats:
 * entries are only ever appended.
 */
#ifndef STEALSCOPE_KINDS_H
#define STEALSCOPE_KINDS_H

/* id, name, what such a thread is for */
#define ROLES(X)                                                                        \
	X(VCPU, "vcpu", "runs a virtual CPU of the guest")                              \
	X(IOTHREAD, "iothread", "serves disks or other devices in an iothread of QEMU") \
	X(VHOST, "vhost", "is a vhost worker of the kernel")                            \
	X(EMULATOR, "emulator", "is any other thread of the domain")

/* id, name, bar character, colour of eight, of 256, how such a wait begins */
#define WAIT_KINDS(X)                                                             \
	X(WAKEUP, "wakeup", '*', CYAN, 37, "the thread was asleep and was woken") \
	X(PREEMPT, "preempt", '#', YELLOW, 172, "the thread was switched out while runnable")

/*
 * id, name, letter, colour of eight, of 256, weight, who took the time (enum thief_kind), what it
 * means, what to do about it
 */
#define CAUSES(X)                                                                          \
	X(QUOTA, "quota", 'q', MAGENTA, 135, NORMAL, NOBODY,                               \
	  "its own CPU limit was used up (cpu.max, vcpu_quota)",                           \
	  "raise the limit; nothing was stolen")                                           \
	X(VM, "vm", 'v', RED, 160, NORMAL, DOMAIN, "a thread of another domain ran",       \
	  "move or limit that domain")                                                     \
	X(SELF, "self", 's', YELLOW, 220, NORMAL, SIBLING,                                 \
	  "a thread of the same domain ran (vCPU, iothread, emulator)", "fix the pinning") \
	X(HOST, "host", 'h', BLUE, 33, NORMAL, HOST, "a process outside every domain ran", \
	  "move it off those CPUs")                                                        \
	X(KERNEL, "kernel", 'k', CYAN, 37, NORMAL, KERNEL, "a kernel thread ran",          \
	  "find out which one (blame) and what drives it")                                 \
	X(IDLE, "idle", 'i', GREEN, 108, NORMAL, IDLE,                                     \
	  "the CPU was idle: wakeup interrupt, C-state exit, forced idle",                 \
	  "microseconds are normal; if it is more, check the C-states")                    \
	X(PHANTOM, "phantom", 'p', WHITE, 240, DIM, NOBODY,                                \
	  "the kernel counted sleep as steal (Linux 6.12 and later)",                      \
	  "nothing to do; nothing was stolen")                                             \
	X(UNKNOWN, "unknown", '?', WHITE, 213, BOLD, NOBODY,                               \
	  "not covered by the record; not guessed", "see the warnings at the end of the report")

/* Whose doing the time of a cause is. */
enum thief_kind {
	THIEF_NOBODY,
	THIEF_DOMAIN,  /* another domain */
	THIEF_SIBLING, /* a thread of the same domain */
	THIEF_HOST,
	THIEF_KERNEL,
	THIEF_IDLE, /* the idle task */
};

#define ROLE_ENUM(id, ...) ROLE_##id,
#define WAIT_ENUM(id, ...) WAIT_##id,
#define CAUSE_ENUM(id, ...) CAUSE_##id,

enum role { ROLES(ROLE_ENUM) NR_ROLES };
enum wait_kind { WAIT_KINDS(WAIT_ENUM) NR_WAIT_KINDS };
enum cause { CAUSES(CAUSE_ENUM) NR_CAUSES };

#undef ROLE_ENUM
#undef WAIT_ENUM
#undef CAUSE_ENUM

/* Powers of two: BPF programs bound an index by them. */
#define MAX_WAIT_KINDS 2
#define MAX_CAUSES 8

_Static_assert(NR_WAIT_KINDS <= MAX_WAIT_KINDS && !(MAX_WAIT_KINDS & (MAX_WAIT_KINDS - 1)),
	       "raise MAX_WAIT_KINDS to the next power of two");
_Static_assert(NR_CAUSES <= MAX_CAUSES && !(MAX_CAUSES & (MAX_CAUSES - 1)),
	       "raise MAX_CAUSES to the next power of two");

#endif
