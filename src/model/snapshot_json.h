/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A snapshot as JSON. The fields: one table for each struct, used to save and to load.
 *
 *	{"schema":"stealscope.snapshot/1","time_ns":…,"mono_ns":…,"host":{"cpus":…,"user":…,…},
 *	 "trace":{…},"actors":[{"key":…,"kind":"host","pid":…,"comm":"…",…}],
 *	 "domains":[{"name":"…",…,"threads":[{"role":"vcpu",…,"cause_ns":{…},
 *	   "waits":{"wakeup":{"count":…,"sum_ns":…,"max_ns":…,"bins":[[bucket,count],…]},…},
 *	   "thieves":[[key,ns],…]}]}]}
 *
 * What is missing is 0, what is not known is skipped: fields are only ever added. A string that is
 * no valid UTF-8 is saved as {"hex":"…"}.
 */
#ifndef STEALSCOPE_SNAPSHOT_JSON_H
#define STEALSCOPE_SNAPSHOT_JSON_H

#include <jansson.h>

#include "model/names.h"
#include "model/snapshot.h"

/* What is uint64_t besides the counters of counters.h. */
#define THREAD_VALUES(X) X(start) X(waiting_ns) X(run_delay_ns)
#define WAIT_VALUES(X) X(count) X(sum_ns) X(max_ns)
#define DOMAIN_VALUES(X) X(start) X(uid) X(skew_ns) X(unwatched)
#define HOST_VALUES(X) \
	X(user)        \
	X(nice) X(system) X(idle) X(iowait) X(irq) X(softirq) X(steal) X(guest) X(guest_nice)
#define TRACE_VALUES(X) \
	X(long_waits_lost) X(bpf_ns) X(bpf_runs) X(self_cpu_ns) X(self_rss_bytes) X(map_bytes)
#define SNAPSHOT_VALUES(X) X(time_ns) X(mono_ns) X(began_ns)

static const char *const actor_kind_keys[NR_ACTOR_KINDS] = {"idle", "kernel", "host", "thread"};

/* A new reference; NULL: no memory. */
json_t *snapshot_to_json(const struct snapshot *snap);
json_t *actor_to_json(const struct actor *actor);

/* Every value is checked: -EINVAL. -ENOMEM. The schema is the caller's matter. */
int snapshot_from_json(const json_t *object, struct snapshot *ret_snap);
/* With what it points to in @arena; @to is all zero before. */
int actor_from_json(const json_t *object, struct arena *arena, struct actor *to);

#endif
