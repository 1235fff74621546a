// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <inttypes.h>
#include <time.h>

#include "render/text.h"

/* A bare-metal host has none; in a VM, the hypervisor's scheduling noise is below this. */
#define HOST_STEAL_PCT 0.5

/* Maximum width of a name in a warning. */
#define UNWATCHED_NAME 30

static void print_time(FILE *out, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / 1000000000);
	char buf[64];
	struct tm tm;

	if (localtime_r(&seconds, &tm) && strftime(buf, sizeof(buf), "%F %T", &tm))
		fputs(buf, out);
}

void text_head(const struct render_options *options, const struct report *report)
{
	const struct host_report *host = &report->host;
	FILE *out = options->out;
	unsigned int vcpus = 0;
	char buf[DURATION_SIZE];

	for (size_t i = 0; i < report->nr_domains; i++)
		vcpus += report->domains[i].nr_vcpus;
	print_time(out, report->time_ns);
	fprintf(out, "  over %s  %zu domain%s, %u vCPU%s\n",
		text_duration(buf, report->interval_ns), report->nr_domains,
		report->nr_domains == 1 ? "" : "s", vcpus, vcpus == 1 ? "" : "s");
	fprintf(out, "%u CPUs %%:  usr %.1f  sys %.1f  guest %.1f  irq %.1f  io %.1f  idle %.1f",
		host->cpus, host->user + host->nice, host->system, host->guest,
		host->irq + host->softirq, host->iowait, host->idle);
	fprintf(out, "  steal %.1f\n", host->steal);
	if (host->steal > HOST_STEAL_PCT)
		fprintf(out, "this host is itself a VM and loses %.1f %% to its hypervisor\n",
			host->steal);
}

void text_no_domains(const struct render_options *options)
{
	fputs("\nNo virtual machines are running. New ones are picked up "
	      "automatically.\n",
	      options->out);
}

static void print_count(FILE *out, uint64_t count, const char *what)
{
	if (count)
		fprintf(out, "%" PRIu64 " %s\n", count, what);
}

/* The cost of tracing: the BPF programs, then this process. */
static void print_cost(FILE *out, const struct report *report)
{
	const struct trace_counts *trace = &report->trace;
	double wall = (double)report->interval_ns;
	double cpus = report->host.cpus ? report->host.cpus : 1;

	if (!trace->has_bpf_cost || !report->interval_ns)
		return;
	fprintf(out,
		"\ntracing cost: programs %" PRIu64 " runs of %.0f ns = %.3f %% of %u CPUs "
		"(their timing included)\n"
		"              this process %.2f %% of a CPU, %.1f MiB resident; maps %.1f MiB\n",
		trace->bpf_runs,
		trace->bpf_runs ? (double)trace->bpf_ns / (double)trace->bpf_runs : 0,
		100 * (double)trace->bpf_ns / wall / cpus, report->host.cpus,
		100 * (double)trace->self_cpu_ns / wall, (double)trace->self_rss_bytes / 1048576,
		(double)trace->map_bytes / 1048576);
}

static uint64_t unwatched(const struct report *report)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < report->nr_domains; i++)
		sum += report->domains[i].unwatched;
	return sum;
}

/* Threads without a slot; the domain that has most of them is named. */
static void print_unwatched(const struct render_options *options, const struct report *report)
{
	const struct domain_report *most = &report->domains[0];
	uint64_t sum = unwatched(report);

	for (size_t i = 1; i < report->nr_domains; i++)
		if (report->domains[i].unwatched > most->unwatched)
			most = &report->domains[i];
	fprintf(options->out,
		"%swarning: %" PRIu64 " threads are not watched, %" PRIu64 " of them in ",
		options->color ? "\033[1;31m" : "", sum, most->unwatched);
	text_name(options, most->name, UNWATCHED_NAME, false);
	fprintf(options->out, "; raise --max-threads%s\n", options->color ? "\033[0m" : "");
}

static bool has_losses(const struct trace_counts *trace)
{
#define ANY(field, ...) || trace->field
	return false LOSS_COUNTERS(ANY);
#undef ANY
}

void text_foot(const struct render_options *options, const struct report *report)
{
	const struct trace_counts *trace = &report->trace;
	FILE *out = options->out;

#define LOSS(field, metric, help, text) {trace->field, text},
	const struct {
		uint64_t count;
		const char *text;
	} losses[] = {LOSS_COUNTERS(LOSS)};
#undef LOSS

	if (unwatched(report) || has_losses(trace))
		fputc('\n', out);
	if (unwatched(report))
		print_unwatched(options, report);
	else if (trace->dropped)
		fprintf(out,
			"%swarning: %" PRIu64
			" threads or events were not recorded; raise --max-threads%s\n",
			options->color ? "\033[1;31m" : "", trace->dropped,
			options->color ? "\033[0m" : "");
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
		if (losses[i].text)
			print_count(out, losses[i].count, losses[i].text);
	print_cost(out, report);
}
