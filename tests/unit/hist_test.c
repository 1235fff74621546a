// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>

#include "model/hist.h"
#include "test.h"

#define US 1000ULL
#define NR_VALUES 5000

static void test_quantile_of_nothing(void **state)
{
	struct hist hist = {0};

	(void)state;
	assert_int_equal(hist_quantile(&hist, 500), 0);
	assert_int_equal(hist_quantile(&hist, 1000), 0);
}

static void test_quantile_of_one(void **state)
{
	struct bin64 bin = {bucket_of(1234567), 1};
	struct hist hist = {
		.count = 1, .sum_ns = 1234567, .max_ns = 1234567, .bins = &bin, .nr_bins = 1};

	(void)state;
	assert_int_equal(hist_quantile(&hist, 0), 1234567);
	assert_int_equal(hist_quantile(&hist, 1), 1234567);
	assert_int_equal(hist_quantile(&hist, 1000), 1234567);
}

/* 7 % of 100 waits is the 7th, although 0.07 * 100 > 7 in floating point. */
static void test_rank_is_exact(void **state)
{
	struct bin64 bins[] = {{bucket_of(10 * US), 7}, {bucket_of(500 * US), 93}};
	struct hist hist = {.count = 100, .max_ns = 500 * US, .bins = bins, .nr_bins = 2};

	(void)state;
	assert_int_equal(bucket_of(hist_quantile(&hist, 70)), bins[0].bucket);
	assert_int_equal(bucket_of(hist_quantile(&hist, 71)), bins[1].bucket);
}

static void test_never_above_the_maximum(void **state)
{
	uint64_t max = bucket_ge(100) + 1;
	struct bin64 bin = {100, 1000};
	struct hist hist = {.count = 1000, .max_ns = max, .bins = &bin, .nr_bins = 1};

	(void)state;
	assert_int_equal(hist_quantile(&hist, 500), max);
	hist.max_ns = 0;
	assert_int_equal(bucket_of(hist_quantile(&hist, 500)), 100);
	assert_int_equal(bucket_of(hist_quantile(&hist, 1000)), 100);
}

