/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What this host and its kernel can: every condition of tracing, checked by itself, so that the
 * message names the one that is missing and says what to do.
 */
#ifndef STEALSCOPE_PROBE_H
#define STEALSCOPE_PROBE_H

#include <stddef.h>

enum support {
	SUPPORT_OK,
	SUPPORT_LIMITED, /* works, but says less */
	SUPPORT_MISSING, /* cannot be traced */
};

struct finding {
	const char *what; /* "privilege", "BTF", … */
	enum support support;
	char detail[160]; /* what was found */
	char advice[240]; /* what to do about it; empty when there is nothing to do */
};

#define PROBE_MAX 16

struct probe {
	struct finding findings[PROBE_MAX];
	size_t nr;
};

void probe_host(struct probe *ret_probe);

/* Adds whether the kernel takes the programs, by giving them to it for a moment. */
void probe_load(struct probe *probe);

/* The first finding that makes tracing impossible, or NULL. */
const struct finding *probe_blocker(const struct probe *probe);

#endif
