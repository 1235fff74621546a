// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cmd/commands.h"
#include "trace/probe.h"

static const char *const support_names[] = {
	[SUPPORT_OK] = "ok",
	[SUPPORT_LIMITED] = "limited",
	[SUPPORT_MISSING] = "missing",
};

static void print_text(const struct probe *probe)
{
	const struct finding *blocker = probe_blocker(probe);

	for (size_t i = 0; i < probe->nr; i++) {
		const struct finding *finding = &probe->findings[i];

		printf("%-8s %-10s %s\n", support_names[finding->support], finding->what,
		       finding->detail);
		if (finding->advice[0])
			printf("%-8s %-10s -> %s\n", "", "", finding->advice);
	}
	printf(blocker ? "This host cannot be traced: %s.\n" : "This host can be traced.\n",
	       blocker ? blocker->what : "");
}

static int print_json(const struct probe *probe)
{
	json_t *findings = json_array(), *root;
	int err;

	for (size_t i = 0; i < probe->nr; i++) {
		const struct finding *finding = &probe->findings[i];

		json_array_append_new(
			findings, json_pack("{s:s, s:s, s:s, s:s}", "what", finding->what,
					    "verdict", support_names[finding->support], "detail",
					    finding->detail, "advice", finding->advice));
	}
	root = json_pack("{s:s, s:b, s:o}", "schema", "stealscope.check/1", "traceable",
			 !probe_blocker(probe), "findings", findings);
	err = json_dumpf(root, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(root);
	return err;
}

int cmd_check(const struct options *options)
{
	struct probe probe;

	probe_host(&probe);
	probe_load(&probe);
	if (options->json)
		print_json(&probe);
	else
		print_text(&probe);
	if (fflush(stdout) && errno != EPIPE) {
		log_err("check: %s", strerror(errno));
		return EXIT_RUNTIME;
	}
	return probe_blocker(&probe) ? EXIT_UNTRACEABLE : 0;
}
