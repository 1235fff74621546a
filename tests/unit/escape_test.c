// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "render/json.h"

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

static void check_json(const char *in, const char *want)
{
	autofree struct json_writer *jw = malloc(sizeof(*jw));
	autofree char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(jw);
	assert_non_null(out);
	jw_begin(jw, out);
	jw_string(jw, in);
	assert_int_equal(jw_end(jw), 0);
	fclose(out);
	assert_string_equal(text, want);
}

/* Lines end up on terminals: no control is left as it is, C1 in UTF-8 and DEL included. */
static void json(void **state)
{
	(void)state;
	check_json("web-01", "\"web-01\"\n");
	check_json("\"\\/", "\"\\\"\\\\/\"\n");
	check_json("a\x01\x1f\n\x7f", "\"a\\u0001\\u001f\\u000a\\u007f\"\n");
	check_json("a\x7f", "\"a\\u007f\"\n"); /* and nothing else that is unusual */
	check_json("a\xc2\x9b", "\"a\\u009b\"\n");
	check_json("\x1f", "\"\\u001f\"\n");
	check_json("\"", "\"\\\"\"\n");
	check_json("\\", "\"\\\\\"\n");
	check_json("\xc2\x80\xc2\x9b[2J\xc2\x9f", "\"\\u0080\\u009b[2J\\u009f\"\n");
	/* What begins with the same byte and is no control: no-break space, section, one half */
	check_json("\xc2\xa0\xc2\xa7\xc2\xbd", "\"\xc2\xa0\xc2\xa7\xc2\xbd\"\n");
	check_json("\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80",
		   "\"\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80\"\n");
	check_json("\xc2", "\"" FFFD "\"\n");
	check_json("\x9b", "\"" FFFD "\"\n"); /* no UTF-8 */
	check_json("", "\"\"\n");
	check_json(NULL, "null\n");
}

/* Characters that begin with byte 0xC2: controls up to U+009F, then signs of all languages. */
static void latin_1(void **state)
{
	char in[3] = "\xc2", hex[9];

	(void)state;
	for (unsigned int c = 0x80; c < 0xc0; c++) {
		bool hidden = c < 0xa0 || c == 0xad; /* a soft hyphen is not seen */

		in[1] = (char)c;
		snprintf(hex, sizeof(hex), "\\xc2\\x%02x", c);
		check_terminal(in, 80, false, hidden ? hex : in, hidden ? 8 : 1);
		check_terminal(in, 80, true, hex, 8);
		check_malloced(escape_utf8, in, in);
		check_malloced(escape_label, in, in);
	}
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
		cmocka_unit_test(json),
		cmocka_unit_test(latin_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
