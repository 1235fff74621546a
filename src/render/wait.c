// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>
#include <time.h>

#include "base/cleanup.h"
#include "model/names.h"
#include "render/json.h"
#include "render/label.h"
#include "render/text.h"
#include "render/thief_json.h"

/* Maximum number of thieves named in a line of text; the rest is "others". */
#define NAMED 3

static double share(const struct long_wait *wait, uint64_t ns)
{
	return wait->wait_ns ? 100.0 * (double)ns / (double)wait->wait_ns : 0;
}

static void text_time(FILE *out, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / 1000000000);
	char buf[16];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(buf, sizeof(buf), "%H:%M:%S", &tm);
	fprintf(out, "%s.%03u ", buf, (unsigned int)(time_ns / 1000000 % 1000));
}

static void text_thief(const struct render_options *options, const struct long_wait *wait,
		       const struct thief *thief)
{
	struct label label = {.options = options, .max = 48};

	if (thief->actor->kind == ACTOR_THREAD)
		label_member(&label, thief->actor->domain, thief->actor->role, thief->actor->index);
	else
		label_process(&label, thief->actor);
	fprintf(options->out, "%s %.0f%%", label.text, share(wait, thief->ns));
}

/* " vm 9.1ms (db-02/vcpu 0 74%)" */
static void text_cause(const struct render_options *options, const struct long_wait *wait,
		       enum cause cause)
{
	const char *separator = " (";
	uint64_t rest = wait->cause_ns[cause];
	char buf[DURATION_SIZE];
	size_t named = 0;

	fprintf(options->out, " %s %s", cause_names[cause],
		text_duration(buf, wait->cause_ns[cause]));
	for (size_t i = 0; i < wait->nr_thieves && named < NAMED; i++) {
		const struct thief *thief = &wait->thieves[i];

		if (thief->cause != cause || thief->ns > rest)
			continue;
		fputs(separator, options->out);
		text_thief(options, wait, thief);
		separator = ", ";
		rest -= thief->ns;
		named++;
	}
	if (named && share(wait, rest) >= 1)
		fprintf(options->out, ", others %.0f%%", share(wait, rest));
	if (named)
		fputc(')', options->out);
}

int render_wait_text(const struct long_wait *wait, const struct render_options *options)
{
	struct label victim = {.options = options, .max = 32};
	bool done[NR_CAUSES] = {false};
	char buf[DURATION_SIZE];

	text_time(options->out, wait->time_ns);
	label_member(&victim, wait->domain, wait->role, wait->index);
	fprintf(options->out, "%-20s cpu %-3u %-7s %6s ", victim.text, wait->cpu,
		wait_kind_names[wait->kind], text_duration(buf, wait->wait_ns));
	for (unsigned int i = 0; i < NR_CAUSES; i++) {
		enum cause worst = NR_CAUSES;

		for (enum cause cause = 0; cause < NR_CAUSES; cause++)
			if (!done[cause] && wait->cause_ns[cause] &&
			    (worst == NR_CAUSES || wait->cause_ns[cause] > wait->cause_ns[worst]))
				worst = cause;
		if (worst == NR_CAUSES || share(wait, wait->cause_ns[worst]) < 0.1)
			break;
		done[worst] = true;
		text_cause(options, wait, worst);
	}
	fputc('\n', options->out);
	return text_finish(options->out);
}

int render_wait_json(const struct long_wait *wait, const struct render_options *options)
{
	autofree struct json_writer *jw = malloc(sizeof(*jw));

	if (!jw)
		return -ENOMEM;
	jw_begin(jw, options->out);
	jw_open(jw, '{');
	jw_field_string(jw, "schema", "stealscope.watch/1");
	jw_key(jw, "time");
	jw_time(jw, wait->time_ns);
	jw_key(jw, "victim");
	jw_open(jw, '{');
	jw_field_string(jw, "domain", wait->domain);
	jw_field_string(jw, "uuid", wait->uuid);
	jw_field_u64(jw, "pid", (uint64_t)wait->pid);
	json_role(jw, wait->role, wait->index);
	jw_field_u64(jw, "tid", (uint64_t)wait->tid);
	jw_close(jw, '}');
	jw_field_u64(jw, "cpu", wait->cpu);
	jw_field_string(jw, "kind", wait_kind_names[wait->kind]);
	jw_field_u64(jw, "wait_ns", wait->wait_ns);
	jw_key(jw, "cause_ns");
	jw_open(jw, '{');
	for (enum cause cause = 0; cause < NR_CAUSES; cause++)
		jw_field_u64(jw, cause_names[cause], wait->cause_ns[cause]);
	jw_close(jw, '}');
	jw_key(jw, "thieves");
	jw_open(jw, '[');
	for (size_t i = 0; i < wait->nr_thieves; i++) {
		jw_open(jw, '{');
		json_thief(jw, wait->thieves[i].cause, wait->thieves[i].actor, BY_VCPU);
		jw_field_u64(jw, "ns", wait->thieves[i].ns);
		jw_close(jw, '}');
	}
	jw_close(jw, ']');
	jw_close(jw, '}');
	return jw_end(jw);
}
