/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Control groups of a task, and the CPU limits that they put on it; v1, v2 and both at once.
 */
#ifndef STEALSCOPE_HOST_CGROUP_H
#define STEALSCOPE_HOST_CGROUP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* Paths of a task as /proc/T/cgroup lists them, malloc()ed, NULL where there is none. */
struct cgroup_paths {
	char *cpu;     /* v1, the hierarchy with the cpu controller */
	char *systemd; /* v1, name=systemd */
	char *unified; /* v2 */
};

/* Where the hierarchies that can limit CPU time are mounted, malloc()ed, NULL if they are not. */
struct cgroup_mount {
	char *point; /* directory */
	char *root;  /* which cgroup it shows */
};

struct cgroup_mounts {
	struct cgroup_mount cpu;     /* v1 */
	struct cgroup_mount unified; /* v2 */
};

struct cgroup_cpu {
	int64_t quota_us;   /* -1: no limit */
	int64_t period_us;  /* of that quota; -1 without one */
	unsigned int vcpus; /* of the domain that share it; 0 without one */
	int64_t weight;	    /* cpu.weight (1–10000) or, in v1, cpu.shares; -1: not known */
};

/* Parse /proc/T/cgroup. 0 or -ENOMEM; lines that are none are skipped. */
int cgroup_parse_paths(const char *text, struct cgroup_paths *ret);
void cgroup_paths_free(struct cgroup_paths *paths);

/* The path in the hierarchy that schedules CPU time: v1's if the controller is there, else v2's. */
const char *cgroup_cpu_path(const struct cgroup_paths *paths);

/* The path that says most about which service a task belongs to; NULL: the root in all. */
const char *cgroup_service_path(const struct cgroup_paths *paths);

/* Parse /proc/self/mountinfo. 0 or -ENOMEM. */
int cgroup_parse_mounts(const char *text, struct cgroup_mounts *ret);
void cgroup_mounts_free(struct cgroup_mounts *mounts);

/* Where the vCPUs of a domain are: paths as of cgroup_cpu_path(), malloc()ed. */
struct cgroup_vcpus {
	char **paths;
	size_t nr;
};

void cgroup_vcpus_free(struct cgroup_vcpus *vcpus);

/*
 * What limits a thread in the cgroup at @paths.
 *
 * Of its own limit and those of all ancestors, the one that leaves least to it while the domain is
 * busy: quota / period, shared by as many of @vcpus, its domain's, as live below that limit, one at
 * least. Eight vCPUs with 100 % of a CPU each, below 200 % for all, are held back by the latter.
 * Where two leave as much it is the inner one.
 *
 * The weight is that of the nearest cgroup that has one (not having one is v2's way to say that a
 * cgroup competes as part of its parent). In libvirt's cgroups of a domain's threads it is the
 * domain's weight (virsh schedinfo's cpu_shares), unless theirs was set. Without limits: -1.
 */
void cgroup_read_cpu(const struct cgroup_mounts *mounts, const struct cgroup_paths *paths,
		     const struct cgroup_vcpus *vcpus, struct cgroup_cpu *ret);

/* Parse a v2 cpu.max, "max 100000" or "20000 100000". 0 or -EINVAL. */
int cgroup_parse_max(const char *text, int64_t *ret_quota_us, int64_t *ret_period_us);

/*
 * What an operator acts upon of a cgroup path: its innermost component that ends in .service or
 * .scope, else, as for a container without systemd, the path itself. @ret_len is the length of the
 * part. NULL for the root, a login's session and what is only a slice.
 */
const char *cgroup_unit(const char *path, size_t *ret_len);

#endif
