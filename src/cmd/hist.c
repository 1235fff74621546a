// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/commands.h"
#include "cmd/output.h"
#include "cmd/run.h"
#include "render/render.h"

struct hist_output {
	const struct options *options;
	struct render_options render;
};

static int on_report(const struct report *report, void *data)
{
	const struct hist_output *output = data;

	return output->options->json ? render_hist_json(report, &output->render)
				     : render_hist_text(report, &output->render);
}

int cmd_hist(const struct options *options)
{
	struct hist_output output = {.options = options, .render = render_for_stdout(options)};
	const struct session_ops ops = {.report = on_report};

	return run(options, &ops, &output);
}
