// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <inttypes.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "model/hist.h"
#include "model/names.h"
#include "render/summary_text.h"
#include "render/text.h"

/* Below this, microseconds would leave only a few rows: show nanoseconds. */
#define SHORT_NS (16 * MICROSECOND)

#define BAR_MIN 10
#define BAR_MAX 100

/* A log2 histogram of all kinds of waits, with one column and one bar character for each. */
struct display {
	uint64_t unit_ns;
	uint64_t counts[NR_WAIT_KINDS][HIST_ROWS];
	uint64_t totals[HIST_ROWS];
	uint64_t most;
	unsigned int first, last; /* from the first to the last row that is not empty */
};

static void fill_display(struct display *display, const struct hist waits[NR_WAIT_KINDS])
{
	uint64_t max_ns = 0;

	for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++)
		max_ns = waits[kind].max_ns > max_ns ? waits[kind].max_ns : max_ns;
	*display = (struct display){.unit_ns = max_ns < SHORT_NS ? 1 : MICROSECOND,
				    .first = HIST_ROWS};
	for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++) {
		for (size_t i = 0; i < waits[kind].nr_bins; i++) {
			const struct bin64 *bin = &waits[kind].bins[i];
			unsigned int row = hist_row(bin->bucket, display->unit_ns);

			display->counts[kind][row] += bin->count;
			display->totals[row] += bin->count;
			if (row < display->first)
				display->first = row;
			if (row > display->last)
				display->last = row;
			if (display->totals[row] > display->most)
				display->most = display->totals[row];
		}
	}
}

/* The longest row: two numbers, " -> ", " : ", a count of each kind, the bar and its end. */
#define ROW_MAX (2 * DIGITS_U64 + 7 + NR_WAIT_KINDS * (DIGITS_U64 + 1) + BAR_MAX + 3)

static char *put_bar(char *at, const struct display *display, unsigned int row, unsigned int width)
{
	double scale = (double)width / (double)display->most;
	uint64_t sum = 0;
	unsigned int used = 0;

	*at++ = '|';
	for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++) {
		unsigned int end;

		sum += display->counts[kind][row];
		end = (unsigned int)((double)sum * scale + 1e-9);
		memset(at + used, wait_kind_infos[kind].bar, end - used);
		used = end;
	}
	memset(at + used, ' ', width - used);
	at += width;
	*at++ = '|';
	*at++ = '\n';
	return at;
}

static char *put_number(char *at, uint64_t number, size_t width, bool left)
{
	char digits[DIGITS_U64];
	size_t len = digits_u64(digits, number);
	size_t pad = len < width ? width - len : 0;

	memset(at, ' ', len + pad);
	memcpy(at + (left ? 0 : pad), digits, len);
	return at + len + pad;
}

/* A thousand domains make a hundred thousand rows: printf() is too slow for that. */
static void print_row(FILE *out, const struct display *display, unsigned int row, size_t columns,
		      unsigned int bar)
{
	char line[ROW_MAX], *at = line;

	at = put_number(at, hist_row_low(row), 10, false);
	at = mempcpy(at, " -> ", 4);
	at = put_number(at, hist_row_high(row), 10, true);
	at = mempcpy(at, " : ", 3);
	for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++) {
		at = put_number(at, display->counts[kind][row], columns, true);
		*at++ = ' ';
	}
	at = put_bar(at, display, row, bar);
	fwrite(line, 1, (size_t)(at - line), out);
}

static int count_width(uint64_t most)
{
	int width = snprintf(NULL, 0, "%" PRIu64, most);

	return width < 9 ? 9 : width;
}

static void print_histogram(const struct render_options *options,
			    const struct hist waits[NR_WAIT_KINDS])
{
	struct display display;
	unsigned int used, bar;
	FILE *out = options->out;
	int columns;

	fill_display(&display, waits);
	if (!display.most)
		return;
	columns = count_width(display.most);
	used = 27 + NR_WAIT_KINDS * ((unsigned int)columns + 1) + 2;
	bar = text_width(options) > used + BAR_MIN ? text_width(options) - used : BAR_MIN;
	bar = bar > BAR_MAX ? BAR_MAX : bar;
	fprintf(out, "%10s%14s : ", display.unit_ns == 1 ? "nsecs" : "usecs", "");
	for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++)
		fprintf(out, "%s %-*c ", wait_kind_names[kind],
			columns - (int)strlen(wait_kind_names[kind]) - 1,
			wait_kind_infos[kind].bar);
	fputs("distribution\n", out);
	for (unsigned int row = display.first; row <= display.last; row++)
		print_row(out, &display, row, (size_t)columns, bar);
}

static void print_kind(FILE *out, const char *name, const struct hist *hist)
{
	char p50[DURATION_SIZE], p99[DURATION_SIZE], max[DURATION_SIZE];

	fprintf(out, "    %-8s%9" PRIu64 " wait%s p50 %-6s p99 %-6s max %s\n", name, hist->count,
		hist->count == 1 ? " " : "s", text_duration(p50, hist_quantile(hist, 500)),
		text_duration(p99, hist_quantile(hist, 990)), text_duration(max, hist->max_ns));
}

