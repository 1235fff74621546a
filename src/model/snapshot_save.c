// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "model/snapshot_json.h"

/* jansson's setters accept NULL and fail: one check at the end of an object is enough. */
static int set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) ? -ENOMEM : 0;
}

static int set_u64(json_t *object, const char *key, uint64_t value)
{
	return set(object, key, json_integer((json_int_t)value));
}

static json_t *hex_of(const char *s)
{
	static const char digits[] = "0123456789abcdef";
	size_t len = strlen(s);
	char *hex = malloc(2 * len + 1);
	json_t *value;

	if (!hex)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = digits[(unsigned char)s[i] >> 4];
		hex[2 * i + 1] = digits[s[i] & 0xf];
	}
	value = json_pack("{s:s#}", "hex", hex, (int)(2 * len));
	free(hex);
	return value;
}

/* Nothing for NULL. */
static int set_string(json_t *object, const char *key, const char *s)
{
	json_t *value;

	if (!s)
		return 0;
	value = json_string(s); /* NULL where it is no valid UTF-8 */
	return set(object, key, value ? value : hex_of(s));
}

#define SET_FIELD(field, ...) err = err ? err : set_u64(object, #field, from->field);

static json_t *pair(uint64_t a, uint64_t b)
{
	return json_pack("[I,I]", (json_int_t)a, (json_int_t)b);
}

static int save_waits(json_t *waits, const char *key, const struct wait_counts *from)
{
	json_t *object = json_object(), *bins = json_array();
	int err = set(waits, key, object);

	err = err ? err : set(object, "bins", bins);
	WAIT_VALUES(SET_FIELD)
	for (size_t i = 0; !err && i < from->nr_bins; i++) {
		if (json_array_append_new(bins, pair(from->bins[i].bucket, from->bins[i].count)))
			err = -ENOMEM;
	}
	return err;
}

static int save_thread(json_t *threads, const struct thread_counts *from)
{
	json_t *object = json_object(), *causes = json_object();
	json_t *waits = json_object(), *thieves = json_array();
	int err = json_array_append_new(threads, object) ? -ENOMEM : 0;

	err = set(object, "cause_ns", causes) ?: err;
	err = set(object, "waits", waits) ?: err;
	err = set(object, "thieves", thieves) ?: err;
	err = err ?: set_string(object, "role", role_names[from->role]);
	err = err ?: set(object, "index", json_integer(from->index));
	err = err ?: set_string(object, "name", from->name);
	err = err ?: set(object, "tid", json_integer(from->tid));
	err = err ?: set(object, "dead", json_boolean(from->dead));
	THREAD_VALUES(SET_FIELD)
	THREAD_COUNTERS(SET_FIELD)
	for (enum cause cause = 0; !err && cause < NR_CAUSES; cause++)
		err = set_u64(causes, cause_names[cause], from->cause_ns[cause]);
	for (enum wait_kind kind = 0; !err && kind < NR_WAIT_KINDS; kind++)
		err = save_waits(waits, wait_kind_names[kind], &from->waits[kind]);
	for (size_t i = 0; !err && i < from->nr_thieves; i++) {
		if (json_array_append_new(thieves, pair(from->thieves[i].key, from->thieves[i].ns)))
			err = -ENOMEM;
	}
	return err;
}

static int save_domain(json_t *domains, const struct domain_counts *from)
{
	json_t *object = json_object(), *threads = json_array();
	int err = json_array_append_new(domains, object) ? -ENOMEM : 0;

	err = set(object, "threads", threads) ?: err;
	err = err ?: set_string(object, "name", from->name);
	err = err ?: set_string(object, "uuid", from->uuid);
	err = err ?: set(object, "pid", json_integer(from->pid));
	err = err ?: set_string(object, "manager", from->manager);
	err = err ?: set_string(object, "accel", from->accel);
	DOMAIN_VALUES(SET_FIELD)
	for (size_t i = 0; !err && i < from->nr_threads; i++)
		err = save_thread(threads, &from->threads[i]);
	return err;
}

static int save_actor(json_t *actors, const struct actor *from)
{
	json_t *object = json_object();
	int err = json_array_append_new(actors, object) ? -ENOMEM : 0;

	SET_FIELD(key)
	err = err ?: set_string(object, "kind", actor_kind_keys[from->kind]);
	err = err ?: set(object, "pid", json_integer(from->pid));
	err = err ?: set_string(object, "comm", from->comm);
	err = err ?: set_string(object, "unit", from->unit);
	if (from->many)
		err = err ?: set(object, "many", json_true());
	if (err || from->kind != ACTOR_THREAD)
		return err;
	err = set_string(object, "domain", from->domain);
	err = err ?: set(object, "domain_pid", json_integer(from->domain_pid));
	err = err ?: set_string(object, "role", role_names[from->role]);
	return err ?: set(object, "index", json_integer(from->index));
}

static int save_host(json_t *snap, const struct host_times *from)
{
	json_t *object = json_object();
	int err = set(snap, "host", object);

	SET_FIELD(cpus)
	HOST_VALUES(SET_FIELD)
	return err;
}

static int save_trace(json_t *snap, const struct trace_counts *from)
{
	json_t *object = json_object();
	int err = set(snap, "trace", object);

	err = err ?: set(object, "has_bpf_cost", json_boolean(from->has_bpf_cost));
	TRACE_VALUES(SET_FIELD)
	LOSS_COUNTERS(SET_FIELD)
	return err;
}

static int fill(json_t *object, const struct snapshot *from)
{
	json_t *actors = json_array(), *domains = json_array();
	int err = set_string(object, "schema", SNAPSHOT_SCHEMA);

	SNAPSHOT_VALUES(SET_FIELD)
	err = err ?: save_host(object, &from->host);
	err = err ?: save_trace(object, &from->trace);
	err = set(object, "actors", actors) ?: err;
	err = set(object, "domains", domains) ?: err;
	for (size_t i = 0; !err && i < from->nr_actors; i++)
		err = save_actor(actors, &from->actors[i]);
	for (size_t i = 0; !err && i < from->nr_domains; i++)
		err = save_domain(domains, &from->domains[i]);
	return err;
}

int snapshot_save(const struct snapshot *snap, FILE *out)
{
	json_t *object = json_object();
	int err = object ? fill(object, snap) : -ENOMEM;

	errno = 0;
	if (!err &&
	    (json_dumpf(object, out, JSON_COMPACT) || fputc('\n', out) == EOF || fflush(out)))
		err = errno ? -errno : -EIO;
	json_decref(object);
	return err;
}
