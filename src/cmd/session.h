/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The loop of every command that traces: timer and signals -> snapshot -> report -> renderer.
 */
#ifndef STEALSCOPE_SESSION_H
#define STEALSCOPE_SESSION_H

#include "cmd/options.h"
#include "model/report.h"
#include "slot.h"

struct session_ops {
	/* One report per interval; without intervals one, at the end. 0, or -errno ends the loop.
	 */
	int (*report)(const struct report *report, void *data);
	/* A wait over the threshold; NULL: none are asked for. */
	void (*wait)(const struct event *event, void *data);
};

/* Trace as @options say until the count is reached or a signal comes. The exit status. */
int session_run(const struct options *options, const struct session_ops *ops, void *data);

#endif
