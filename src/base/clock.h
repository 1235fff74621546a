/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Clocks as one number, in nanoseconds. */
#ifndef STEALSCOPE_BASE_CLOCK_H
#define STEALSCOPE_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define MICROSECOND 1000ULL
#define MILLISECOND 1000000ULL
#define SECOND 1000000000ULL

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

static inline uint64_t mono_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

/* How long something took, and how much of a CPU: on a busy machine the two differ. */
struct stopwatch {
	uint64_t mono, cpu;
};

static inline struct stopwatch stopwatch_start(void)
{
	return (struct stopwatch){mono_ns(), clock_ns(CLOCK_PROCESS_CPUTIME_ID)};
}

#define STOPWATCH_FMT "%.1f ms, %.1f of CPU"
#define STOPWATCH_ARGS(watch)                     \
	(double)(mono_ns() - (watch).mono) / 1e6, \
		(double)(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - (watch).cpu) / 1e6

#endif
