// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "host/placement.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "host/cpu.h"
#include "host/procfs.h"
#include "host/task.h"

struct placer {
	int proc;
	char *sys;
	struct cgroup_mounts mounts;
	struct text text;
	struct cgroup_vcpus vcpus; /* of the domain */
	/* The limits read last: the threads of a domain share few cgroups, and come in a row. */
	char *cgroup;
	struct cgroup_cpu limits;
};

int placer_new(const char *proc, const char *sys, struct placer **ret)
{
	struct placer *placer = calloc(1, sizeof(*placer));
	int err;

	if (!placer)
		return -ENOMEM;
	placer->proc = proc_open(AT_FDCWD, proc);
	placer->sys = strdup(sys);
	err = placer->proc < 0 ? placer->proc : placer->sys ? 0 : -ENOMEM;
	if (!err)
		err = proc_read(placer->proc, "self/mountinfo", &placer->text);
	if (!err)
		err = cgroup_parse_mounts(placer->text.data, &placer->mounts);
	if (err) {
		placer_free(placer);
		return err;
	}
	*ret = placer;
	return 0;
}

void placer_free(struct placer *placer)
{
	if (!placer)
		return;
	cleanup_close(&placer->proc);
	cgroup_mounts_free(&placer->mounts);
	text_free(&placer->text);
	cgroup_vcpus_free(&placer->vcpus);
	free(placer->cgroup);
	free(placer->sys);
	free(placer);
}

void placement_free(struct placement *placement)
{
	free(placement->cpus_allowed);
	free(placement->cgroup);
	*placement = (struct placement){0};
}

static int read_paths(struct placer *placer, int dir, struct cgroup_paths *ret)
{
	return proc_read(dir, "cgroup", &placer->text)
		       ?: cgroup_parse_paths(placer->text.data, ret);
}

static int open_task(struct placer *placer, pid_t pid, pid_t tid)
{
	char path[64];

	snprintf(path, sizeof(path), "%d/task/%d", pid, tid);
	return proc_open(placer->proc, path);
}

/* -ENOMEM. */
static int add_vcpu(struct placer *placer, pid_t pid, pid_t tid)
{
	cleanup(cgroup_paths_free) struct cgroup_paths paths = {0};
	struct cgroup_vcpus *vcpus = &placer->vcpus;
	autoclose int dir = open_task(placer, pid, tid);
	const char *path;
	int err = dir < 0 ? dir : read_paths(placer, dir, &paths);

	path = err ? NULL : cgroup_cpu_path(&paths);
	if (!path)
		return err == -ENOMEM ? err : 0;
	vcpus->paths[vcpus->nr] = strdup(path);
	if (!vcpus->paths[vcpus->nr])
		return -ENOMEM;
	vcpus->nr++;
	return 0;
}

int placer_vcpus(struct placer *placer, pid_t pid, const pid_t *tids, size_t nr)
{
	int err = 0;

	cgroup_vcpus_free(&placer->vcpus);
	free(placer->cgroup); /* its limits were for another domain */
	placer->cgroup = NULL;
	placer->vcpus.paths = calloc(nr ? nr : 1, sizeof(*placer->vcpus.paths));
	if (!placer->vcpus.paths)
		return -ENOMEM;
	for (size_t i = 0; i < nr && !err; i++)
		err = add_vcpu(placer, pid, tids[i]);
	return err;
}

static int read_limits(struct placer *placer, int dir, struct placement *place)
{
	cleanup(cgroup_paths_free) struct cgroup_paths paths = {0};
	const char *path;
	int err = read_paths(placer, dir, &paths);

	if (err)
		return err;
	path = cgroup_cpu_path(&paths);
	if (!path)
		return 0;
	place->cgroup = strdup(path);
	if (!place->cgroup)
		return -ENOMEM;
	if (!placer->cgroup || strcmp(placer->cgroup, path)) {
		cgroup_read_cpu(&placer->mounts, &paths, &placer->vcpus, &placer->limits);
		free(placer->cgroup);
		placer->cgroup = strdup(path);
	}
	place->limits = placer->limits;
	return 0;
}

int placement_read(struct placer *placer, pid_t pid, pid_t tid, struct placement *ret)
{
	cleanup(placement_free) struct placement place = {.limits = {-1, -1, 0, -1},
							  .numa_node = -1};
	struct task_stat stat;
	autoclose int dir = open_task(placer, pid, tid);
	int err;

	if (dir < 0)
		return dir;
	err = task_read_stat(dir, "stat", &stat) ?: proc_read(dir, "status", &placer->text);
	if (err)
		return err;
	place.cpu = stat.processor;
	place.cpus_allowed = task_parse_cpus_allowed(placer->text.data);
	err = cpu_numa_node(placer->sys, (unsigned int)stat.processor);
	place.numa_node = err < 0 ? -1 : err;
	err = read_limits(placer, dir, &place);
	if (err)
		return err;
	*ret = place;
	place.cpus_allowed = NULL;
	place.cgroup = NULL;
	return 0;
}
