/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The loop of every command that shows what happens: timer and signals -> snapshot -> report ->
 * renderer. Snapshots come from a source, and are recorded on the way if that is asked for.
 */
#ifndef STEALSCOPE_SESSION_H
#define STEALSCOPE_SESSION_H

#include "base/globs.h"
#include "model/long_wait.h"
#include "model/report.h"
#include "source/source.h"

struct session;

struct session_config {
	struct source *source;	     /* borrowed, as all here */
	const struct globs *domains; /* that reports are limited to */
	uint64_t interval_ns;	     /* 0: one report, at the end; a recording has its own */
	uint64_t count;		     /* of reports, 0: no end */
	const char *record;	     /* append what the source gives to this file, NULL */
};

struct session_ops {
	/* One report per interval; without intervals one, at the end. 0, or -errno ends the loop.
	 */
	int (*report)(const struct report *report, void *data);
	/* Instead of @report: the report becomes the callback's, to be freed by report_free(). */
	int (*keep)(struct report *report, void *data);
	/* A wait over the threshold; NULL: none are asked for. Valid during the call. */
	void (*wait)(const struct long_wait *wait, void *data);
	/*
	 * Optional: the source is open. May set @ret_fd to a descriptor, which it keeps, for the
	 * loop to poll as well. 0 or -errno.
	 */
	int (*start)(struct session *session, int *ret_fd, void *data);
	/* That descriptor is readable. 0, or -errno ends the loop. */
	int (*ready)(struct session *session, void *data);
	bool quiet; /* neither announce the start nor print the last, unfinished interval */
};

/*
 * Until the count is reached, the source ends or a signal comes. 0, or -errno, which was logged: a
 * reader of our output that has seen enough is no error.
 */
int session_run(const struct session_config *config, const struct session_ops *ops, void *data);

/* For the callbacks: end the interval now (calls ops->report); change its length; end the loop. */
int session_report_now(struct session *session);
int session_set_interval(struct session *session, uint64_t interval_ns);
void session_stop(struct session *session);

#endif
