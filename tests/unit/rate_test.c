// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which long waits are told of. */
#include "test.h"

#include "slot.h"

#define LIMIT 10

/* @waits of @domain in @window; how many are told of. */
static unsigned int storm(struct wait_rate *rate, uint64_t window, uint32_t domain,
			  unsigned int waits)
{
	unsigned int told = 0;

	while (waits--)
		told += rate_admits(rate, window, domain, LIMIT);
	return told;
}

/* One domain alone has the whole rate, and no more. */
static void alone(void **state)
{
	struct wait_rate rate = {0};

	(void)state;
	for (uint64_t window = 1; window <= 5; window++)
		assert_int_equal(storm(&rate, window, 1, 1000), LIMIT);
	assert_int_equal(rate.lost, 5 * (1000 - LIMIT));
	assert_int_equal(storm(&rate, 6, 1, LIMIT), LIMIT);
	assert_int_equal(rate.lost, 5 * (1000 - LIMIT));
}

/* The storm comes first in each window; the others' waits are told of nevertheless. */
static void storm_first(void **state)
{
	struct wait_rate rate = {0};
	unsigned int told = 0;

	(void)state;
	for (uint64_t window = 1; window <= 100; window++) {
		told += storm(&rate, window, 1, 1000);
		assert_int_equal(storm(&rate, window, 2, 1), 1);
		assert_int_equal(storm(&rate, window, 3, 1), 1);
		told += 2;
	}
	assert_true(told <= 100 * LIMIT + LIMIT);
}

/* Two storms share. */
static void two_storms(void **state)
{
	struct wait_rate rate = {0};

	(void)state;
	storm(&rate, 1, 1, 1000);
	storm(&rate, 1, 2, 1000);
	for (uint64_t window = 2; window <= 10; window++) {
		unsigned int first = storm(&rate, window, 1, 1000);
		unsigned int second = storm(&rate, window, 2, 1000);

		assert_in_range(first, LIMIT / 2 - 1, LIMIT / 2);
		assert_in_range(second, LIMIT / 2 - 1, LIMIT / 2);
	}
}

/* More domains than may be told of: not without bound. */
static void crowd(void **state)
{
	struct wait_rate rate = {0};
	unsigned int told = 0;

	(void)state;
	for (uint64_t window = 1; window <= 100; window++)
		for (uint32_t domain = 0; domain < 1000; domain++)
			told += storm(&rate, window, domain, 1);
	assert_in_range(told, 50 * LIMIT, 101 * LIMIT);
}

/* What was told too much in one window is forgotten after a pause. */
static void pause_between(void **state)
{
	struct wait_rate rate = {0};

	(void)state;
	storm(&rate, 1, 1, 1000);
	storm(&rate, 1, 2, 1);
	assert_int_equal(storm(&rate, 2, 1, LIMIT), LIMIT / 2);
	assert_int_equal(storm(&rate, 9, 1, 1000), LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alone),	 cmocka_unit_test(storm_first),
		cmocka_unit_test(two_storms),	 cmocka_unit_test(crowd),
		cmocka_unit_test(pause_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
