// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "host/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "host/cgroup.h"
#include "host/procfs.h"

char *unit_of_process(const char *proc, pid_t pid)
{
	cleanup(cgroup_paths_free) struct cgroup_paths paths = {0};
	autoclose int dir = proc_open(AT_FDCWD, proc);
	autotext struct text text = {0};
	const char *path, *unit;
	char file[32];
	size_t len;

	snprintf(file, sizeof(file), "%d/cgroup", pid);
	if (dir < 0 || proc_read(dir, file, &text) || cgroup_parse_paths(text.data, &paths))
		return NULL;
	path = cgroup_service_path(&paths);
	unit = path ? cgroup_unit(path, &len) : NULL;
	return unit ? strndup(unit, len) : NULL;
}
