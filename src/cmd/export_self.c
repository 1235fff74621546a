// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/export_self.h"

#include <sys/resource.h>

#include "base/clock.h"
#include "base/self.h"
#include "source/live.h"

void export_self_init(struct export_self *self)
{
	*self = (struct export_self){
		.fds = opendir("/proc/self/fd"),
		.values = {.version = VERSION, .start_ns = clock_ns(CLOCK_REALTIME)},
	};
	self->values.programs = self->programs;
}

void export_self_free(struct export_self *self)
{
	if (self->fds)
		closedir(self->fds);
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

static size_t program_costs(const struct source *source, struct prom_program *programs)
{
	struct program_cost costs[EXPORT_PROGRAMS];
	size_t nr = source_live_cost(source, costs, EXPORT_PROGRAMS);

	for (size_t i = 0; i < nr; i++)
		programs[i] = (struct prom_program){costs[i].name, costs[i].ns, costs[i].runs};
	return nr;
}

void export_self_update(struct export_self *self, const struct source *source)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_NOFILE, &limit);
	self->values.cpu_ns = self_cpu_ns();
	self->values.rss_bytes = self_rss_bytes();
	self->values.fds = count_fds(self->fds);
	self->values.max_fds = limit.rlim_cur;
	self->values.nr_programs = program_costs(source, self->programs);
}
