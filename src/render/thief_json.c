// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "render/thief_json.h"

#include "model/names.h"

void json_role(struct json_writer *jw, enum role role, int index)
{
	jw_field_string(jw, "role", role_names[role]);
	if (role != ROLE_VCPU)
		return;
	jw_key(jw, "index");
	if (index < 0)
		jw_null(jw);
	else
		jw_int(jw, index);
}

static void thread_fields(struct json_writer *jw, const struct actor *actor, enum report_by by)
{
	jw_field_string(jw, "domain", actor->domain);
	jw_key(jw, "pid");
	jw_int(jw, actor->domain_pid);
	if (by == BY_DOMAIN)
		return;
	if (by == BY_ROLE) {
		jw_field_string(jw, "role", role_names[actor->role]);
		return;
	}
	json_role(jw, actor->role, actor->index);
	jw_key(jw, "tid");
	jw_int(jw, actor->pid);
	jw_field_string(jw, "comm", actor->comm);
}

void json_thief(struct json_writer *jw, enum cause cause, const struct actor *actor,
		enum report_by by)
{
	jw_field_string(jw, "cause", cause_names[cause]);
	if (!actor) {
		if (!cause_infos[cause].thief)
			return;
		jw_key(jw, "other");
		jw_bool(jw, true);
		return;
	}
	switch (actor->kind) {
	case ACTOR_THREAD:
		thread_fields(jw, actor, by);
		break;
	case ACTOR_HOST:
	case ACTOR_KERNEL:
		jw_key(jw, "pid");
		if (actor->many)
			jw_null(jw);
		else
			jw_int(jw, actor->pid);
		jw_field_string(jw, "comm", actor->comm);
		if (actor->unit)
			jw_field_string(jw, "unit", actor->unit);
		break;
	default:
		break;
	}
}
