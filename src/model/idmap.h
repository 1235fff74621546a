/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A hash table from an identity of two numbers (pid and start time, key and 0) to a pointer.
 */
#ifndef STEALSCOPE_IDMAP_H
#define STEALSCOPE_IDMAP_H

#include <stddef.h>
#include <stdint.h>

struct idmap {
	struct idmap_entry *entries;
	size_t mask;
};

/* Room for @max entries. -ENOMEM. */
int idmap_init(struct idmap *map, size_t max);
void idmap_free(struct idmap *map);

/* @value is not NULL and not owned. The first value put for an identity stays. */
void idmap_put(struct idmap *map, uint64_t a, uint64_t b, void *value);
/* NULL if there is none. */
void *idmap_get(const struct idmap *map, uint64_t a, uint64_t b);

#endif
