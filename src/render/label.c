// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "render/label.h"

#include <string.h>

#include "base/escape.h"
#include "model/names.h"

void label_append(struct label *label, const char *s, size_t max)
{
	size_t left = label->max - label->cols;
	char *end = label->text + label->len;

	label->cols += escape_terminal(s, end, sizeof(label->text) - label->len,
				       max < left ? max : left, label->options->ascii);
	label->len += strlen(end);
}

void label_member(struct label *label, const char *domain, enum role role, int index)
{
	char member[32];
	size_t len;

	if (role == ROLE_VCPU && index >= 0)
		snprintf(member, sizeof(member), "/%s %d", role_names[role], index);
	else
		snprintf(member, sizeof(member), "/%s", role_names[role]);
	len = strlen(member);
	label_append(label, domain, label->max > len ? label->max - len : 0);
	label_append(label, member, len);
}

void label_process(struct label *label, const struct actor *actor)
{
	const char *title = actor_title(actor), *open = " (";
	char pid[32];

	label_append(label, title ? title : "?", 32);
	if (actor->unit && actor->comm) {
		label_append(label, open, 2);
		label_append(label, actor->comm, 32);
		label_append(label, actor->mixed ? ", ..." : "", 5);
		open = ", ";
	}
	if (!actor->many) {
		snprintf(pid, sizeof(pid), "%spid %d", open, actor->pid);
		label_append(label, pid, label->max);
	}
	if (actor->unit || !actor->many)
		label_append(label, ")", 1);
}

void label_thief(struct label *label, const struct blame *row, enum report_by by)
{
	const struct actor *thief = row->thief;

	if (!thief)
		label_append(label, cause_infos[row->cause].thief ? "others" : "-", 6);
	else if (thief->kind == ACTOR_IDLE)
		label_append(label, "idle", 4);
	else if (thief->kind != ACTOR_THREAD)
		label_process(label, thief);
	else if (by == BY_DOMAIN)
		label_append(label, thief->domain, label->max);
	else
		label_member(label, thief->domain, thief->role, by == BY_ROLE ? -1 : thief->index);
}
