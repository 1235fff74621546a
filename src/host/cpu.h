/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The host's CPUs.
 */
#ifndef STEALSCOPE_HOST_CPU_H
#define STEALSCOPE_HOST_CPU_H

#include <stdint.h>

/*
 * CPU time of all CPUs since boot in nanoseconds, in steps of a clock tick, as the kernel counts:
 * user holds guest, nice holds guest_nice.
 */
struct cpu_times {
	unsigned int cpus; /* online */
	uint64_t user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice;
};

/* Parse /proc/stat; @hz: clock ticks per second. 0 or -EINVAL. */
int cpu_parse_times(const char *text, uint64_t hz, struct cpu_times *ret);

/* From procfs mounted at @proc. 0 or -errno. */
int cpu_read_times(const char *proc, struct cpu_times *ret);

/*
 * The number above the highest that a CPU can ever have here, which is how many per-CPU things to
 * make room for: numbers may have gaps ("0-3,8-11" are 12), so that it is no count of CPUs. @sys is
 * "/sys". -EINVAL: the kernel's list is none; -errno.
 */
int cpu_possible_end(const char *sys);

/* The NUMA node of @cpu, 0 or higher; -ENOENT: the kernel knows of none. @sys is "/sys". */
int cpu_numa_node(const char *sys, unsigned int cpu);

#endif
