// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "host/units.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "host/cgroup.h"
#include "host/procfs.h"
#include "slot.h"

/* A search costs a few microseconds a cgroup. */
#define SEARCH_EVERY_NS 1000000000ULL
#define SEARCH_DEPTH 16
#define SEARCH_MAX 65536

/* A cgroup that was found lately: all that runs in it is asked for one by one. */
struct found {
	uint64_t cgroup;
	char *unit;
};

#define NR_FOUND 256U

struct units {
	int proc;
	struct cgroup_mounts mounts;
	struct found found[NR_FOUND]; /* by the id */
	uint64_t searched_ns;
	unsigned int looked; /* at so many cgroups in the search under way */
};

int units_new(const char *proc, struct units **ret_units)
{
	struct units *units = calloc(1, sizeof(*units));
	autotext struct text text = {0};
	int err;

	if (!units)
		return -ENOMEM;
	units->proc = proc_open(AT_FDCWD, proc);
	err = units->proc < 0 ? units->proc : proc_read(units->proc, "self/mountinfo", &text);
	if (!err)
		err = cgroup_parse_mounts(text.data, &units->mounts);
	if (err) {
		units_free(units);
		return err;
	}
	*ret_units = units;
	return 0;
}

void units_free(struct units *units)
{
	if (!units)
		return;
	for (size_t i = 0; i < NR_FOUND; i++)
		free(units->found[i].unit);
	cleanup_close(&units->proc);
	cgroup_mounts_free(&units->mounts);
	free(units);
}

static char *unit_of_path(const char *path)
{
	size_t len;
	const char *unit = cgroup_unit(path, &len);

	return unit ? strndup(unit, len) : NULL;
}

static const struct cgroup_mount *mount_of(const struct units *units, uint64_t cgroup)
{
	return cgroup & CGROUP_V1 ? &units->mounts.cpu : &units->mounts.unified;
}

/* Is @path, of the mount's hierarchy, the cgroup with inode number @ino? */
static bool is_cgroup(const struct cgroup_mount *mount, const char *path, uint64_t ino)
{
	autofree char *full = NULL;
	struct stat st;

	if (!mount->point || strcmp(mount->root, "/") ||
	    asprintf(&full, "%s%s", mount->point, path) < 0) {
		full = NULL; /* undefined after a failure */
		return false;
	}
	return !stat(full, &st) && st.st_ino == ino;
}

static char *unit_of_process(struct units *units, uint64_t cgroup, pid_t pid)
{
	cleanup(cgroup_paths_free) struct cgroup_paths paths = {0};
	autotext struct text text = {0};
	const char *path;
	char file[32];

	snprintf(file, sizeof(file), "%d/cgroup", pid);
	if (proc_read(units->proc, file, &text) || cgroup_parse_paths(text.data, &paths))
		return NULL;
	path = cgroup & CGROUP_V1 ? paths.cpu : paths.unified;
	if (!path || !is_cgroup(mount_of(units, cgroup), path, cgroup & ~CGROUP_V1))
		return NULL;
	return unit_of_path(path);
}

/* The path of the cgroup with inode number @ino below the directory @at, malloc()ed, or NULL. */
static char *search(struct units *units, int at, const char *path, uint64_t ino, int depth)
{
	int fd = openat(at, *path ? strrchr(path, '/') + 1 : ".",
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	autoclosedir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char *found = NULL;

	if (fd >= 0 && !dir)
		close(fd);
	while (dir && !found && (entry = readdir(dir)) && units->looked < SEARCH_MAX) {
		autofree char *child = NULL;
		struct stat st;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.' ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		units->looked++;
		if (asprintf(&child, "%s/%s", path, entry->d_name) < 0) {
			child = NULL; /* undefined after a failure */
			break;
		}
		if (st.st_ino == ino)
			found = take_ptr(child);
		else if (depth)
			found = search(units, dirfd(dir), child, ino, depth - 1);
	}
	return found;
}

static char *unit_by_search(struct units *units, uint64_t cgroup)
{
	const struct cgroup_mount *mount = mount_of(units, cgroup);
	autofree char *path = NULL;
	autoclose int point = -1;

	if (!mount->point || mono_ns() - units->searched_ns < SEARCH_EVERY_NS)
		return NULL;
	units->searched_ns = mono_ns();
	units->looked = 0;
	point = open(mount->point, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (point >= 0)
		path = search(units, point, "", cgroup & ~CGROUP_V1, SEARCH_DEPTH);
	return path ? unit_of_path(path) : NULL;
}

/* A cgroup's id is not used again while the host is up: cgroups are numbered (fs/kernfs/dir.c). */
static void remember(struct units *units, uint64_t cgroup, const char *unit)
{
	struct found *found = &units->found[cgroup % NR_FOUND];

	free(found->unit);
	found->cgroup = cgroup;
	found->unit = strdup(unit);
}

char *units_find(struct units *units, uint64_t cgroup, pid_t pid)
{
	const struct found *found = &units->found[cgroup % NR_FOUND];
	char *unit;

	if (!cgroup)
		return NULL;
	if (found->cgroup == cgroup && found->unit)
		return strdup(found->unit);
	unit = unit_of_process(units, cgroup, pid);
	if (!unit)
		unit = unit_by_search(units, cgroup);
	if (unit)
		remember(units, cgroup, unit);
	return unit;
}
