// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Metrics of the exporter itself. */
#include "render/prom_writer.h"

struct scalar {
	const char *name, *type, *help;
	uint64_t value;
	bool seconds; /* the value is in nanoseconds */
};

static void write_scalar(struct prom_writer *w, const struct scalar *scalar)
{
	prom_family(w, scalar->name, scalar->type, scalar->help);
	buffer_puts(w->out, scalar->name);
	buffer_add(w->out, " ", 1);
	if (scalar->seconds)
		buffer_seconds(w->out, scalar->value);
	else
		buffer_u64(w->out, scalar->value);
	buffer_add(w->out, "\n", 1);
}

static void write_scalars(struct prom_writer *w, const struct totals *totals,
			  const struct prom_self *self)
{
#define LOSS(field, metric, help, ...) {metric, COUNTER, help, totals->trace.field, false},
	const struct scalar scalars[] = {
		{"stealscope_domains_left_out", GAUGE,
		 "Domains without series here, because the text would be too long.",
		 w->shown.left_out, false},
		{"stealscope_blame_thieves_limit", GAUGE,
		 "Maximum number of thief domains by name for each victim.", TOTALS_THIEVES_MAX,
		 false},
		{"stealscope_blame_thieves_collapsed", GAUGE,
		 "Pairs of victim and thief that the latest report counted as other.",
		 totals->collapsed, false},
		/* clang-format off: rows that come from a table look like a statement */
		LOSS_COUNTERS(LOSS)
		/* clang-format on */
		{"stealscope_reports_total", COUNTER, "Snapshots taken of all counters.",
		 self->reports, false},
		{"stealscope_scrape_duration_seconds", GAUGE,
		 "Time from snapshot to text for the latest scrape that needed one.",
		 self->scrape_ns, true},
	};
#undef LOSS

	for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++)
		write_scalar(w, &scalars[i]);
}

/* The names that all exporters use. */
static void write_process(struct prom_writer *w, const struct prom_self *self)
{
	const struct scalar scalars[] = {
		{"process_cpu_seconds_total", COUNTER, "CPU time of the exporter.", self->cpu_ns,
		 true},
		{"process_resident_memory_bytes", GAUGE, "Resident memory of the exporter.",
		 self->rss_bytes, false},
		{"process_start_time_seconds", GAUGE, "Start of the exporter since the epoch.",
		 self->start_ns, true},
		{"process_open_fds", GAUGE, "Open file descriptors of the exporter.", self->fds,
		 false},
		{"process_max_fds", GAUGE, "Limit of open file descriptors.", self->max_fds, false},
	};

	for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++)
		write_scalar(w, &scalars[i]);
}

static void write_domains(struct prom_writer *w)
{
	prom_family(w, "stealscope_domains", GAUGE,
		    "Domains with series here; those that are gone stay for five minutes.");
	prom_sample(w, "", "state=\"alive\"");
	prom_end_u64(w, w->shown.alive);
	prom_sample(w, "", "state=\"gone\"");
	prom_end_u64(w, w->shown.gone);
}

static void program_sample(struct prom_writer *w, const struct prom_program *program)
{
	prom_sample(w, "", "program=\"");
	buffer_puts(w->out, program->name);
	buffer_add(w->out, "\"", 1);
}

static void write_programs(struct prom_writer *w, const struct prom_self *self)
{
	if (!self->nr_programs)
		return;
	prom_family(w, "stealscope_bpf_run_seconds_total", COUNTER,
		    "Time in the BPF programs, from the kernel's statistics.");
	for (size_t i = 0; i < self->nr_programs; i++) {
		program_sample(w, &self->programs[i]);
		prom_end_seconds(w, self->programs[i].ns);
	}
	prom_family(w, "stealscope_bpf_runs_total", COUNTER, "Runs of the BPF programs.");
	for (size_t i = 0; i < self->nr_programs; i++) {
		program_sample(w, &self->programs[i]);
		prom_end_u64(w, self->programs[i].runs);
	}
}

void prom_write_self(struct prom_writer *w, const struct totals *totals,
		     const struct prom_self *self)
{
	write_domains(w);
	write_scalars(w, totals, self);
	if (!self->in_textfile)
		write_process(w, self);
	write_programs(w, self);
	prom_family(w, "stealscope_build_info", GAUGE, "The version of this exporter.");
	prom_sample(w, "", "version=\"");
	buffer_puts(w->out, self->version);
	buffer_add(w->out, "\"", 1);
	prom_end_u64(w, 1);
}
