/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Slots to plain values: fills a snapshot.
 */
#ifndef STEALSCOPE_COLLECT_H
#define STEALSCOPE_COLLECT_H

#include "host/subject/registry.h"
#include "model/snapshot.h"
#include "model/long_wait.h"
#include "trace/tracer.h"
#include "trace/watched.h"

struct collector;

/* Borrows all three. -ENOMEM. */
int collector_new(struct tracer *tracer, struct registry *registry, struct watched_table *watched,
		  struct collector **ret_collector);
void collector_free(struct collector *collector);

/* Keep the last counts of a slot whose thread has left for the next snapshot; it is marked taken. 0
 * or -errno. */
int collector_depart(struct collector *collector, uint32_t index);

/* All but trace.dropped. Slots of threads that have left are marked taken. 0 or -errno. */
int collector_take(struct collector *collector, struct snapshot *ret_snap);

/* A wait's event with names, valid until the next call. */
void collector_wait(struct collector *collector, const struct wait_event *event,
		    struct long_wait *ret_wait);

#endif
