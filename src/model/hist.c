// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/hist.h"

#include <errno.h>
#include <string.h>

#include "model/arith.h"

void hist_sum_add(struct hist_sum *sum, const struct hist *hist)
{
	sum->count += hist->count;
	sum->sum_ns += hist->sum_ns;
	sum->max_ns = max(sum->max_ns, hist->max_ns);
	for (size_t i = 0; i < hist->nr_bins; i++)
		sum->counts[hist->bins[i].bucket] += hist->bins[i].count;
}

void hist_sum_view(const struct hist_sum *sum, struct bin64 bins[NR_BUCKETS], struct hist *ret_hist)
{
	size_t nr = 0;

	if (sum->count) {
		for (uint32_t b = 0; b < NR_BUCKETS; b++) {
			if (sum->counts[b])
				bins[nr++] = (struct bin64){b, sum->counts[b]};
		}
	}
	*ret_hist = (struct hist){
		.count = sum->count,
		.sum_ns = sum->sum_ns,
		.max_ns = sum->max_ns,
		.bins = bins,
		.nr_bins = nr,
	};
}

int hist_keep(const struct hist *hist, struct arena *arena, struct hist *ret_hist)
{
	struct bin64 *bins = NULL;

	if (hist->nr_bins) {
		bins = arena_array(arena, hist->nr_bins, sizeof(*bins));
		if (!bins)
			return -ENOMEM;
		memcpy(bins, hist->bins, hist->nr_bins * sizeof(*bins));
	}
	*ret_hist = *hist;
	ret_hist->bins = bins;
	return 0;
}

/* Both lists ascend. The counts wrap at 2^32, and one that wrapped to 0 is not in @to's list. */
static size_t subtract(const struct wait_counts *from, const struct wait_counts *to,
		       struct bin64 bins[NR_BUCKETS])
{
	size_t f = 0, t = 0, nr = 0;

	while (f < from->nr_bins || t < to->nr_bins) {
		uint32_t fb = f < from->nr_bins ? from->bins[f].bucket : NR_BUCKETS;
		uint32_t tb = t < to->nr_bins ? to->bins[t].bucket : NR_BUCKETS;
		uint32_t bucket = min(fb, tb), grown = 0;

		if (tb == bucket)
			grown = to->bins[t++].count;
		if (fb == bucket)
			grown -= from->bins[f++].count;
		if (grown)
			bins[nr++] = (struct bin64){bucket, grown};
	}
	return nr;
}

int hist_delta(const struct wait_counts *from, const struct wait_counts *to, struct arena *arena,
	       struct hist *ret_hist)
{
	static const struct wait_counts nothing;
	struct bin64 bins[NR_BUCKETS];
	struct hist hist = {.bins = bins};

	if (!from)
		from = &nothing;
	if (to->count > from->count) {
		hist.count = to->count - from->count;
		hist.sum_ns = grown(from->sum_ns, to->sum_ns);
		hist.nr_bins = subtract(from, to, bins);
	}
	/* The maximum may have been taken a moment before the counts: it is at least the last
	 * bucket's lower edge. */
	if (hist.nr_bins)
		hist.max_ns = max(to->max_ns, bucket_ge(bins[hist.nr_bins - 1].bucket));
	return hist_keep(&hist, arena, ret_hist);
}

/* Nowhere farther than 6.25 % from any value of the bucket. */
static uint64_t middle(uint32_t bucket)
{
	uint64_t ge = bucket_ge(bucket);

	return bucket + 1 < NR_BUCKETS ? ge + (bucket_lt(bucket) - ge) / 2 : ge;
}

uint64_t hist_quantile(const struct hist *hist, unsigned int permille)
{
	/* Rank in integers: 0.07 * 100 is more than 7 in floating point. */
	uint64_t rank = (uint64_t)(((unsigned __int128)hist->count * permille + 999) / 1000);
	uint64_t seen = 0;

	if (!hist->count)
		return 0;
	rank = max(rank, 1);
	for (size_t i = 0; i < hist->nr_bins && rank < hist->count; i++) {
		uint32_t bucket = hist->bins[i].bucket;

		seen += hist->bins[i].count;
		if (seen < rank)
			continue;
		/* The last bucket is open; the longest wait is the best that is known there. */
		if (bucket == NR_BUCKETS - 1)
			break;
		return hist->max_ns ? min(middle(bucket), hist->max_ns) : middle(bucket);
	}
	if (hist->max_ns || !hist->nr_bins)
		return hist->max_ns;
	return middle(hist->bins[hist->nr_bins - 1].bucket);
}

unsigned int hist_row(uint32_t bucket, uint64_t unit_ns)
{
	uint64_t value = middle(bucket) / unit_ns;

	return value < 2 ? 0 : bucket_log2(value);
}

uint64_t hist_row_low(unsigned int row)
{
	return row ? 1ULL << row : 0;
}

uint64_t hist_row_high(unsigned int row)
{
	return (2ULL << row) - 1;
}
