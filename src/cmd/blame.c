// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/commands.h"
#include "cmd/run.h"
#include "cmd/output.h"
#include "render/render.h"

struct blame_output {
	const struct options *options;
	struct render_options render;
};

static int on_report(const struct report *report, void *data)
{
	const struct blame_output *output = data;

	return output->options->json ? render_blame_json(report, &output->render)
				     : render_blame_text(report, &output->render);
}

int cmd_blame(const struct options *options)
{
	struct blame_output output = {.options = options, .render = render_for_stdout(options)};
	const struct session_ops ops = {.report = on_report};

	return run(options, &ops, &output);
}
