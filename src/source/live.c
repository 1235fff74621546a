// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "host/subject/registry.h"
#include "host/pidns.h"
#include "trace/capacity.h"
#include "trace/probe.h"
#include "trace/reader.h"

struct live_source {
	struct source source;
	struct registry *registry;
	struct tracer *tracer;
	struct reader *reader;
	bool times;
};

static struct live_source *live_of(const struct source *source)
{
	return (struct live_source *)(uintptr_t)source;
}

static unsigned int default_threads(size_t threads)
{
	uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

	return capacity_default(threads, (unsigned int)sysconf(_SC_NPROCESSORS_CONF), bytes);
}

static int untraceable(int err)
{
	const struct finding *blocker;
	struct probe probe;

	probe_host(&probe);
	blocker = probe_blocker(&probe);
	if (blocker)
		log_err("this host cannot be traced: %s: %s; %s", blocker->what, blocker->detail,
			blocker->advice);
	else
		log_err("the kernel rejected the programs: %s; run stealscope check to see what "
			"this "
			"host supports, or -v for the kernel's log",
			strerror(-err));
	return 1;
}

static int failed(const char *what, int err)
{
	log_err("%s: %s", what, strerror(-err));
	return err;
}

static int find_domains(struct live_source *live, const char *trust_exe, size_t *ret_threads)
{
	struct stopwatch watch = stopwatch_start();
	int err = registry_new("/proc", &live->registry);

	if (!err && trust_exe)
		err = registry_trust(live->registry, trust_exe);
	if (!err)
		err = registry_survey(live->registry, ret_threads);
	if (!err)
		log_debug("survey: domains with %zu threads, " STOPWATCH_FMT, *ret_threads,
			  STOPWATCH_ARGS(watch));
	return err;
}

static void on_wait(const struct long_wait *wait, void *data)
{
	struct live_source *live = data;

	if (live->source.on_wait)
		live->source.on_wait(wait, live->source.on_wait_data);
}

static int open_all(struct live_source *live, const struct source_live_config *from)
{
	struct tracer_config config = {
		.no_thieves = from->no_thieves,
		.times = from->times,
		.cost = from->cost,
		.long_wait_ns = from->long_wait_ns,
		.long_wait_rate = from->long_wait_rate,
	};
	struct stopwatch watch;
	size_t threads;
	int err;

	if (!host_pidns_is_initial("/proc"))
		return untraceable(-ENOTSUP);
	err = find_domains(live, from->trust_exe, &threads);
	if (err)
		return failed("/proc", err);
	config.max_threads = from->max_threads ? from->max_threads : default_threads(threads);
	watch = stopwatch_start();
	err = tracer_new(&config, &live->tracer);
	if (err)
		return untraceable(err);
	log_debug("programs: loaded and attached, " STOPWATCH_FMT, STOPWATCH_ARGS(watch));
	err = reader_new(live->tracer, live->registry, &live->reader);
	if (err)
		return failed("discovery", err);
	reader_on_wait(live->reader, on_wait, live);
	return 0;
}

static void print_times(const struct tracer *tracer)
{
#define NAME(id, name) name,
	static const char *const names[NR_HOOKS] = {HOOKS(NAME)};
#undef NAME
	struct hook_times times;

	for (enum hook hook = 0; hook < NR_HOOKS; hook++) {
		tracer_times(tracer, hook, &times);
		fprintf(stderr, "%s: longest run %llu ns, %llu of %llu over %u ns\n", names[hook],
			(unsigned long long)times.longest_ns, (unsigned long long)times.over,
			(unsigned long long)times.runs, LONG_RUN_NS);
	}
}

static void live_close(struct source *source)
{
	struct live_source *live = live_of(source);

	if (live->times && live->tracer)
		print_times(live->tracer);
	reader_free(live->reader);
	tracer_free(live->tracer);
	registry_free(live->registry);
	free(live);
}

static int live_snapshot(struct source *source, struct snapshot *ret_snap)
{
	return reader_snapshot(live_of(source)->reader, ret_snap);
}

static int live_poll(struct source *source)
{
	return reader_poll(live_of(source)->reader);
}

static const struct source_ops live_ops = {
	.snapshot = live_snapshot, .poll = live_poll, .close = live_close};

int source_live_open(const struct source_live_config *config, struct source **ret_source)
{
	struct live_source *live = calloc(1, sizeof(*live));
	int err;

	if (!live)
		return failed("tracing", -ENOMEM);
	live->source = (struct source){.ops = &live_ops, .name = "tracing"};
	live->times = config->times;
	err = open_all(live, config);
	if (err)
		live_close(&live->source);
	else
		*ret_source = &live->source;
	return err;
}

int source_live_seal(struct source *source)
{
	return tracer_seal(live_of(source)->tracer);
}

size_t source_live_cost(const struct source *source, struct program_cost *costs, size_t nr)
{
	return tracer_cost(live_of(source)->tracer, costs, nr);
}
