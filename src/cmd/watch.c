// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/commands.h"
#include "cmd/run.h"
#include "cmd/output.h"
#include "render/render.h"

struct watch_output {
	const struct options *options;
	struct render_options render;
	int err; /* of the last line */
};

static void on_wait(const struct long_wait *wait, void *data)
{
	struct watch_output *output = data;

	if (output->err)
		return;
	output->err = output->options->json ? render_wait_json(wait, &output->render)
					    : render_wait_text(wait, &output->render);
}

/* Lines are written as they come; a report only says what was lost. */
static int on_report(const struct report *report, void *data)
{
	struct watch_output *output = data;

	if (report->trace.long_waits_lost)
		log_warn("%llu waits were not shown: more than --rate allows, or too many at once",
			 (unsigned long long)report->trace.long_waits_lost);
	return output->err;
}

int cmd_watch(const struct options *options)
{
	struct watch_output output = {.options = options, .render = render_for_stdout(options)};
	const struct session_ops ops = {.report = on_report, .wait = on_wait};
	struct options every_second = *options;

	every_second.interval_ns = SECOND;
	return run(&every_second, &ops, &output);
}
