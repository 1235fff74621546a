/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where snapshots come from: the running kernel (live.h), or a recording (file.h).
 */
#ifndef STEALSCOPE_SOURCE_H
#define STEALSCOPE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "model/long_wait.h"
#include "model/snapshot.h"

struct source;

/* A long wait; valid during the call. */
typedef void source_wait_fn(const struct long_wait *wait, void *data);

struct source_ops {
	/*
	 * Live: the counters of now, which ends the epoch: maxima and thieves are since the last
	 * one. A recording: its next snapshot. The caller's, to be freed by snapshot_free().
	 * -ENODATA: there are no more. Other -errno; -EBADMSG: what is wrong was logged.
	 */
	int (*snapshot)(struct source *source, struct snapshot *ret_snap);
	/* Optional. To be called a few times a second: follow what comes and goes. 0 or -errno. */
	int (*poll)(struct source *source);
	void (*close)(struct source *source);
};

/* The first member of each kind of source. */
struct source {
	const struct source_ops *ops;
	const char *name; /* in what is said of an error */
	bool recorded; /* intervals are the recording's: snapshots are there as fast as asked for */
	/* Called from poll() and snapshot() for each long wait; NULL: nobody asks. */
	source_wait_fn *on_wait;
	void *on_wait_data;
};

static inline void source_close(struct source *source)
{
	if (source)
		source->ops->close(source);
}

#endif
