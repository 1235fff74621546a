// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "test.h"

#include "base/cleanup.h"
#include "base/escape.h"

#define ELLIPSIS "\xe2\x80\xa6"
#define FFFD "\xef\xbf\xbd"

static void check_terminal(const char *in, size_t max, bool ascii, const char *want, size_t cols)
{
	char out[256];

	assert_int_equal(escape_terminal(in, out, sizeof(out), max, ascii), cols);
	assert_string_equal(out, want);
}

static void terminal_controls(void **state)
{
	(void)state;
	check_terminal("web-01", 80, false, "web-01", 6);
	check_terminal("a\x1b[2Jb", 80, false, "a\\x1b[2Jb", 9);
	check_terminal("a\nb\tc\x7f", 80, false, "a\\x0ab\\x09c\\x7f", 15);
	check_terminal("back\\slash", 80, false, "back\\\\slash", 11);
	/* C1 CSI as UTF-8, a right-to-left override, a zero-width space, a line separator */
	check_terminal("\xc2\x9b", 80, false, "\\xc2\\x9b", 8);
	check_terminal("\xe2\x80\xae", 80, false, "\\xe2\\x80\\xae", 12);
	check_terminal("\xe2\x80\x8b\xe2\x80\xa8", 80, false, "\\xe2\\x80\\x8b\\xe2\\x80\\xa8", 24);
}

static void terminal_utf8(void **state)
{
	(void)state;
	check_terminal("\xc3\xa9t\xc3\xa9", 80, false, "\xc3\xa9t\xc3\xa9", 3);
	check_terminal("\xc3\xa9", 80, true, "\\xc3\\xa9", 8);
	check_terminal("e\xcc\x81", 80, false, "e\xcc\x81", 1);	      /* combining acute */
	check_terminal("\xe6\xbc\xa2", 80, false, "\xe6\xbc\xa2", 2); /* wide */
	check_terminal("\xf0\x9f\x98\x80", 80, false, "\xf0\x9f\x98\x80", 2);
	/* lone continuation, overlong, surrogate, beyond U+10FFFF, cut */
	check_terminal("\x80", 80, false, "\\x80", 4);
	check_terminal("\xc0\xaf", 80, false, "\\xc0\\xaf", 8);
	check_terminal("\xe0\x80\xaf", 80, false, "\\xe0\\x80\\xaf", 12);
	check_terminal("\xed\xa0\x80", 80, false, "\\xed\\xa0\\x80", 12);
	check_terminal("\xf4\x90\x80\x80", 80, false, "\\xf4\\x90\\x80\\x80", 16);
	check_terminal("\xe2\x80", 80, false, "\\xe2\\x80", 8);
}

static void terminal_cut(void **state)
{
	(void)state;
	check_terminal("abcdef", 6, false, "abcdef", 6);
	check_terminal("abcdef", 5, false, "abcd" ELLIPSIS, 5);
	check_terminal("abcdef", 5, true, "abcd~", 5);
	check_terminal("abcdef", 1, false, ELLIPSIS, 1);
	check_terminal("abcdef", 0, false, "", 0);
	check_terminal("", 0, false, "", 0);
	/* an escape is never cut in the middle, nor is a wide character */
	check_terminal("a\x1b"
		       "b",
		       4, false, "a" ELLIPSIS, 2);
	check_terminal("\xe6\xbc\xa2\xe6\xbc\xa2", 3, false, "\xe6\xbc\xa2" ELLIPSIS, 3);
	check_terminal("\xe6\xbc\xa2\xe6\xbc\xa2", 2, false, ELLIPSIS, 1);
}

static void terminal_small_buffer(void **state)
{
	char out[8];

	(void)state;
	assert_int_equal(escape_terminal("abcdefgh", out, 8, 80, false), 5);
	assert_string_equal(out, "abcd" ELLIPSIS);
	assert_int_equal(escape_terminal("abcdefg", out, 8, 80, false), 7);
	assert_string_equal(out, "abcdefg");
	assert_int_equal(escape_terminal("abc", out, 3, 80, false), 0);
	assert_string_equal(out, "");
	assert_int_equal(escape_terminal("abc", out, 1, 80, true), 0);
	assert_string_equal(out, "");
	out[0] = 'x';
	assert_int_equal(escape_terminal("abc", out, 0, 80, true), 0);
	assert_int_equal(out[0], 'x');
}

static void check_malloced(char *(*escape)(const char *), const char *in, const char *want)
{
	autofree char *out = escape(in);

	assert_non_null(out);
	assert_string_equal(out, want);
}

static void utf8(void **state)
{
	(void)state;
	check_malloced(escape_utf8, "", "");
	check_malloced(escape_utf8, "a\n\"\\\x1b", "a\n\"\\\x1b");
	check_malloced(escape_utf8, "\xc3\xa9\xff\xc3", "\xc3\xa9" FFFD FFFD);
	check_malloced(escape_utf8, "\xed\xa0\x80", FFFD FFFD FFFD);
}

static void label(void **state)
{
	(void)state;
	check_malloced(escape_label, "web-01", "web-01");
	check_malloced(escape_label, "a\nb\"c\\d", "a\\nb\\\"c\\\\d");
	check_malloced(escape_label, "\xff\"", FFFD "\\\"");
	check_malloced(escape_label, "\\\\\\\"\n", "\\\\\\\\\\\\\\\"\\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terminal_controls),
		cmocka_unit_test(terminal_utf8),
		cmocka_unit_test(terminal_cut),
		cmocka_unit_test(terminal_small_buffer),
		cmocka_unit_test(utf8),
		cmocka_unit_test(label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
