// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "base/escape.h"
#include "model/hist.h"
#include "model/names.h"
#include "screen/screen_table.h"

#define NAME_MIN 6U
#define NAME_WANTED 20U /* columns go before a name gets shorter than this */
#define NAME_MAX_COLS 48U
#define BAR_SMALL 10U
#define BAR_BIG 20U
#define THIEF_WANTED 24U

static void all_waits(const struct row *row, struct bin64 bins[NR_BUCKETS], struct hist *ret_hist)
{
	struct hist_sum sum = {0};

	for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++)
		hist_sum_add(&sum, &row->who->waits[kind]);
	hist_sum_view(&sum, bins, ret_hist);
}

static double quantile(const struct row *row, unsigned int permille)
{
	struct bin64 bins[NR_BUCKETS];
	struct hist hist;

	all_waits(row, bins, &hist);
	return (double)hist_quantile(&hist, permille);
}

static double value_tid(const struct row *row, const struct report *report)
{
	(void)report;
	return row->thread->tid;
}

static double value_cpus(const struct row *row, const struct report *report)
{
	(void)report;
	return row->domain->nr_vcpus;
}

static double value_steal(const struct row *row, const struct report *report)
{
	(void)report;
	return row->who->steal_pct;
}

static double value_worst(const struct row *row, const struct report *report)
{
	(void)report;
	return row->domain->worst_pct;
}

static double value_sum(const struct row *row, const struct report *report)
{
	(void)report;
	return row->domain->sum_pct;
}

static double value_p50(const struct row *row, const struct report *report)
{
	(void)report;
	return quantile(row, 500);
}

static double value_p99(const struct row *row, const struct report *report)
{
	(void)report;
	return quantile(row, 990);
}

static double value_max(const struct row *row, const struct report *report)
{
	uint64_t max_ns = 0;

	(void)report;
	for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++) {
		if (row->who->waits[kind].max_ns > max_ns)
			max_ns = row->who->waits[kind].max_ns;
	}
	return (double)max_ns;
}

/* Those with the same chief cause stand together, the worst of them first. */
static double value_causes(const struct row *row, const struct report *report)
{
	enum cause chief = 0;

	(void)report;
	for (enum cause cause = 1; cause < NR_CAUSES; cause++) {
		if (row->who->cause_ns[cause] > row->who->cause_ns[chief])
			chief = cause;
	}
	if (!row->who->cause_ns[chief])
		chief = NR_CAUSES;
	return 1000.0 * (NR_CAUSES - chief) + row->who->steal_pct;
}

static double value_skew(const struct row *row, const struct report *report)
{
	return pct_of(row->domain->skew_ns, 1, report->interval_ns);
}

static double value_run(const struct row *row, const struct report *report)
{
	return pct_of(row->who->run_ns, row->nr, report->interval_ns);
}

static double value_thief(const struct row *row, const struct report *report)
{
	char name[SCREEN_NAME_SIZE];

	return pct_share(row->who, row->nr, report->interval_ns, screen_top_thief(row->who, name));
}

const struct column_info columns[NR_COLUMNS] = {
	[COLUMN_NAME] = {'N', "NAME", "domain, or one of its threads", IN_TABLES, NAME_MIN, 0, 0,
			 FORM_NAME, NULL},
	[COLUMN_TID] = {'I', "TID", "thread id on the host", IN_THREADS, 7, 0, 9, FORM_COUNT,
			value_tid},
	[COLUMN_CPUS] = {'C', "CPU", "vCPUs", IN_DOMAINS, 3, 0, 8, FORM_COUNT, value_cpus},
	[COLUMN_STEAL] = {'S', "STEAL%", "time runnable but not running, mean over the vCPUs",
			  IN_TABLES, 6, 0, 0, FORM_STEAL, value_steal},
	[COLUMN_WORST] = {'W', "WORST%", "steal of the worst vCPU", IN_DOMAINS, 6, 0, 2, FORM_STEAL,
			  value_worst},
	[COLUMN_SUM] = {'U', "SUM%", "steal, sum over the vCPUs, like esxtop's %RDY", IN_DOMAINS, 6,
			96, 10, FORM_PCT, value_sum},
	[COLUMN_P50] = {'5', "P50", "median wait", IN_TABLES, 5, 0, 7, FORM_TIME, value_p50},
	[COLUMN_P99] = {'9', "P99", "99th percentile of the waits", IN_TABLES, 5, 0, 5, FORM_TIME,
			value_p99},
	[COLUMN_MAX] = {'M', "MAX", "longest wait", IN_TABLES, 5, 0, 3, FORM_TIME, value_max},
	[COLUMN_CAUSES] = {'X', "CAUSES", "causes of the steal", IN_TABLES, 6, 0, 3, FORM_BAR,
			   value_causes},
	[COLUMN_SKEW] = {'K', "SKEW%", "time a vCPU waited while a sibling ran", IN_DOMAINS, 5, 0,
			 6, FORM_PCT, value_skew},
	[COLUMN_RUN] = {'R', "RUN%", "time on a CPU", IN_TABLES, 5, 0, 4, FORM_PCT, value_run},
	[COLUMN_THIEF] = {'T', "TOP THIEF", "biggest thief, and its share of the time", IN_TABLES,
			  10, 0, 1, FORM_THIEF, value_thief},
};

