// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "render/summary_text.h"

#include "base/escape.h"
#include "model/hist.h"

#define NAME_MIN 6U
/* "vm 100 host 10" */
#define WHY_MIN 14U
/* The minimum width that has room for the sum over the vCPUs. */
#define WIDE 96U

/* The columns between the name and the causes; the sum only if it fits. */
static const char steal_heading[] = "CPUS STEAL% WORST%";
static const char sum_heading[] = "  SUM%";
static const char wait_heading[] = "   P50   P99   MAX SKEW%  RUN%  ";

#define COLUMNS(heading) ((unsigned int)sizeof(heading) - 1)

struct layout {
	unsigned int name, why;
	bool sum;
};

/* As wide as the longest name, within the space that the other columns leave. */
static struct layout lay_out(const struct render_options *options, const struct report *report)
{
	struct layout layout = {.name = NAME_MIN, .sum = text_width(options) >= WIDE};
	unsigned int fixed = 1 + COLUMNS(steal_heading) + COLUMNS(wait_heading), room;

	if (layout.sum)
		fixed += COLUMNS(sum_heading);
	room = text_width(options) > fixed ? text_width(options) - fixed : 0;
	layout.why = WHY_MIN;
	for (size_t i = 0; i < report->nr_domains; i++) {
		char safe[1024];
		unsigned int most = room > WHY_MIN + NAME_MIN ? room - WHY_MIN : NAME_MIN;
		size_t cols = escape_terminal(report->domains[i].name, safe, sizeof(safe), most,
					      options->ascii);

		if (cols > layout.name)
			layout.name = (unsigned int)cols;
	}
	if (room > layout.name + WHY_MIN)
		layout.why = room - layout.name;
	return layout;
}

/* Both kinds together. */
static void all_waits(const struct stats *who, struct bin64 bins[NR_BUCKETS], struct hist *ret_hist)
{
	struct hist_sum sum = {0};

	for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++)
		hist_sum_add(&sum, &who->waits[kind]);
	hist_sum_view(&sum, bins, ret_hist);
}

static void print_waits(FILE *out, const struct stats *who)
{
	struct bin64 bins[NR_BUCKETS];
	char buf[DURATION_SIZE];
	struct hist hist;

	all_waits(who, bins, &hist);
	if (!hist.count) {
		fprintf(out, " %5s %5s %5s", "-", "-", "-");
		return;
	}
	fprintf(out, " %5s", text_duration(buf, hist_quantile(&hist, 500)));
	fprintf(out, " %5s", text_duration(buf, hist_quantile(&hist, 990)));
	fprintf(out, " %5s", text_duration(buf, hist.max_ns));
}

static void print_row(const struct render_options *options, const struct report *report,
		      const struct domain_report *domain, const struct layout *layout)
{
	const struct stats *vcpus = &domain->vcpus;
	FILE *out = options->out;
	char buf[DURATION_SIZE];

	text_name(options, domain->name, layout->name, true);
	fprintf(out, " %4u ", domain->nr_vcpus);
	text_steal_pct(options, vcpus->steal_pct, 6);
	fputc(' ', out);
	text_steal_pct(options, domain->worst_pct, 6);
	if (layout->sum)
		fprintf(out, " %5.1f", domain->sum_pct);
	print_waits(out, vcpus);
	fprintf(out, " %5s", text_pct(buf, pct_of(domain->skew_ns, 1, report->interval_ns)));
	fprintf(out, " %5s",
		text_pct(buf, pct_of(vcpus->run_ns, domain->nr_vcpus, report->interval_ns)));
	text_why(options, vcpus, domain->nr_vcpus, report->interval_ns, layout->why);
	fputc('\n', out);
}

void text_summary(const struct render_options *options, const struct report *report)
{
	struct layout layout = lay_out(options, report);

	fprintf(options->out, "\n%-*s %s%s%sWHY\n", (int)layout.name, "DOMAIN", steal_heading,
		layout.sum ? sum_heading : "", wait_heading);
	for (size_t i = 0; i < report->nr_domains; i++)
		print_row(options, report, &report->domains[i], &layout);
}
