/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How long a program ran each time, for the benchmark: on the kernel side, and summed on the host.
 */
#ifndef STEALSCOPE_HOOK_TIMES_H
#define STEALSCOPE_HOOK_TIMES_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define LONG_RUN_NS 2000U

struct hook_times {
	__u64 runs;
	__u64 over; /* of them, longer than LONG_RUN_NS */
	__u64 longest_ns;
};

static inline __attribute__((always_inline)) void hook_times_add(struct hook_times *times, __u64 ns)
{
	times->runs++;
	times->over += ns > LONG_RUN_NS;
	if (ns > times->longest_ns)
		times->longest_ns = ns;
}

static inline __attribute__((always_inline)) void hook_times_merge(struct hook_times *to,
								   const struct hook_times *from)
{
	to->runs += from->runs;
	to->over += from->over;
	if (from->longest_ns > to->longest_ns)
		to->longest_ns = from->longest_ns;
}

#endif