/* Columns of the longest name; of all rows, so that filtering does not move anything. */
static unsigned int longest_name(const struct screen_state *state)
{
	const struct report *report = state->report;
	const struct domain_report *domain = screen_domain(state);
	char safe[SCREEN_TEXT_SIZE], name[SCREEN_NAME_SIZE];
	size_t longest = NAME_MIN, cols;

	for (size_t i = 0; state->level == LEVEL_DOMAINS && i < report->nr_domains; i++) {
		cols = escape_terminal(report->domains[i].name, safe, sizeof(safe), NAME_MAX_COLS,
				       state->ascii);
		longest = cols > longest ? cols : longest;
	}
	for (size_t i = 0; state->level != LEVEL_DOMAINS && domain && i < domain->nr_threads; i++) {
		screen_thread_name(&domain->threads[i], name);
		cols = escape_terminal(name, safe, sizeof(safe), NAME_MAX_COLS, state->ascii);
		longest = cols > longest ? cols : longest;
	}
	return (unsigned int)longest;
}

static unsigned int total(const struct layout *layout)
{
	unsigned int sum = 0;

	for (unsigned int i = 0; i < NR_COLUMNS; i++)
		sum += layout->width[i] ? layout->width[i] + 1 : 0;
	return sum ? sum - 1 : 0;
}

/* The column to go without next, NR_COLUMNS if none may. */
static unsigned int least_wanted(const struct layout *layout)
{
	unsigned int least = NR_COLUMNS, drop = 0;

	for (unsigned int i = 0; i < NR_COLUMNS; i++) {
		if (layout->width[i] && columns[i].drop > drop) {
			drop = columns[i].drop;
			least = i;
		}
	}
	return least;
}

/* Let @column grow to @wanted within @room. */
static void grow(struct layout *layout, enum column column, unsigned int wanted, unsigned int room)
{
	unsigned int now = layout->width[column], left = room - total(layout);

	if (!now || room <= total(layout) || wanted <= now)
		return;
	layout->width[column] = wanted - now < left ? wanted : now + left;
}

struct layout screen_layout(const struct screen_state *state)
{
	unsigned int longest = longest_name(state), width = state->width ? state->width : 160;
	unsigned int wanted = longest < NAME_WANTED ? longest : NAME_WANTED, least;
	struct layout layout = {0};

	for (unsigned int i = 0; i < NR_COLUMNS; i++) {
		if (columns[i].tables & 1U << state->level && width >= columns[i].from)
			layout.width[i] = columns[i].width;
	}
	layout.width[COLUMN_NAME] = wanted;
	while (total(&layout) > width) {
		least = least_wanted(&layout);
		if (least == NR_COLUMNS)
			break;
		layout.width[least] = 0;
	}
	grow(&layout, COLUMN_NAME, longest, width);
	grow(&layout, COLUMN_CAUSES, BAR_SMALL, width);
	grow(&layout, COLUMN_THIEF, THIEF_WANTED, width);
	grow(&layout, COLUMN_CAUSES, BAR_BIG, width);
	grow(&layout, COLUMN_THIEF, NAME_MAX_COLS, width);
	if (total(&layout) > width)
		layout.width[COLUMN_NAME] = width > NAME_MIN + 7 ? width - 7 : NAME_MIN;
	return layout;
}
