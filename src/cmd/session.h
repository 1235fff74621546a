/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The loop of every command that traces: timer and signals -> snapshot -> report -> renderer.
 */
#ifndef STEALSCOPE_SESSION_H
#define STEALSCOPE_SESSION_H

#include "cmd/options.h"
#include "model/report.h"
#include "model/wait.h"

struct program_cost;
struct session;

struct session_ops {
	/* One report per interval; without intervals one, at the end. 0, or -errno ends the loop.
	 */
	int (*report)(const struct report *report, void *data);
	/* Instead of @report: the report becomes the callback's, to be freed by report_free(). */
	int (*keep)(struct report *report, void *data);
	/* A wait over the threshold; NULL: none are asked for. Valid during the call. */
	void (*wait)(const struct long_wait *wait, void *data);
	/*
	 * Optional: tracing has begun. May set @ret_fd to a descriptor, which it keeps, for the
	 * loop to poll as well. 0 or -errno.
	 */
	int (*start)(struct session *session, int *ret_fd, void *data);
	/* That descriptor is readable. 0, or -errno ends the loop. */
	int (*ready)(struct session *session, void *data);
	bool quiet; /* neither announce the start nor print the last, unfinished interval */
};

/* Trace as @options say until the count is reached or a signal comes. The exit status. */
int session_run(const struct options *options, const struct session_ops *ops, void *data);

/* For the callbacks: end the interval now (calls ops->report); change its length; end the loop. */
int session_report_now(struct session *session);
int session_set_interval(struct session *session, uint64_t interval_ns);
void session_stop(struct session *session);

/* Before privileges are dropped; see tracer_seal(). 0 or -errno. */
int session_seal(struct session *session);

/* Cost of each BPF program so far; see tracer_cost(). */
size_t session_cost(struct session *session, struct program_cost *costs, size_t nr);

#endif
