// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The CPU limits of a cgroup and its ancestors; declared in cgroup.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/cgroup.h"
#include "host/procfs.h"
#include "host/role.h"

/* What a cgroup has that was never given a weight (kernel/sched/sched.h: NICE_0_LOAD;
 * include/linux/cgroup.h: CGROUP_WEIGHT_DFL). */
#define SHARES_DEFAULT 1024
#define WEIGHT_DEFAULT 100

/* A number, negative ones included, followed by the end, a blank or a newline. */
static int scan_s64(const char *s, int64_t *ret, const char **ret_end)
{
	long long value;
	char *end;

	errno = 0;
	value = strtoll(s, &end, 10);
	if (end == s || errno || (*end && *end != '\n' && *end != ' '))
		return -EINVAL;
	*ret = value;
	if (ret_end)
		*ret_end = end;
	return 0;
}

int cgroup_parse_max(const char *text, int64_t *ret_quota_us, int64_t *ret_period_us)
{
	int64_t quota = -1, period;
	const char *rest = text + strlen("max");

	if (strncmp(text, "max ", 4)) {
		if (scan_s64(text, &quota, &rest) || quota < 0)
			return -EINVAL;
	}
	if (scan_s64(rest, &period, NULL) || period <= 0)
		return -EINVAL;
	*ret_quota_us = quota;
	*ret_period_us = period;
	return 0;
}

static int read_s64(int dir, const char *file, int64_t *ret)
{
	char buf[64];
	ssize_t len = proc_read_once(dir, file, buf, sizeof(buf));

	return len < 0 ? (int)len : scan_s64(buf, ret, NULL);
}

static int read_max(int dir, int64_t *ret_quota_us, int64_t *ret_period_us)
{
	char buf[64];
	ssize_t len = proc_read_once(dir, "cpu.max", buf, sizeof(buf));

	return len < 0 ? (int)len : cgroup_parse_max(buf, ret_quota_us, ret_period_us);
}

/* Is quota / period of @a below that of @b? */
static bool tighter(int64_t quota, int64_t period, const struct cgroup_cpu *than)
{
	return than->quota_us < 0 ||
	       (__int128)quota * than->period_us < (__int128)than->quota_us * period;
}

/*
 * Take what the cgroup at @dir adds to @cpu, which holds what the cgroups below it say. @inner: it
 * is inside the domain's, whose weight it only shares out unless it was given one of its own.
 */
static void add_limits(int dir, bool v1, bool inner, struct cgroup_cpu *cpu)
{
	int64_t quota, period, weight;
	int err;

	if (v1)
		err = read_s64(dir, "cpu.cfs_quota_us", &quota)
			      ?: read_s64(dir, "cpu.cfs_period_us", &period);
	else
		err = read_max(dir, &quota, &period);
	if (!err && quota > 0 && period > 0 && tighter(quota, period, cpu)) {
		cpu->quota_us = quota;
		cpu->period_us = period;
	}
	if (cpu->weight < 0 && !read_s64(dir, v1 ? "cpu.shares" : "cpu.weight", &weight) &&
	    (!inner || weight != (v1 ? SHARES_DEFAULT : WEIGHT_DEFAULT)))
		cpu->weight = weight;
}

/* @path as seen below the mount: NULL if the mount does not show it. */
static const char *below_root(const char *path, const char *root)
{
	size_t len = strlen(root);

	if (!strcmp(root, "/"))
		return path;
	if (strncmp(path, root, len) || (path[len] && path[len] != '/'))
		return NULL;
	return path + len;
}

void cgroup_read_cpu(const struct cgroup_mounts *mounts, const struct cgroup_paths *paths,
		     struct cgroup_cpu *ret)
{
	bool v1 = paths->cpu;
	const struct cgroup_mount *mount = v1 ? &mounts->cpu : &mounts->unified;
	const char *path = cgroup_cpu_path(paths);
	autofree char *full = NULL;
	struct role_guess guess;
	bool inner;
	size_t top;

	*ret = (struct cgroup_cpu){-1, -1, -1};
	path = path && mount->point ? below_root(path, mount->root) : NULL;
	if (!path || asprintf(&full, "%s/%s", mount->point, path) < 0) {
		full = NULL; /* undefined after a failure */
		return;
	}
	top = strlen(mount->point);
	inner = role_from_cgroup(path, &guess);
	for (;;) {
		autoclose int dir = proc_open(AT_FDCWD, full);
		char *slash;

		if (dir >= 0)
			add_limits(dir, v1, inner, ret);
		slash = strrchr(full, '/');
		if (!slash || (size_t)(slash - full) < top || strlen(full) <= top)
			return;
		*slash = '\0';
		inner = inner && (slash = strrchr(full, '/')) && !strcmp(slash, "/libvirt");
	}
}
