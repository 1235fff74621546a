// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/export_self.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "trace/tracer.h"

#define SECOND 1000000000ULL

void export_self_init(struct export_self *self)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	*self = (struct export_self){
		.fds = opendir("/proc/self/fd"),
		.values = {.version = VERSION,
			   .start_ns = (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec},
	};
	self->values.programs = self->programs;
}

void export_self_free(struct export_self *self)
{
	if (self->fds)
		closedir(self->fds);
}

static uint64_t ns_of(struct timeval time)
{
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_usec * 1000;
}

static uint64_t count_fds(DIR *dir)
{
	const struct dirent *entry;
	uint64_t nr = 0;

	if (!dir)
		return 0;
	rewinddir(dir);
	while ((entry = readdir(dir)))
		nr += entry->d_name[0] != '.';
	return nr;
}

static uint64_t rss_bytes(void)
{
	autofclose FILE *file = fopen("/proc/self/statm", "re");
	unsigned long pages = 0;

	if (!file || fscanf(file, "%*u %lu", &pages) != 1)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static size_t program_costs(struct session *session, struct prom_program *programs)
{
	struct program_cost costs[EXPORT_PROGRAMS];
	size_t nr = session_cost(session, costs, EXPORT_PROGRAMS);

	for (size_t i = 0; i < nr; i++)
		programs[i] = (struct prom_program){costs[i].name, costs[i].ns, costs[i].runs};
	return nr;
}

void export_self_update(struct export_self *self, struct session *session)
{
	struct rlimit limit = {0};
	struct rusage usage = {0};

	getrusage(RUSAGE_SELF, &usage);
	getrlimit(RLIMIT_NOFILE, &limit);
	self->values.cpu_ns = ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
	self->values.rss_bytes = rss_bytes();
	self->values.fds = count_fds(self->fds);
	self->values.max_fds = limit.rlim_cur;
	self->values.nr_programs = program_costs(session, self->programs);
}
