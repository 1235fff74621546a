// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/names.h"
#include "screen/screen_table.h"

static const char *or_unknown(const char *name)
{
	return name ? name : "?";
}

static void name_thief(const struct thief *thief, char out[static SCREEN_NAME_SIZE])
{
	const struct actor *actor = thief->actor;
	size_t size = SCREEN_NAME_SIZE;

	switch (cause_infos[thief->cause].thief) {
	case THIEF_DOMAIN:
		snprintf(out, size, "%s", or_unknown(actor->domain));
		break;
	case THIEF_SIBLING:
		if (actor->role == ROLE_VCPU && actor->index >= 0)
			snprintf(out, size, "own vcpu %d", actor->index);
		else
			snprintf(out, size, "own %s", role_names[actor->role]);
		break;
	case THIEF_KERNEL:
		snprintf(out, size, "[%s]", or_unknown(actor->comm));
		break;
	case THIEF_IDLE:
		snprintf(out, size, "idle CPU");
		break;
	default:
		snprintf(out, size, "%s", or_unknown(actor_title(actor)));
	}
}

uint64_t screen_top_thief(const struct stats *who, char out[static SCREEN_NAME_SIZE])
{
	uint64_t most = 0;

	out[0] = '\0';
	for (enum cause cause = 0; cause < NR_CAUSES; cause++) {
		struct thief thief;

		if (cause_infos[cause].thief) {
			if (!rank_actors(who, cause, &thief, 1) || thief.ns <= most)
				continue;
			most = thief.ns;
			name_thief(&thief, out);
		} else if (who->cause_ns[cause] > most) {
			most = who->cause_ns[cause];
			snprintf(out, SCREEN_NAME_SIZE, "(%s)", cause_names[cause]);
		}
	}
	return most;
}
