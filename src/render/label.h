/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names of victims and thieves, put together piece by piece, never wider than their column.
 */
#ifndef STEALSCOPE_LABEL_H
#define STEALSCOPE_LABEL_H

#include "render/render.h"

/* Set @options and @max (columns), zero the rest. @text is safe on a terminal. */
struct label {
	const struct render_options *options;
	size_t max, cols, len;
	char text[1024];
};

/* At most @max columns of @s, escaped. */
void label_append(struct label *label, const char *s, size_t max);

/* "web-01/vcpu 3": a long name is cut, what comes after it is not. */
void label_member(struct label *label, const char *domain, enum role role, int index);

/* "stress (pid 123, user.slice)" */
void label_process(struct label *label, const struct actor *actor);

/* Who had the CPU in a row of blame: the thread, role or domain, as @by says. */
void label_thief(struct label *label, const struct blame *row, enum report_by by);

#endif
