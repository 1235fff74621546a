// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/run.h"

#include <string.h>

#include "base/log.h"
#include "source/file.h"
#include "source/live.h"

static int open_file(const char *path, struct source **ret_source)
{
	int err = source_file_open(path, ret_source);

	if (!err)
		return 0;
	log_err("%s: %s", path, strerror(-err));
	return EXIT_RUNTIME;
}

int run_open(const struct options *options, bool waits, struct source **ret_source)
{
	const struct source_live_config config = {
		.max_threads = options->max_threads,
		.no_thieves = options->no_thieves,
		.times = options->times,
		.cost = options->self,
		.long_wait_ns = waits ? options->over_ns : 0,
		.long_wait_rate = options->rate,
		.trust_exe = options->trust_exe,
	};
	int err;

	if (options->input)
		return open_file(options->input, ret_source);
	err = source_live_open(&config, ret_source);
	return err > 0 ? EXIT_UNTRACEABLE : err ? EXIT_RUNTIME : 0;
}

int run_on(struct source *source, const struct options *options, const struct session_ops *ops,
	   void *data)
{
	const struct session_config config = {
		.source = source,
		.domains = &options->domains,
		.interval_ns = options->interval_ns,
		.count = options->count,
		.record = options->record,
	};
	int err = session_run(&config, ops, data);

	source_close(source);
	return err ? EXIT_RUNTIME : 0;
}

int run(const struct options *options, const struct session_ops *ops, void *data)
{
	struct source *source;
	int status = run_open(options, ops->wait, &source);

	return status ? status : run_on(source, options, ops, data);
}
