// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The CPU limits of a cgroup and its ancestors; declared in cgroup.h. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/cgroup.h"
#include "host/procfs.h"
#include "host/vm/role.h"

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

/* What a cgroup's limit leaves to a thread that shares it with the vCPUs; INFINITY: no limit. */
static double share_of(const struct cgroup_cpu *cpu)
{
	if (cpu->quota_us < 0)
		return INFINITY;
	return (double)cpu->quota_us / ((double)cpu->period_us * cpu->vcpus);
}

/* The limit of the cgroup at @dir alone; of its fields the weight is not set. */
static struct cgroup_cpu read_limit(int dir, bool v1, unsigned int vcpus)
{
	struct cgroup_cpu cpu = {-1, -1, vcpus, -1};
	int err;

	if (v1)
		err = read_s64(dir, "cpu.cfs_quota_us", &cpu.quota_us)
			      ?: read_s64(dir, "cpu.cfs_period_us", &cpu.period_us);
	else
		err = read_max(dir, &cpu.quota_us, &cpu.period_us);
	if (err || cpu.quota_us <= 0 || cpu.period_us <= 0)
		cpu.quota_us = -1;
	return cpu;
}

/*
 * Take what the cgroup at @dir, with so many of the domain's vCPUs in it, adds to @cpu, which holds
 * what the cgroups below it say. @inner: it is inside the domain's, whose weight it only shares out
 * unless it was given one of its own.
 */
static void add_limits(int dir, bool v1, bool inner, unsigned int vcpus, struct cgroup_cpu *cpu)
{
	struct cgroup_cpu limit = read_limit(dir, v1, vcpus);
	int64_t weight;

	if (share_of(&limit) < share_of(cpu)) {
		limit.weight = cpu->weight;
		*cpu = limit;
	}
	if (cpu->weight < 0 && !read_s64(dir, v1 ? "cpu.shares" : "cpu.weight", &weight) &&
	    (!inner || weight != (v1 ? SHARES_DEFAULT : WEIGHT_DEFAULT)))
		cpu->weight = weight;
}

/* Is @path @dir or below it? "" is the root. */
static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && (!path[len] || path[len] == '/');
}

/* @path as seen below the mount, "" for its root: NULL if the mount does not show it. */
static const char *below_root(const char *path, const char *root)
{
	/* "/..": outside of our cgroup namespace, cgroup_namespaces(7) */
	if (is_below(path, "/..") || *path != '/')
		return NULL;
	if (strcmp(root, "/")) {
		if (!is_below(path, root))
			return NULL;
		path += strlen(root);
	}
	return strcmp(path, "/") ? path : "";
}

/* How many of @vcpus live below @dir of the mount? At least one is who asks. */
static unsigned int count_vcpus(const struct cgroup_vcpus *vcpus, const char *root, const char *dir)
{
	unsigned int nr = 0;

	for (size_t i = 0; i < vcpus->nr; i++) {
		const char *path = below_root(vcpus->paths[i], root);

		nr += path && is_below(path, dir);
	}
	return nr ? nr : 1;
}

void cgroup_read_cpu(const struct cgroup_mounts *mounts, const struct cgroup_paths *paths,
		     const struct cgroup_vcpus *vcpus, struct cgroup_cpu *ret)
{
	bool v1 = paths->cpu;
	const struct cgroup_mount *mount = v1 ? &mounts->cpu : &mounts->unified;
	const char *path = cgroup_cpu_path(paths);
	autofree char *level = NULL;
	autoclose int top = -1;
	struct role_guess guess;
	char *slash;
	bool inner;

	*ret = (struct cgroup_cpu){-1, -1, 0, -1};
	path = path && mount->point ? below_root(path, mount->root) : NULL;
	level = path ? strdup(path) : NULL;
	if (!level)
		return;
	top = proc_open(AT_FDCWD, mount->point);
	inner = role_from_cgroup(path, &guess);
	for (;;) {
		autoclose int dir = proc_open(top, *level ? level + 1 : ".");

		if (dir >= 0)
			add_limits(dir, v1, inner, count_vcpus(vcpus, mount->root, level), ret);
		slash = strrchr(level, '/');
		if (!slash)
			return;
		*slash = '\0';
		inner = inner && (slash = strrchr(level, '/')) && !strcmp(slash, "/libvirt");
	}
}

void cgroup_vcpus_free(struct cgroup_vcpus *vcpus)
{
	for (size_t i = 0; i < vcpus->nr; i++)
		free(vcpus->paths[i]);
	free(vcpus->paths);
	*vcpus = (struct cgroup_vcpus){0};
}
