// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <jansson.h>

#include "model/json_set.h"
#include "model/snapshot_json.h"

#define SET_FIELD(field, ...) err = err ? err : json_set_u64(object, #field, from->field);

static int save_waits(json_t *waits, const char *key, const struct wait_counts *from)
{
	json_t *object = json_object(), *bins = json_array();
	int err = json_set(waits, key, object);

	err = err ? err : json_set(object, "bins", bins);
	WAIT_VALUES(SET_FIELD)
	for (size_t i = 0; !err && i < from->nr_bins; i++) {
		if (json_array_append_new(bins,
					  json_pair(from->bins[i].bucket, from->bins[i].count)))
			err = -ENOMEM;
	}
	return err;
}

static int save_thread(json_t *threads, const struct thread_counts *from)
{
	json_t *object = json_object(), *causes = json_object();
	json_t *waits = json_object(), *thieves = json_array();
	int err = json_array_append_new(threads, object) ? -ENOMEM : 0;

	err = json_set(object, "cause_ns", causes) ?: err;
	err = json_set(object, "waits", waits) ?: err;
	err = json_set(object, "thieves", thieves) ?: err;
	err = err ?: json_set_string(object, "role", role_names[from->role]);
	err = err ?: json_set(object, "index", json_integer(from->index));
	err = err ?: json_set_string(object, "name", from->name);
	err = err ?: json_set(object, "tid", json_integer(from->tid));
	err = err ?: json_set(object, "dead", json_boolean(from->dead));
	THREAD_VALUES(SET_FIELD)
	THREAD_COUNTERS(SET_FIELD)
	for (enum cause cause = 0; !err && cause < NR_CAUSES; cause++)
		err = json_set_u64(causes, cause_names[cause], from->cause_ns[cause]);
	for (enum wait_kind kind = 0; !err && kind < NR_WAIT_KINDS; kind++)
		err = save_waits(waits, wait_kind_names[kind], &from->waits[kind]);
	for (size_t i = 0; !err && i < from->nr_thieves; i++) {
		if (json_array_append_new(thieves,
					  json_pair(from->thieves[i].key, from->thieves[i].ns)))
			err = -ENOMEM;
	}
	return err;
}

static int save_domain(json_t *domains, const struct domain_counts *from)
{
	json_t *object = json_object(), *threads = json_array();
	int err = json_array_append_new(domains, object) ? -ENOMEM : 0;

	err = json_set(object, "threads", threads) ?: err;
	err = err ?: json_set_string(object, "name", from->name);
	err = err ?: json_set_string(object, "uuid", from->uuid);
	err = err ?: json_set(object, "pid", json_integer(from->pid));
	err = err ?: json_set_string(object, "manager", from->manager);
	err = err ?: json_set_string(object, "accel", from->accel);
	DOMAIN_VALUES(SET_FIELD)
	for (size_t i = 0; !err && i < from->nr_threads; i++)
		err = save_thread(threads, &from->threads[i]);
	return err;
}

static int fill_actor(json_t *object, const struct actor *from)
{
	int err = 0;

	SET_FIELD(key)
	err = err ?: json_set_string(object, "kind", actor_kind_keys[from->kind]);
	err = err ?: json_set(object, "pid", json_integer(from->pid));
	err = err ?: json_set_string(object, "comm", from->comm);
	err = err ?: json_set_string(object, "unit", from->unit);
	if (from->many)
		err = err ?: json_set(object, "many", json_true());
	if (err || from->kind != ACTOR_THREAD)
		return err;
	err = json_set_string(object, "domain", from->domain);
	err = err ?: json_set(object, "domain_pid", json_integer(from->domain_pid));
	err = err ?: json_set_string(object, "role", role_names[from->role]);
	return err ?: json_set(object, "index", json_integer(from->index));
}

json_t *actor_to_json(const struct actor *actor)
{
	json_t *object = json_object();

	if (!fill_actor(object, actor))
		return object;
	json_decref(object);
	return NULL;
}

static int save_host(json_t *snap, const struct host_times *from)
{
	json_t *object = json_object();
	int err = json_set(snap, "host", object);

	SET_FIELD(cpus)
	HOST_VALUES(SET_FIELD)
	return err;
}

static int save_trace(json_t *snap, const struct trace_counts *from)
{
	json_t *object = json_object();
	int err = json_set(snap, "trace", object);

	err = err ?: json_set(object, "has_bpf_cost", json_boolean(from->has_bpf_cost));
	TRACE_VALUES(SET_FIELD)
	LOSS_COUNTERS(SET_FIELD)
	return err;
}

static int fill(json_t *object, const struct snapshot *from)
{
	json_t *actors = json_array(), *domains = json_array();
	int err = 0;

	SNAPSHOT_VALUES(SET_FIELD)
	err = err ?: save_host(object, &from->host);
	err = err ?: save_trace(object, &from->trace);
	err = json_set(object, "actors", actors) ?: err;
	err = json_set(object, "domains", domains) ?: err;
	for (size_t i = 0; !err && i < from->nr_actors; i++)
		err = json_array_append_new(actors, actor_to_json(&from->actors[i])) ? -ENOMEM : 0;
	for (size_t i = 0; !err && i < from->nr_domains; i++)
		err = save_domain(domains, &from->domains[i]);
	return err;
}

json_t *snapshot_to_json(const struct snapshot *snap)
{
	json_t *object = json_object();

	if (!fill(object, snap))
		return object;
	json_decref(object);
	return NULL;
}
