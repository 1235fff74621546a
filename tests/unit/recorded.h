/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef STEALSCOPE_TEST_RECORDED_H
#define STEALSCOPE_TEST_RECORDED_H

#include "model/recording.h"

/* The next line, which has to be a snapshot; as recording_read(). */
static inline int read_snapshot(FILE *in, struct snapshot *ret_snap)
{
	struct recorded recorded;
	int err = recording_read(in, &recorded);

	if (err)
		return err;
	*ret_snap = recorded.snap;
	return recorded.kind == RECORDED_SNAPSHOT ? 0 : -1;
}

#endif
