// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/globs.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>

int globs_add(struct globs *globs, const char *glob)
{
	const char **at = reallocarray(globs->at, globs->nr + 1, sizeof(*at));

	if (!at)
		return -ENOMEM;
	globs->at = at;
	globs->at[globs->nr++] = glob;
	return 0;
}

void globs_free(struct globs *globs)
{
	free(globs->at);
	*globs = (struct globs){0};
}

bool globs_match(const struct globs *globs, const char *name)
{
	for (size_t i = 0; i < globs->nr; i++)
		if (!fnmatch(globs->at[i], name, 0))
			return true;
	return !globs->nr;
}
