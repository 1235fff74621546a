/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Labels of victims and thieves, assembled piece by piece, never wider than their column. */
#ifndef STEALSCOPE_LABEL_H
#define STEALSCOPE_LABEL_H

#include "render/render.h"

/* The caller sets @options and @max (columns) and zeroes the rest. @text is safe to print. */
struct label {
	const struct render_options *options;
	size_t max, cols, len;
	char text[1024];
};

/* Appends at most @max columns of @s, escaped. */
void label_append(struct label *label, const char *s, size_t max);

/* "web-01/vcpu 3": a long name is cut, what follows it is not. */
void label_member(struct label *label, const char *domain, enum role role, int index);

/* "stress (pid 123, user.slice)" */
void label_process(struct label *label, const struct actor *actor);

/* Who had the CPU in a row of blame: a thread, role or domain, depending on @by. */
void label_thief(struct label *label, const struct blame *row, enum report_by by);

#endif
