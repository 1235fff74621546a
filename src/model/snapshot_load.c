// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A file can hold anything: every value is checked before it becomes part of a snapshot.
 */
#include <errno.h>
#include <jansson.h>

#include "bucket.h"
#include "model/json_get.h"
#include "model/snapshot_json.h"

#define GET_FIELD(field, ...) err = err ?: json_get_u64(object, #field, &to->field);

static int load_waits(const json_t *object, struct arena *arena, struct wait_counts *to)
{
	const json_t *array;
	struct bin *bins;
	int err = json_get_array(object, "bins", &array);
	size_t nr;

	WAIT_VALUES(GET_FIELD)
	if (err)
		return err;
	nr = json_array_size(array);
	bins = arena_array(arena, nr, sizeof(*bins));
	if (!bins)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		json_int_t bucket, count;

		if (json_get_pair(array, i, &bucket, &count) || count > UINT32_MAX ||
		    bucket < (i ? (json_int_t)bins[i - 1].bucket + 1 : 0) || bucket >= NR_BUCKETS)
			return -EINVAL;
		bins[i] = (struct bin){(uint32_t)bucket, (uint32_t)count};
	}
	to->bins = bins;
	to->nr_bins = nr;
	return 0;
}

static int load_thieves(const json_t *object, struct arena *arena, struct thread_counts *to)
{
	struct thief_time *thieves;
	const json_t *array;
	size_t nr;

	if (json_get_array(object, "thieves", &array))
		return -EINVAL;
	nr = json_array_size(array);
	thieves = arena_array(arena, nr, sizeof(*thieves));
	if (!thieves)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		json_int_t key, ns;
		int err = json_get_pair(array, i, &key, &ns);

		if (err)
			return err;
		thieves[i] = (struct thief_time){(uint64_t)key, (uint64_t)ns};
	}
	to->thieves = thieves;
	to->nr_thieves = nr;
	return 0;
}

static int load_thread(const json_t *object, struct arena *arena, struct thread_counts *to)
{
	const json_t *causes = json_object_get(object, "cause_ns");
	const json_t *waits = json_object_get(object, "waits");
	int role = json_get_name(object, "role", role_names, NR_ROLES);
	int err = role < 0 ? role : 0;

	to->role = (enum role)role;
	to->index = -1;
	err = err ?: json_get_int(object, "index", -1, &to->index);
	err = err ?: json_get_text(object, "name", arena, &to->name);
	err = err ?: json_get_int(object, "tid", 1, &to->tid);
	err = err ?: json_get_bool(object, "dead", &to->dead);
	THREAD_VALUES(GET_FIELD)
	THREAD_COUNTERS(GET_FIELD)
	for (enum cause cause = 0; cause < NR_CAUSES; cause++)
		err = err ?: json_get_u64(causes, cause_names[cause], &to->cause_ns[cause]);
	for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++)
		err = err
			      ?: load_waits(json_object_get(waits, wait_kind_names[kind]), arena,
					    &to->waits[kind]);
	return err ?: load_thieves(object, arena, to);
}

static int load_domain(const json_t *object, struct arena *arena, struct domain_counts *to)
{
	const json_t *threads;
	int err = json_get_text(object, "name", arena, &to->name);
	size_t nr;

	err = err ?: json_get_array(object, "threads", &threads);
	err = err ?: json_get_string(object, "uuid", arena, &to->uuid);
	err = err ?: json_get_int(object, "pid", 1, &to->pid);
	err = err ?: json_get_text(object, "manager", arena, &to->manager);
	err = err ?: json_get_text(object, "accel", arena, &to->accel);
	DOMAIN_VALUES(GET_FIELD)
	if (err)
		return err;
	nr = json_array_size(threads);
	to->threads = arena_array(arena, nr, sizeof(*to->threads));
	if (!to->threads)
		return -ENOMEM;
	to->nr_threads = nr;
	for (size_t i = 0; !err && i < nr; i++)
		err = load_thread(json_array_get(threads, i), arena, &to->threads[i]);
	return err;
}

int actor_from_json(const json_t *object, struct arena *arena, struct actor *to)
{
	int kind = json_get_name(object, "kind", actor_kind_keys, NR_ACTOR_KINDS);
	const json_t *key = json_object_get(object, "key");
	int role, err = kind < 0 || !json_is_integer(key) ? -EINVAL : 0;

	/* Keys have all 64 bits: those above INT64_MAX are negative here. */
	to->key = (uint64_t)json_integer_value(key);
	to->kind = (enum actor_kind)kind;
	err = err ?: json_get_int(object, "pid", 0, &to->pid);
	err = err ?: json_get_string(object, "comm", arena, &to->comm);
	err = err ?: json_get_string(object, "unit", arena, &to->unit);
	err = err ?: json_get_bool(object, "many", &to->many);
	if (err || to->kind != ACTOR_THREAD)
		return err;
	to->index = -1;
	err = json_get_text(object, "domain", arena, &to->domain);
	err = err ?: json_get_int(object, "domain_pid", 1, &to->domain_pid);
	err = err ?: json_get_int(object, "index", -1, &to->index);
	role = json_get_name(object, "role", role_names, NR_ROLES);
	to->role = (enum role)role;
	return err ?: role < 0 ? role : 0;
}

static int load_host(const json_t *object, struct host_times *to)
{
	int cpus = 0, err = json_get_int(object, "cpus", 0, &cpus);

	to->cpus = (unsigned int)cpus;
	HOST_VALUES(GET_FIELD)
	return err;
}

static int load_trace(const json_t *object, struct trace_counts *to)
{
	int err = json_get_bool(object, "has_bpf_cost", &to->has_bpf_cost);

	TRACE_VALUES(GET_FIELD)
	LOSS_COUNTERS(GET_FIELD)
	return err;
}

static int load(const json_t *object, struct snapshot *to)
{
	const json_t *actors, *domains;
	int err = 0;

	SNAPSHOT_VALUES(GET_FIELD)
	err = err ?: json_get_array(object, "actors", &actors);
	err = err ?: json_get_array(object, "domains", &domains);
	err = err ?: load_host(json_object_get(object, "host"), &to->host);
	err = err ?: load_trace(json_object_get(object, "trace"), &to->trace);
	if (err)
		return err;
	to->nr_actors = json_array_size(actors);
	to->nr_domains = json_array_size(domains);
	to->actors = arena_array(&to->arena, to->nr_actors, sizeof(*to->actors));
	to->domains = arena_array(&to->arena, to->nr_domains, sizeof(*to->domains));
	if (!to->actors || !to->domains)
		return -ENOMEM;
	for (size_t i = 0; !err && i < to->nr_actors; i++) {
		err = actor_from_json(json_array_get(actors, i), &to->arena, &to->actors[i]);
		if (!err && i && to->actors[i - 1].key >= to->actors[i].key)
			err = -EINVAL;
	}
	for (size_t i = 0; !err && i < to->nr_domains; i++)
		err = load_domain(json_array_get(domains, i), &to->arena, &to->domains[i]);
	return err;
}

int snapshot_from_json(const json_t *object, struct snapshot *ret_snap)
{
	struct snapshot snap = {0};
	int err = load(object, &snap);

	if (err)
		snapshot_free(&snap);
	else
		*ret_snap = snap;
	return err;
}