static void test_last_bucket_is_open(void **state)
{
	struct bin64 bin = {NR_BUCKETS - 1, 3};
	struct hist hist = {.count = 3, .max_ns = 3600000000000ULL, .bins = &bin, .nr_bins = 1};

	(void)state;
	assert_int_equal(hist_quantile(&hist, 500), 3600000000000ULL);
	hist.max_ns = 0;
	assert_int_equal(hist_quantile(&hist, 500), bucket_ge(NR_BUCKETS - 1));
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void test_quantile_error(void **state)
{
	static const unsigned int permilles[] = {1, 10, 250, 500, 900, 990, 999, 1000};
	static uint64_t values[NR_VALUES];
	static struct hist_sum sum;
	struct bin64 bins[NR_BUCKETS];
	struct hist hist;
	uint64_t seed = 7;

	(void)state;
	for (size_t i = 0; i < NR_VALUES; i++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		values[i] = 256 + ((seed >> 32) >> (seed >> 8) % 24);
		sum.counts[bucket_of(values[i])]++;
		sum.count++;
	}
	qsort(values, NR_VALUES, sizeof(values[0]), ascending);
	sum.max_ns = values[NR_VALUES - 1];
	hist_sum_view(&sum, bins, &hist);
	for (size_t i = 0; i < ARRAY_SIZE(permilles); i++) {
		uint64_t rank = (NR_VALUES * permilles[i] + 999) / 1000;
		uint64_t exact = values[rank - 1];
		uint64_t got = hist_quantile(&hist, permilles[i]);

		assert_true(llabs((long long)(got - exact)) * 16 <= (long long)exact);
	}
	assert_int_equal(hist_quantile(&hist, 1000), values[NR_VALUES - 1]);
}

static void test_sum(void **state)
{
	struct bin64 a[] = {{3, 10}, {50, 1}}, b[] = {{3, 5}, {7, 2}, {231, 1}};
	struct hist x = {.count = 11, .sum_ns = 100, .max_ns = 70, .bins = a, .nr_bins = 2};
	struct hist y = {.count = 8, .sum_ns = 30, .max_ns = 90, .bins = b, .nr_bins = 3};
	struct bin64 bins[NR_BUCKETS];
	struct hist_sum sum = {0};
	struct hist hist;

	(void)state;
	hist_sum_add(&sum, &x);
	hist_sum_add(&sum, &y);
	hist_sum_view(&sum, bins, &hist);
	assert_int_equal(hist.count, 19);
	assert_int_equal(hist.sum_ns, 130);
	assert_int_equal(hist.max_ns, 90);
	assert_int_equal(hist.nr_bins, 4);
	assert_int_equal(hist.bins[0].bucket, 3);
	assert_int_equal(hist.bins[0].count, 15);
	assert_int_equal(hist.bins[3].bucket, 231);
}

static void test_delta_wraps(void **state)
{
	struct bin before[] = {{3, 0xfffffff0u}, {9, 0xffffffffu}, {20, 4}};
	struct bin after[] = {{3, 0x10u}, {11, 2}, {20, 4}};
	struct wait_counts from = {.count = 100, .sum_ns = 5, .bins = before, .nr_bins = 3};
	struct wait_counts to = {
		.count = 135, .sum_ns = 25, .max_ns = 7000, .bins = after, .nr_bins = 3};
	struct arena arena = {0};
	struct hist hist;

	(void)state;
	assert_int_equal(hist_delta(&from, &to, &arena, &hist), 0);
	assert_int_equal(hist.count, 35);
	assert_int_equal(hist.sum_ns, 20);
	assert_int_equal(hist.max_ns, 7000);
	assert_int_equal(hist.nr_bins, 3);
	assert_int_equal(hist.bins[0].count, 32);
	assert_int_equal(hist.bins[1].bucket, 9);
	assert_int_equal(hist.bins[1].count, 1);
	assert_int_equal(hist.bins[2].bucket, 11);
	arena_free(&arena);
}

/* A maximum read before the counts must not be below the longest wait's bucket; without waits in
 * the interval there is none. */
static void test_delta_maximum(void **state)
{
	struct bin bin = {100, 1};
	struct wait_counts to = {.count = 1, .max_ns = 1, .bins = &bin, .nr_bins = 1};
	struct arena arena = {0};
	struct hist hist;

	(void)state;
	assert_int_equal(hist_delta(NULL, &to, &arena, &hist), 0);
	assert_int_equal(hist.max_ns, bucket_ge(100));
	to.max_ns = 99;
	assert_int_equal(hist_delta(&to, &to, &arena, &hist), 0);
	assert_int_equal(hist.max_ns, 0);
	assert_int_equal(hist.nr_bins, 0);
	arena_free(&arena);
}

static void test_rows(void **state)
{
	(void)state;
	assert_int_equal(hist_row(bucket_of(900), US), 0);
	assert_int_equal(hist_row(bucket_of(1900), US), 0);
	assert_int_equal(hist_row(bucket_of(3 * US), US), 1);
	assert_int_equal(hist_row(bucket_of(5 * US), US), 2);
	assert_int_equal(hist_row(bucket_of(1500 * US), US), 10);
	assert_true(hist_row(NR_BUCKETS - 1, 1) < HIST_ROWS);
	assert_int_equal(hist_row_low(0), 0);
	assert_int_equal(hist_row_high(0), 1);
	assert_int_equal(hist_row_low(10), 1024);
	assert_int_equal(hist_row_high(10), 2047);
	/* In nanoseconds every bucket lies in its row as a whole. */
	for (uint32_t b = 0; b + 1 < NR_BUCKETS; b++) {
		unsigned int row = hist_row(b, 1);

		if (bucket_ge(b) >= 32) {
			assert_true(bucket_ge(b) >= hist_row_low(row));
			assert_true(bucket_lt(b) - 1 <= hist_row_high(row));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantile_of_nothing),
		cmocka_unit_test(test_quantile_of_one),
		cmocka_unit_test(test_rank_is_exact),
		cmocka_unit_test(test_never_above_the_maximum),
		cmocka_unit_test(test_last_bucket_is_open),
		cmocka_unit_test(test_quantile_error),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_delta_wraps),
		cmocka_unit_test(test_delta_maximum),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
