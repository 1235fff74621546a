/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The service, or container, that a cgroup is of: systemd's unit, else the cgroup's path. Found by
 * the cgroup's id, which is its directory's inode number (fs/kernfs/inode.c), so that neither a
 * process that has ended nor one whose number was used again matters.
 */
#ifndef STEALSCOPE_HOST_UNITS_H
#define STEALSCOPE_HOST_UNITS_H

#include <stdint.h>
#include <sys/types.h>

struct units;

/* @proc: where procfs is mounted. -ENOMEM; -errno: it cannot be read. */
int units_new(const char *proc, struct units **ret_units);
void units_free(struct units *units);

/*
 * The unit of @cgroup, an id as in struct actor_name, malloc()ed; NULL for the root, for a cgroup
 * that is gone, or without memory. @pid, which may be gone, is where to look first; without its
 * help the cgroups are searched, once a second at most: ask again then.
 */
char *units_find(struct units *units, uint64_t cgroup, pid_t pid);

#endif
