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

/* Keep the last counts of a slot whose thread has left for the next snapshot; it is marked taken. 0
 * or -errno. */
int sampler_collect(struct sampler *sampler, uint32_t index);

/* All but trace.dropped. Slots of threads that have left are marked taken. 0 or -errno. */
int sampler_take(struct sampler *sampler, struct snapshot *ret_snap);

/* A wait's event with names, valid until the next call. */
void sampler_wait(struct sampler *sampler, const struct wait_event *event, struct long_wait *ret_wait);

#endif
