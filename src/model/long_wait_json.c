// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "model/json_get.h"
#include "model/json_set.h"
#include "model/long_wait.h"
#include "model/snapshot_json.h"

static int save_thief(json_t *thieves, const struct thief *thief)
{
	json_t *object = actor_to_json(thief->actor);
	int err = json_array_append_new(thieves, object) ? -ENOMEM : 0;

	err = err ?: json_set_string(object, "cause", cause_names[thief->cause]);
	return err ?: json_set_u64(object, "ns", thief->ns);
}

static int fill(json_t *object, const struct long_wait *wait)
{
	json_t *causes = json_object(), *thieves = json_array();
	int err = json_set(object, "cause_ns", causes);

	err = json_set(object, "thieves", thieves) ?: err;
	err = err ?: json_set_u64(object, "time_ns", wait->time_ns);
	err = err ?: json_set_string(object, "domain", wait->domain);
	err = err ?: json_set_string(object, "uuid", wait->uuid);
	err = err ?: json_set(object, "pid", json_integer(wait->pid));
	err = err ?: json_set_string(object, "role", role_names[wait->role]);
	err = err ?: json_set(object, "index", json_integer(wait->index));
	err = err ?: json_set_string(object, "name", wait->name);
	err = err ?: json_set(object, "tid", json_integer(wait->tid));
	err = err ?: json_set_u64(object, "cpu", wait->cpu);
	err = err ?: json_set_string(object, "kind", wait_kind_names[wait->kind]);
	err = err ?: json_set_u64(object, "wait_ns", wait->wait_ns);
	for (enum cause cause = 0; !err && cause < NR_CAUSES; cause++)
		err = json_set_u64(causes, cause_names[cause], wait->cause_ns[cause]);
	for (size_t i = 0; !err && i < wait->nr_thieves; i++)
		err = save_thief(thieves, &wait->thieves[i]);
	return err;
}

json_t *long_wait_to_json(const struct long_wait *wait)
{
	json_t *object = json_object();

	if (!fill(object, wait))
		return object;
	json_decref(object);
	return NULL;
}

static int load_thief(const json_t *object, struct arena *arena, struct thief *to)
{
	struct actor *actor = arena_alloc(arena, sizeof(*actor));
	int cause = json_get_name(object, "cause", cause_names, NR_CAUSES);
	uint64_t ns = 0;
	int err;

	if (!actor)
		return -ENOMEM;
	*actor = (struct actor){0};
	err = actor_from_json(object, arena, actor) ?: json_get_u64(object, "ns", &ns);
	if (err || cause < 0 || ns >= THIEF_NS_MAX)
		return err ?: -EINVAL;
	*to = (struct thief){.cause = (enum cause)cause, .actor = actor, .ns = ns};
	return 0;
}

static int load_thieves(const json_t *object, struct arena *arena, struct long_wait *to)
{
	const json_t *thieves;
	int err = json_get_array(object, "thieves", &thieves);

	to->nr_thieves = json_array_size(thieves);
	if (to->nr_thieves > LONG_WAIT_THIEVES)
		return -EINVAL;
	for (size_t i = 0; !err && i < to->nr_thieves; i++)
		err = load_thief(json_array_get(thieves, i), arena, &to->thieves[i]);
	return err;
}

int long_wait_from_json(const json_t *object, struct arena *arena, struct long_wait *ret_wait)
{
	const json_t *causes = json_object_get(object, "cause_ns");
	int role = json_get_name(object, "role", role_names, NR_ROLES);
	int kind = json_get_name(object, "kind", wait_kind_names, NR_WAIT_KINDS);
	int err = role < 0 || kind < 0 ? -EINVAL : 0, cpu = 0;
	struct long_wait wait = {
		.role = (enum role)role, .kind = (enum wait_kind)kind, .index = -1};

	err = err ?: json_get_u64(object, "time_ns", &wait.time_ns);
	err = err ?: json_get_text(object, "domain", arena, &wait.domain);
	err = err ?: json_get_string(object, "uuid", arena, &wait.uuid);
	err = err ?: json_get_int(object, "pid", 1, &wait.pid);
	err = err ?: json_get_int(object, "index", -1, &wait.index);
	err = err ?: json_get_text(object, "name", arena, &wait.name);
	err = err ?: json_get_int(object, "tid", 1, &wait.tid);
	err = err ?: json_get_int(object, "cpu", 0, &cpu);
	err = err ?: json_get_u64(object, "wait_ns", &wait.wait_ns);
	for (enum cause cause = 0; cause < NR_CAUSES; cause++)
		err = err ?: json_get_u64(causes, cause_names[cause], &wait.cause_ns[cause]);
	err = err ?: load_thieves(object, arena, &wait);
	wait.cpu = (unsigned int)cpu;
	if (!err)
		*ret_wait = wait;
	return err;
}
