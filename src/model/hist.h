/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Histograms of waits: differences, sums, quantiles, and the rows that are displayed.
 */
#ifndef STEALSCOPE_HIST_H
#define STEALSCOPE_HIST_H

#include "bucket.h"
#include "model/report.h"

/* Many histograms added up. A zeroed one is empty. */
struct hist_sum {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t max_ns;
	uint64_t counts[NR_BUCKETS];
};

void hist_sum_add(struct hist_sum *sum, const struct hist *hist);

/* The sum as a histogram whose bins are kept in @bins. */
void hist_sum_view(const struct hist_sum *sum, struct bin64 bins[NR_BUCKETS],
		   struct hist *ret_hist);

/* What grew from @from (NULL: from nothing) to @to; its bins live in @arena. -ENOMEM. */
int hist_delta(const struct wait_counts *from, const struct wait_counts *to, struct arena *arena,
	       struct hist *ret_hist);

/* The same histogram with its bins in @arena. -ENOMEM. */
int hist_keep(const struct hist *hist, struct arena *arena, struct hist *ret_hist);

/*
 * The wait, in ns, that @permille / 1000 of all waits do not exceed: the one of rank
 * ceil(permille * count / 1000), with a relative error of at most 6.25 %; the longest is exact.
 * 0 when there are no waits.
 */
uint64_t hist_quantile(const struct hist *hist, unsigned int permille);

/*
 * Row of a log2 display (0 -> 1, 2 -> 3, 4 -> 7, …, in units of @unit_ns) to which a bucket
 * belongs, by the middle of the bucket: a bucket that straddles an edge is not split.
 */
#define HIST_ROWS 40U
unsigned int hist_row(uint32_t bucket, uint64_t unit_ns);
uint64_t hist_row_low(unsigned int row);
uint64_t hist_row_high(unsigned int row);

#endif
