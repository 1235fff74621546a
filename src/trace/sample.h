/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Slots to plain values: fills a snapshot.
 */
#ifndef STEALSCOPE_SAMPLE_H
#define STEALSCOPE_SAMPLE_H

#include "host/domain.h"
#include "model/snapshot.h"
#include "model/wait.h"
#include "trace/tracer.h"
#include "trace/watched.h"

struct sampler;

/* Borrows all three. -ENOMEM. */
int sampler_new(struct tracer *tracer, struct registry *registry, struct watched_table *watched,
		struct sampler **ret_sampler);
void sampler_free(struct sampler *sampler);

/* All but trace.dropped. Slots of dead threads are marked last_taken. 0 or -errno. */
int sampler_take(struct sampler *sampler, struct snapshot *ret_snap);

/* A wait's event with names, valid until the next call. */
void sampler_wait(struct sampler *sampler, const struct event *event, struct long_wait *ret_wait);

#endif
