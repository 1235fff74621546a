/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A session as the options of a command say.
 */
#ifndef STEALSCOPE_RUN_H
#define STEALSCOPE_RUN_H

#include "cmd/options.h"
#include "cmd/session.h"

/* The recording of --input, else tracing, with long waits if @waits. Exit status. */
int run_open(const struct options *options, bool waits, struct source **ret_source);

/* Run a session on @source, which is closed. Exit status. */
int run_on(struct source *source, const struct options *options, const struct session_ops *ops,
	   void *data);

/* Both. */
int run(const struct options *options, const struct session_ops *ops, void *data);

#endif
