// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/parse.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define NSEC_PER_SEC 1000000000ULL
#define FRACTION_DIGITS 9

static const struct {
	const char *suffix;
	uint64_t ns;
} units[] = {
	{"ns", 1},
	{"us", 1000},
	{"\xc2\xb5s", 1000}, /* U+00B5 micro sign */
	{"\xce\xbcs", 1000}, /* U+03BC Greek mu */
	{"ms", 1000000},
	{"s", NSEC_PER_SEC},
	{"m", 60 * NSEC_PER_SEC},
	{"h", 3600 * NSEC_PER_SEC},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The digits at *@s, at least one, as a number; *@s moves behind them. */
static int scan_u64(const char **s, uint64_t *ret)
{
	uint64_t value = 0;

	if (!is_digit(**s))
		return -EINVAL;
	for (; is_digit(**s); (*s)++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(**s - '0'), &value))
			return -ERANGE;
	}
	*ret = value;
	return 0;
}

/* The digits of a fraction at *@s in units of 10^-9; further digits are read and ignored. */
static int scan_fraction(const char **s, uint64_t *ret)
{
	uint64_t value = 0;
	int digits = 0;

	if (!is_digit(**s))
		return -EINVAL;
	for (; is_digit(**s); (*s)++) {
		if (digits == FRACTION_DIGITS)
			continue;
		value = value * 10 + (uint64_t)(**s - '0');
		digits++;
	}
	for (; digits < FRACTION_DIGITS; digits++)
		value *= 10;
	*ret = value;
	return 0;
}

static int unit_of(const char *suffix, uint64_t bare, uint64_t *ret)
{
	if (!*suffix) {
		*ret = bare;
		return 0;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(suffix, units[i].suffix)) {
			*ret = units[i].ns;
			return 0;
		}
	}
	return -EINVAL;
}

int parse_u64(const char *s, uint64_t *ret)
{
	uint64_t value;
	int err = scan_u64(&s, &value);

	if (err)
		return err;
	if (*s)
		return -EINVAL;
	*ret = value;
	return 0;
}

int parse_duration(const char *s, uint64_t unit_ns, uint64_t *ret_ns)
{
	uint64_t whole, fraction = 0, unit, ns, fraction_ns;
	int err = scan_u64(&s, &whole);

	if (err)
		return err;
	if (*s == '.') {
		s++;
		err = scan_fraction(&s, &fraction);
		if (err)
			return err;
	}
	err = unit_of(s, unit_ns, &unit);
	if (err)
		return err;
	/* Split, so that the product stays below 2^64 for every unit that a day fits into. */
	fraction_ns =
		unit / NSEC_PER_SEC * fraction + unit % NSEC_PER_SEC * fraction / NSEC_PER_SEC;
	if (__builtin_mul_overflow(whole, unit, &ns) ||
	    __builtin_add_overflow(ns, fraction_ns, &ns))
		return -ERANGE;
	*ret_ns = ns;
	return 0;
}
