/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names by shell patterns. */
#ifndef STEALSCOPE_BASE_GLOBS_H
#define STEALSCOPE_BASE_GLOBS_H

#include <stdbool.h>
#include <stddef.h>

struct globs {
	const char **at; /* malloc()ed; the patterns are borrowed */
	size_t nr;
};

/* 0 or -ENOMEM. */
int globs_add(struct globs *globs, const char *glob);
void globs_free(struct globs *globs);

/* @name matches one of them, or there is none. */
bool globs_match(const struct globs *globs, const char *name);

#endif
