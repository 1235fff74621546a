// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trace/capacity.h"

#include "slot.h"

/* What a watched thread may cost. */
#define THREAD_BYTES (12U << 10)

/* A CPU of a crowded host has some ten vCPUs and as many other threads of theirs. */
#define CPU_THREADS 256U

#define MIN_THREADS 4096U
#define HOST_SHARE 512U	  /* of the memory, for threads that may come */
#define PRESENT_SHARE 16U /* of the memory, for threads that are there */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

unsigned int capacity_default(size_t threads, unsigned int cpus, uint64_t bytes)
{
	uint64_t may_come = least((uint64_t)cpus * CPU_THREADS, bytes / HOST_SHARE / THREAD_BYTES);
	uint64_t present = least(2 * (uint64_t)threads, bytes / PRESENT_SHARE / THREAD_BYTES);
	uint64_t want = may_come > present ? may_come : present;

	if (want < MIN_THREADS)
		want = MIN_THREADS;
	return (unsigned int)least(want, MAX_SLOTS - 1);
}
