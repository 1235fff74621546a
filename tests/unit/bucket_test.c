// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "bucket.h"
#include "test.h"

static void test_edges_map_back(void **state)
{
	(void)state;
	assert_int_equal(bucket_ge(0), 0);
	for (uint32_t b = 0; b < NR_BUCKETS; b++) {
		assert_int_equal(bucket_of(bucket_ge(b)), b);
		assert_int_equal(bucket_of(bucket_lt(b) - 1), b);
	}
}

static void test_monotone_without_gaps(void **state)
{
	(void)state;
	for (uint32_t b = 0; b + 1 < NR_BUCKETS; b++) {
		assert_true(bucket_ge(b) < bucket_lt(b));
		assert_true(bucket_lt(b) == bucket_ge(b + 1));
	}
	assert_true(bucket_lt(NR_BUCKETS - 1) == UINT64_MAX);
	assert_true(bucket_ge(NR_BUCKETS - 1) == (1ULL << 36) - (1ULL << 32));
	assert_int_equal(bucket_of(UINT64_MAX), NR_BUCKETS - 1);
}

/* From the middle of its bucket no value is farther than 6.25 %, or 16 ns below 256 ns. */
static void assert_near_middle(uint64_t ns)
{
	uint32_t b = bucket_of(ns);
	uint64_t ge = bucket_ge(b), lt = bucket_lt(b), middle, off;

	assert_in_range(ns, ge, lt - 1);
	if (b == NR_BUCKETS - 1)
		return;
	middle = ge + (lt - ge) / 2;
	off = ns > middle ? ns - middle : middle - ns;
	if (ns < 256)
		assert_true(off <= 16);
	else
		assert_true(off * 16 <= ns);
}

static void test_error_bound(void **state)
{
	uint64_t seed = 42;

	(void)state;
	for (uint32_t b = 0; b < NR_BUCKETS; b++) {
		assert_near_middle(bucket_ge(b));
		assert_near_middle(bucket_lt(b) - 1);
	}
	for (int i = 0; i < 100000; i++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		/* All magnitudes alike, up to 64 s. */
		assert_near_middle((seed >> 28) >> ((seed >> 3) % 36));
	}
}

static void test_log2(void **state)
{
	(void)state;
	for (uint32_t bit = 0; bit < 64; bit++) {
		assert_int_equal(bucket_log2(1ULL << bit), bit);
		assert_int_equal(bucket_log2((1ULL << bit) | ((1ULL << bit) - 1)), bit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges_map_back),
		cmocka_unit_test(test_monotone_without_gaps),
		cmocka_unit_test(test_error_bound),
		cmocka_unit_test(test_log2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
