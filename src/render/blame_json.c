// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "model/names.h"
#include "render/render.h"
#include "render/thief_json.h"

static void victim_object(struct json_writer *jw, const struct blame *row, enum report_by by)
{
	jw_open(jw, '{');
	jw_field_string(jw, "domain", row->domain->name);
	jw_field_string(jw, "uuid", row->domain->uuid);
	jw_key(jw, "pid");
	jw_int(jw, row->domain->pid);
	if (row->thread) {
		json_role(jw, row->role, row->thread->index);
		jw_key(jw, "tid");
		jw_int(jw, row->thread->tid);
	} else if (by == BY_ROLE) {
		jw_field_string(jw, "role", role_names[row->role]);
	}
	jw_close(jw, '}');
}

static void row_object(struct json_writer *jw, const struct blame *row, enum report_by by)
{
	jw_open(jw, '{');
	jw_key(jw, "victim");
	victim_object(jw, row, by);
	jw_key(jw, "thief");
	jw_open(jw, '{');
	json_thief(jw, row->cause, row->thief, by);
	jw_close(jw, '}');
	jw_field_u64(jw, "ns", row->ns);
	jw_field_number(jw, "pct", row->pct);
	jw_close(jw, '}');
}

int render_blame_json(const struct report *report, const struct render_options *options)
{
	autofree struct blame *rows = NULL;
	struct json_writer jw;
	size_t nr;
	int err = rank_blame(report, options->by, &rows, &nr);

	if (err)
		return err;
	jw_begin(&jw, options->out);
	jw_open(&jw, '{');
	jw_field_string(&jw, "schema", "stealscope.blame/1");
	jw_key(&jw, "time");
	jw_time(&jw, report->time_ns);
	jw_field_u64(&jw, "interval_ns", report->interval_ns);
	jw_key(&jw, "blame");
	jw_open(&jw, '[');
	for (size_t i = 0; i < nr; i++)
		row_object(&jw, &rows[i], options->by);
	jw_close(&jw, ']');
	jw_close(&jw, '}');
	return jw_end(&jw);
}
