// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)64 << 10)

struct arena_block {
	struct arena_block *older;
	size_t size;
	alignas(max_align_t) unsigned char bytes[];
};

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t align = alignof(max_align_t);
	struct arena_block *block = arena->blocks;

	if (size > SIZE_MAX - BLOCK_SIZE)
		return NULL;
	size = (size + align - 1) & ~(align - 1);
	if (!block || arena->left < size) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

		block = calloc(1, sizeof(*block) + room);
		if (!block)
			return NULL;
		block->size = room;
		block->older = arena->blocks;
		arena->blocks = block;
		arena->left = room;
	}
	arena->left -= size;
	return block->bytes + block->size - arena->left - size;
}

void *arena_array(struct arena *arena, size_t nr, size_t size)
{
	if (size && nr > SIZE_MAX / size)
		return NULL;
	return arena_alloc(arena, nr * size);
}

char *arena_strdup(struct arena *arena, const char *s)
{
	size_t size;
	char *copy;

	if (!s)
		return NULL;
	size = strlen(s) + 1;
	copy = arena_alloc(arena, size);
	return copy ? memcpy(copy, s, size) : NULL;
}

void arena_join(struct arena *to, struct arena *from)
{
	struct arena_block **last = &to->blocks;

	if (!to->blocks)
		to->left = from->left;
	while (*last)
		last = &(*last)->older;
	*last = from->blocks;
	*from = (struct arena){0};
}

void arena_free(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->older;
		free(block);
	}
	arena->left = 0;
}
