/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A recording: a file of JSON lines. A snapshot's line ends an interval; the long waits that ended
 * in it stand before, if `watch` recorded.
 *
 *	{"schema":"stealscope.long_wait/1",…}	model/long_wait.h
 *	{"schema":"stealscope.snapshot/1",…}	model/snapshot_json.h
 */
#ifndef STEALSCOPE_RECORDING_H
#define STEALSCOPE_RECORDING_H

#include <stdio.h>

#include "model/long_wait.h"
#include "model/snapshot.h"

/* What a line holds. */
enum recorded_kind { RECORDED_SNAPSHOT, RECORDED_WAIT };

struct recorded {
	enum recorded_kind kind;
	struct snapshot snap;  /* RECORDED_SNAPSHOT */
	struct long_wait wait; /* RECORDED_WAIT */
	struct arena arena;    /* of the wait */
};

/* Write a line. 0 or -errno. */
int recording_add_snapshot(FILE *out, const struct snapshot *snap);
int recording_add_wait(FILE *out, const struct long_wait *wait);

/*
 * Read the next line: what it holds is the caller's, to be freed by recorded_free(), or, of a
 * snapshot, by snapshot_free(). -ENODATA: the end of the file; -EINVAL: the line is not one of a
 * recording; -EIO; -ENOMEM.
 */
int recording_read(FILE *in, struct recorded *ret_recorded);
void recorded_free(struct recorded *recorded);

#endif
