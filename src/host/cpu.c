// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "host/cpu.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/procfs.h"

#define NSEC_PER_SEC 1000000000ULL

/* Lines "cpuN …" of CPUs that are online; offline ones have none. */
static unsigned int count_cpus(const char *text)
{
	unsigned int nr = 0;

	while ((text = strstr(text, "\ncpu"))) {
		text += strlen("\ncpu");
		nr += *text >= '0' && *text <= '9';
	}
	return nr;
}

int cpu_parse_times(const char *text, uint64_t hz, struct cpu_times *ret)
{
	enum { FIELDS = 10 };
	uint64_t ns[FIELDS];
	const char *at = text + strlen("cpu");

	if (strncmp(text, "cpu ", 4) || !hz)
		return -EINVAL;
	for (size_t i = 0; i < FIELDS; i++) {
		char *end;
		unsigned long long ticks = strtoull(at, &end, 10);

		if (end == at)
			return -EINVAL;
		ns[i] = ticks / hz * NSEC_PER_SEC + ticks % hz * NSEC_PER_SEC / hz;
		at = end;
	}
	*ret = (struct cpu_times){count_cpus(at), ns[0], ns[1], ns[2], ns[3], ns[4],
				  ns[5],	  ns[6], ns[7], ns[8], ns[9]};
	return 0;
}

int cpu_read_times(const char *proc, struct cpu_times *ret)
{
	autoclose int dir = proc_open(AT_FDCWD, proc);
	autotext struct text text = {0};
	int err = dir < 0 ? dir : proc_read(dir, "stat", &text);

	return err ? err : cpu_parse_times(text.data, (uint64_t)sysconf(_SC_CLK_TCK), ret);
}

/* "3" or "0-3" at *@at, which is moved behind it. */
static int parse_range(const char **at, uint64_t *ret_first, uint64_t *ret_last)
{
	char *end;

	if (**at < '0' || **at > '9')
		return -EINVAL;
	*ret_first = *ret_last = strtoull(*at, &end, 10);
	if (*end == '-') {
		if (end[1] < '0' || end[1] > '9')
			return -EINVAL;
		*ret_last = strtoull(end + 1, &end, 10);
	}
	*at = end;
	return *ret_last < *ret_first ? -EINVAL : 0;
}

/* One above the last number of "0-3,8-11", which ascends (%*pbl in lib/vsprintf.c). */
static int parse_list_end(const char *text)
{
	uint64_t next = 0;

	for (;;) {
		uint64_t first, last;

		if (parse_range(&text, &first, &last) || first < next || last >= INT_MAX)
			return -EINVAL;
		next = last + 1;
		if (*text != ',')
			break;
		text++;
	}
	return !*text || !strcmp(text, "\n") ? (int)next : -EINVAL;
}

int cpu_possible_end(const char *sys)
{
	autoclose int dir = proc_open(AT_FDCWD, sys);
	autotext struct text text = {0};
	int err = dir < 0 ? dir : proc_read(dir, "devices/system/cpu/possible", &text);

	return err ? err : parse_list_end(text.data);
}

/* /sys/devices/system/cpu/cpuN/ holds a link "nodeM". */
int cpu_numa_node(const char *sys, unsigned int cpu)
{
	autoclosedir DIR *dir = NULL;
	autofree char *path = NULL;
	const struct dirent *entry;

	if (asprintf(&path, "%s/devices/system/cpu/cpu%u", sys, cpu) < 0) {
		path = NULL; /* undefined after a failure */
		return -ENOMEM;
	}
	dir = opendir(path);
	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		int node, len = 0;

		if (sscanf(entry->d_name, "node%d%n", &node, &len) == 1 && node >= 0 &&
		    !entry->d_name[len])
			return node;
	}
	return -ENOENT;
}
