// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "test.h"

#include <linux/types.h>

#include "hidden.h"

static void test_single(void **state)
{
	(void)state;
	assert_int_equal(hidden_run_of_last(100, 130, 150, 1), 30);
}

/* Somebody unknown ran in between: the last one seen is not blamed for him. */
static void test_several(void **state)
{
	(void)state;
	assert_int_equal(hidden_run_of_last(100, 130, 150, 2), 0);
	assert_int_equal(hidden_run_of_last(100, 130, 150, 1000), 0);
}

static void test_none(void **state)
{
	(void)state;
	assert_int_equal(hidden_run_of_last(100, 130, 150, 0), 0);
}

/* It arrived before the record began, or just now, which is no run that is known to be over. */
static void test_edges(void **state)
{
	(void)state;
	assert_int_equal(hidden_run_of_last(100, 90, 150, 1), 0);
	assert_int_equal(hidden_run_of_last(100, 100, 150, 1), 0);
	assert_int_equal(hidden_run_of_last(100, 150, 150, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_edges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
