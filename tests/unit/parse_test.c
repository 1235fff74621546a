// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "test.h"

#include "base/parse.h"

static void numbers(void **state)
{
	uint64_t v = 7;

	(void)state;
	assert_int_equal(parse_u64("0", &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(parse_u64("18446744073709551615", &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(parse_u64("007", &v), 0);
	assert_int_equal(v, 7);
}

static void no_numbers(void **state)
{
	static const char *const bad[] = {"", " 1", "1 ", "+1", "-1", "0x10", "1.5", "1\n", "ten"};
	uint64_t v = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_u64(bad[i], &v), -EINVAL);
	assert_int_equal(parse_u64("18446744073709551616", &v), -ERANGE);
	assert_int_equal(parse_u64("99999999999999999999", &v), -ERANGE);
	assert_int_equal(v, 7);
}

static void durations(void **state)
{
	static const struct {
		const char *s;
		uint64_t ns;
	} good[] = {
		{"10ms", 10000000},
		{"1.5s", 1500000000},
		{"200us", 200000},
		{"200\xc2\xb5s", 200000},
		{"200\xce\xbcs", 200000},
		{"5", 5000000000},
		{"0.25", 250000000},
		{"7ns", 7},
		{"2m", 120000000000},
		{"1h", 3600000000000},
		{"0.1h", 360000000000},
		{"1.0000000019s", 1000000001},
		{"0", 0},
		{"1.5ns", 1},
		{"0.000001ms", 1},
		{"5124095h", 18446742000000000000ULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		uint64_t ns = 0;

		assert_int_equal(parse_duration(good[i].s, 1000000000, &ns), 0);
		assert_true(ns == good[i].ns);
	}
}

static void no_durations(void **state)
{
	static const char *const bad[] = {"",	 "s",	"1.",	  ".5s", "-1s", "+1s",
					  "1 s", "1ss", "1.5.5s", "1e3", "1d",	"1S"};
	uint64_t ns = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_duration(bad[i], 1, &ns), -EINVAL);
	assert_int_equal(parse_duration("5124096h", 1, &ns), -ERANGE);
	assert_int_equal(parse_duration("18446744073709551615.5s", 1, &ns), -ERANGE);
	assert_int_equal(parse_duration("18446744073709551616ns", 1, &ns), -ERANGE);
	assert_int_equal(ns, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(no_numbers),
		cmocka_unit_test(durations),
		cmocka_unit_test(no_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
