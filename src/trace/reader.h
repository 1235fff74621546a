/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Brings the slots and the registry of domains together: follows what the kernel side announces,
 * has new threads watched, and makes snapshots.
 */
#ifndef STEALSCOPE_READER_H
#define STEALSCOPE_READER_H

#include "host/subject/registry.h"
#include "model/snapshot.h"
#include "model/long_wait.h"
#include "trace/tracer.h"

struct reader;

/* Borrows both; the first scan is done here, so that what exists is watched on return. 0 or -errno.
 */
int reader_new(struct tracer *tracer, struct registry *registry, struct reader **ret_reader);
void reader_free(struct reader *reader);

/* Called from reader_poll() for every wait over the tracer's threshold; valid during the call. */
typedef void (*reader_wait_fn)(const struct long_wait *wait, void *data);
void reader_on_wait(struct reader *reader, reader_wait_fn fn, void *data);

/*
 * Take the kernel's notices: new vCPUs, threads, programs, renames, deaths; scan what they point
 * at, and everything every 30 s. To be called a few times a second. 0, or the first -errno (what
 * could be done was done).
 */
int reader_poll(struct reader *reader);

/* The counts of all watched threads now. Ends the epoch: maxima and thieves are since the last one.
 */
int reader_snapshot(struct reader *reader, struct snapshot *ret_snap);

#endif
