// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/idmap.h"

#include <errno.h>
#include <stdlib.h>

struct idmap_entry {
	uint64_t a, b;
	void *value; /* NULL: free */
};

int idmap_init(struct idmap *map, size_t max)
{
	size_t size = 16;

	/* At most half full, so that probing is short and always ends. */
	while (size / 2 < max)
		size *= 2;
	map->entries = calloc(size, sizeof(*map->entries));
	if (!map->entries)
		return -ENOMEM;
	map->mask = size - 1;
	return 0;
}

void idmap_free(struct idmap *map)
{
	free(map->entries);
	map->entries = NULL;
}

static struct idmap_entry *find(const struct idmap *map, uint64_t a, uint64_t b)
{
	/* Fibonacci hashing: the high bits of the product depend on all bits. */
	uint64_t hash = (a * 0x9e3779b97f4a7c15ULL + b) * 0x9e3779b97f4a7c15ULL;
	size_t i = (size_t)(hash >> 32) & map->mask;

	while (map->entries[i].value && (map->entries[i].a != a || map->entries[i].b != b))
		i = (i + 1) & map->mask;
	return &map->entries[i];
}

void idmap_put(struct idmap *map, uint64_t a, uint64_t b, void *value)
{
	struct idmap_entry *entry = find(map, a, b);

	if (!entry->value)
		*entry = (struct idmap_entry){a, b, value};
}

void *idmap_get(const struct idmap *map, uint64_t a, uint64_t b)
{
	return find(map, a, b)->value;
}