void text_waits(const struct render_options *options, const struct hist waits[NR_WAIT_KINDS])
{
	for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++) {
		if (waits[kind].count)
			print_kind(options->out, wait_kind_names[kind], &waits[kind]);
	}
	print_histogram(options, waits);
}

/* What follows a heading: "  run 49.9 %  steal …", figures per kind, the histogram. */
static void print_stats(const struct render_options *options, const struct stats *who,
			unsigned int nr, uint64_t interval_ns)
{
	FILE *out = options->out;
	char buf[DURATION_SIZE];

	fprintf(out, "  run %s %%  ", text_pct(buf, pct_of(who->run_ns, nr, interval_ns)));
	text_stats(options, who, nr, interval_ns);
	fputc('\n', out);
	text_waits(options, who->waits);
}

static bool has_waits(const struct stats *who)
{
	bool any = who->steal_pct > 0; /* a wait that has not ended */

	for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++)
		any = any || who->waits[kind].count;
	return any;
}

static void print_role_name(FILE *out, enum role role, unsigned int nr)
{
	fprintf(out, "  %s (%u thread%s)", role_names[role], nr, nr == 1 ? "" : "s");
}

static void print_role(const struct render_options *options, const struct domain_report *domain,
		       enum role role, uint64_t interval_ns)
{
	unsigned int nr = role_threads(domain, role);

	if (!has_waits(&domain->roles[role]))
		return;
	fputc('\n', options->out);
	print_role_name(options->out, role, nr);
	print_stats(options, &domain->roles[role], nr, interval_ns);
}

/* A role other than vCPU, on one line. */
static void print_other_role(const struct render_options *options,
			     const struct domain_report *domain, enum role role,
			     uint64_t interval_ns)
{
	unsigned int nr = role_threads(domain, role);

	print_role_name(options->out, role, nr);
	fputs("  ", options->out);
	text_stats(options, &domain->roles[role], nr, interval_ns);
	fputc('\n', options->out);
}

static void print_vcpu(const struct render_options *options, const struct thread_report *thread,
		       uint64_t interval_ns)
{
	FILE *out = options->out;
	bool waits = has_waits(&thread->own);
	char buf[DURATION_SIZE];

	if (waits)
		fputc('\n', out);
	if (thread->index >= 0)
		fprintf(out, "  vcpu %d", thread->index);
	else
		fprintf(out, "  vcpu ? (tid %d)", thread->tid);
	if (thread->dead)
		fputs(" (gone)", out);
	if (thread->waiting_ns)
		fprintf(out, ", waiting for %s now", text_duration(buf, thread->waiting_ns));
	if (waits)
		print_stats(options, &thread->own, 1, interval_ns);
	else
		fputs("  no waits\n", out);
}

static void print_threads(const struct render_options *options, const struct domain_report *domain,
			  uint64_t interval_ns)
{
	bool first = true;

	for (size_t i = 0; i < domain->nr_threads; i++) {
		if (domain->threads[i].role == ROLE_VCPU)
			print_vcpu(options, &domain->threads[i], interval_ns);
	}
	for (enum role role = ROLE_VCPU + 1; role < NR_ROLES; role++) {
		if (!has_waits(&domain->roles[role]))
			continue;
		fputs(first ? "\n" : "", options->out);
		first = false;
		print_other_role(options, domain, role, interval_ns);
	}
}

static bool is_quiet(const struct domain_report *domain)
{
	bool quiet = true;

	for (enum role role = 0; role < NR_ROLES; role++)
		quiet = quiet && !has_waits(&domain->roles[role]);
	return quiet;
}

static void print_domain(const struct render_options *options, const struct domain_report *domain,
			 uint64_t interval_ns)
{
	text_domain(options, domain);
	if (options->by == BY_DOMAIN) {
		print_stats(options, &domain->vcpus, domain->nr_vcpus, interval_ns);
		return;
	}
	fputs("  ", options->out);
	text_stats(options, &domain->vcpus, domain->nr_vcpus, interval_ns);
	fputc('\n', options->out);
	if (options->by == BY_VCPU) {
		print_threads(options, domain, interval_ns);
		return;
	}
	for (enum role role = 0; role < NR_ROLES; role++)
		print_role(options, domain, role, interval_ns);
}

int render_hist_text(const struct report *report, const struct render_options *options)
{
	FILE *out = options->out;
	bool was_quiet = false;

	text_head(options, report);
	if (report->nr_domains)
		text_summary(options, report);
	else
		text_no_domains(options);
	for (size_t i = 0; i < report->nr_domains; i++) {
		bool quiet = is_quiet(&report->domains[i]);

		/* Threads without waits are listed together, one line each. */
		if (!quiet || !was_quiet)
			fputc('\n', out);
		was_quiet = quiet;
		if (!quiet) {
			print_domain(options, &report->domains[i], report->interval_ns);
			continue;
		}
		text_domain(options, &report->domains[i]);
		fputs("  no waits\n", out);
	}
	text_foot(options, report);
	return text_finish(out);
}
