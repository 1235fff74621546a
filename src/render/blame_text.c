// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "model/names.h"
#include "render/label.h"
#include "render/text.h"

/* " phantom   100.0  1.2ms": cause, share, time */
#define FIGURES 23U
#define NAMES_MIN 24U

static void label_victim(struct label *label, const struct blame *row, enum report_by by)
{
	if (by == BY_DOMAIN)
		label_append(label, row->domain->name, label->max);
	else
		label_member(label, row->domain->name, row->role,
			     row->thread ? row->thread->index : -1);
}

typedef void labeler(struct label *label, const struct blame *row, enum report_by by);

static size_t make_label(struct label *label, const struct render_options *options, size_t max,
			 labeler *make, const struct blame *row)
{
	label->options = options;
	label->max = max;
	label->cols = label->len = 0;
	label->text[0] = '\0';
	make(label, row, options->by);
	return label->cols;
}

static size_t longest(const struct render_options *options, const struct blame *rows, size_t nr,
		      size_t max, labeler *make)
{
	size_t cols = 6; /* the heading */

	for (size_t i = 0; i < nr && cols < max; i++) {
		struct label label;
		size_t own = make_label(&label, options, max, make, &rows[i]);

		cols = own > cols ? own : cols;
	}
	return cols;
}

static void print_label(const struct render_options *options, size_t width, labeler *make,
			const struct blame *row)
{
	struct label label;
	size_t cols = make_label(&label, options, width, make, row);

	fprintf(options->out, "%s%*s ", label.text, (int)(width - cols), "");
}

static void print_rows(const struct render_options *options, const struct blame *rows, size_t nr)
{
	size_t room = text_width(options) > FIGURES + NAMES_MIN ? text_width(options) - FIGURES
								: NAMES_MIN;
	size_t victim = longest(options, rows, nr, room * 2 / 5, label_victim);
	size_t thief = longest(options, rows, nr, room - victim - 1, label_thief);

	fprintf(options->out, "\n%-*s %-*s %-7s SHARE%%  TIME\n", (int)victim, "VICTIM", (int)thief,
		"THIEF", "CAUSE");
	for (size_t i = 0; i < nr; i++) {
		char buf[DURATION_SIZE];

		print_label(options, victim, label_victim, &rows[i]);
		print_label(options, thief, label_thief, &rows[i]);
		fprintf(options->out, "%-7s ", cause_names[rows[i].cause]);
		text_steal_pct(options, rows[i].pct, 6);
		fprintf(options->out, " %5s\n", text_duration(buf, rows[i].ns));
	}
}

/* Threads still waiting have no thieves yet: those are known when the wait ends. */
static void print_waiting(const struct render_options *options, const struct report *report)
{
	for (size_t d = 0; d < report->nr_domains; d++) {
		const struct domain_report *domain = &report->domains[d];

		for (size_t t = 0; t < domain->nr_threads; t++) {
			const struct thread_report *thread = &domain->threads[t];
			struct label label = {.options = options, .max = text_width(options) / 2};
			char buf[DURATION_SIZE];

			if (!report->interval_ns || thread->waiting_ns < report->interval_ns)
				continue;
			label_member(&label, domain->name, thread->role, thread->index);
			fprintf(options->out,
				"%s has been waiting for %s; its thieves are known "
				"when the wait ends\n",
				label.text, text_duration(buf, thread->waiting_ns));
		}
	}
}

int render_blame_text(const struct report *report, const struct render_options *options)
{
	autofree struct blame *rows = NULL;
	size_t nr, shown;
	int err = rank_blame(report, options->by, &rows, &nr);

	if (err)
		return err;
	shown = options->rows && options->rows < nr ? options->rows : nr;
	text_head(options, report);
	if (!report->nr_domains)
		text_no_domains(options);
	else if (nr)
		print_rows(options, rows, shown);
	else
		fputs("\nNo virtual machine waited.\n", options->out);
	if (shown < nr)
		fprintf(options->out, "and %zu more rows\n", nr - shown);
	print_waiting(options, report);
	text_foot(options, report);
	return text_finish(options->out);
}
