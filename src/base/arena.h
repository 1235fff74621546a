/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Memory that is freed all at once. A zeroed struct arena is empty and ready for use.
 */
#ifndef STEALSCOPE_ARENA_H
#define STEALSCOPE_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *blocks;
	size_t left; /* bytes unused in the newest block */
};

/* @size zeroed bytes, aligned for any type; NULL when out of memory. */
void *arena_alloc(struct arena *arena, size_t size);
/* The same for @nr elements of @size bytes; NULL also when the product overflows. */
void *arena_array(struct arena *arena, size_t nr, size_t size);
/* A copy of @s, which may be NULL (then NULL is returned). */
char *arena_strdup(struct arena *arena, const char *s);
/* What @from holds is @to's from now on. */
void arena_join(struct arena *to, struct arena *from);
void arena_free(struct arena *arena);

#endif
