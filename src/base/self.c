// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/self.h"

#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"

uint64_t self_cpu_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

/* Second field of statm, in pages (fs/proc/array.c: proc_pid_statm()). */
uint64_t self_rss_bytes(void)
{
	autofclose FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (!file || fscanf(file, "%*u %lu", &pages) != 1)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
