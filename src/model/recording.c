// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/recording.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/json_set.h"
#include "model/snapshot_json.h"

#define SNAPSHOT_SCHEMA "stealscope.snapshot/1"
#define WAIT_SCHEMA "stealscope.long_wait/1"

/* @object, which is freed, as a line. */
static int add_line(FILE *out, json_t *object, const char *schema)
{
	int err = json_set_string(object, "schema", schema);

	errno = 0;
	if (!err &&
	    (json_dumpf(object, out, JSON_COMPACT) || fputc('\n', out) == EOF || fflush(out)))
		err = errno ? -errno : -EIO;
	json_decref(object);
	return err;
}

int recording_add_snapshot(FILE *out, const struct snapshot *snap)
{
	return add_line(out, snapshot_to_json(snap), SNAPSHOT_SCHEMA);
}

int recording_add_wait(FILE *out, const struct long_wait *wait)
{
	return add_line(out, long_wait_to_json(wait), WAIT_SCHEMA);
}

static int load(const json_t *object, struct recorded *ret)
{
	const char *schema = json_string_value(json_object_get(object, "schema"));
	struct recorded recorded = {0};
	int err = -EINVAL;

	if (schema && !strcmp(schema, SNAPSHOT_SCHEMA)) {
		recorded.kind = RECORDED_SNAPSHOT;
		err = snapshot_from_json(object, &recorded.snap);
	} else if (schema && !strcmp(schema, WAIT_SCHEMA)) {
		recorded.kind = RECORDED_WAIT;
		err = long_wait_from_json(object, &recorded.arena, &recorded.wait);
	}
	if (err)
		recorded_free(&recorded);
	else
		*ret = recorded;
	return err;
}

int recording_read(FILE *in, struct recorded *ret_recorded)
{
	autofree char *line = NULL;
	size_t size = 0;
	ssize_t len = getline(&line, &size, in);
	json_t *object;
	int err;

	if (len < 0)
		return ferror(in) ? -EIO : -ENODATA;
	object = json_loadb(line, (size_t)len, 0, NULL);
	if (!object)
		return -EINVAL;
	err = load(object, ret_recorded);
	json_decref(object);
	return err;
}

void recorded_free(struct recorded *recorded)
{
	snapshot_free(&recorded->snap);
	arena_free(&recorded->arena);
}
