// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "render/json.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/escape.h"

static void write_out(struct json_writer *jw, const char *s, size_t len)
{
	errno = 0;
	if (!jw->err && fwrite(s, 1, len, jw->out) != len)
		jw->err = errno ? -errno : -EIO;
}

static void put_slowly(struct json_writer *jw, const char *s, size_t len)
{
	write_out(jw, jw->buf, jw->len);
	jw->len = 0;
	if (len > sizeof(jw->buf)) {
		write_out(jw, s, len);
		return;
	}
	memcpy(jw->buf, s, len);
	jw->len = len;
}

static inline void put(struct json_writer *jw, const char *s, size_t len)
{
	if (len > sizeof(jw->buf) - jw->len) {
		put_slowly(jw, s, len);
		return;
	}
	memcpy(jw->buf + jw->len, s, len);
	jw->len += len;
}

static inline void put_char(struct json_writer *jw, char c)
{
	put(jw, &c, 1);
}

/* Before a value or a key. */
static inline void separate(struct json_writer *jw)
{
	if (jw->comma)
		put_char(jw, ',');
	jw->comma = true;
}

void jw_begin(struct json_writer *jw, FILE *out)
{
	jw->out = out;
	jw->err = 0;
	jw->comma = false;
	jw->len = 0;
}

int jw_end(struct json_writer *jw)
{
	put_char(jw, '\n');
	write_out(jw, jw->buf, jw->len);
	jw->len = 0;
	errno = 0;
	if (!jw->err && (fflush(jw->out) || ferror(jw->out)))
		jw->err = errno ? -errno : -EIO;
	return jw->err;
}

void jw_open(struct json_writer *jw, char bracket)
{
	separate(jw);
	put_char(jw, bracket);
	jw->comma = false;
}

void jw_close(struct json_writer *jw, char bracket)
{
	put_char(jw, bracket);
	jw->comma = true;
}

void jw_key_len(struct json_writer *jw, const char *key, size_t len)
{
	separate(jw);
	put_char(jw, '"');
	put(jw, key, len);
	put(jw, "\":", 2);
	jw->comma = false;
}

/* At least @width digits, two at a time: most of a line is numbers. */
static void put_u64(struct json_writer *jw, uint64_t value, int width)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930"
				    "31323334353637383940414243444546474849505152535455565758596061"
				    "62636465666768697071727374757677787980818283848586878889909192"
				    "93949596979899";
	char digits[20], *end = digits + sizeof(digits), *p = end;

	for (; value >= 10; value /= 100) {
		p -= 2;
		memcpy(p, &pairs[2 * (value % 100)], 2);
	}
	if (value || p == end)
		*--p = (char)('0' + value);
	while (end - p < width)
		*--p = '0';
	put(jw, p, (size_t)(end - p));
}

void jw_u64(struct json_writer *jw, uint64_t value)
{
	separate(jw);
	put_u64(jw, value, 1);
}

void jw_int(struct json_writer *jw, int value)
{
	separate(jw);
	if (value < 0)
		put_char(jw, '-');
	put_u64(jw, value < 0 ? -(uint64_t)value : (uint64_t)value, 1);
}

void jw_number(struct json_writer *jw, double value)
{
	uint64_t milli = (uint64_t)(value * 1000 + 0.5);

	separate(jw);
	put_u64(jw, milli / 1000, 1);
	put_char(jw, '.');
	put_u64(jw, milli % 1000, 3);
}

void jw_bool(struct json_writer *jw, bool value)
{
	separate(jw);
	put(jw, value ? "true" : "false", value ? 4 : 5);
}

void jw_null(struct json_writer *jw)
{
	separate(jw);
	put(jw, "null", 4);
}

static bool is_plain(const char *s)
{
	for (; *s; s++) {
		if (*s < 0x20 || *s > 0x7e || *s == '"' || *s == '\\')
			return false;
	}
	return true;
}

/* @s is valid UTF-8. C1 controls are escaped like the others: lines may end up on a terminal. */
static void put_escaped(struct json_writer *jw, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s, next = (unsigned char)s[1];
		bool c1 = c == 0xc2 && next < 0xa0;
		char escape[8];

		if (c == '"' || c == '\\') {
			put_char(jw, '\\');
			put_char(jw, *s);
		} else if (c < 0x20 || c == 0x7f || c1) {
			snprintf(escape, sizeof(escape), "\\u%04x", c1 ? next : c);
			put(jw, escape, 6);
			s += c1;
		} else {
			put_char(jw, *s);
		}
	}
}

void jw_string(struct json_writer *jw, const char *s)
{
	if (!s) {
		jw_null(jw);
		return;
	}
	separate(jw);
	put_char(jw, '"');
	if (is_plain(s)) {
		put(jw, s, strlen(s));
	} else {
		autofree char *valid = escape_utf8(s);

		if (valid)
			put_escaped(jw, valid);
		else if (!jw->err)
			jw->err = -ENOMEM;
	}
	put_char(jw, '"');
}

void jw_time(struct json_writer *jw, uint64_t time_ns)
{
	time_t seconds = (time_t)(time_ns / 1000000000);
	unsigned int milli = (unsigned int)(time_ns / 1000000 % 1000);
	char date[64], text[80];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || !strftime(date, sizeof(date), "%FT%T", &tm)) {
		jw_null(jw);
		return;
	}
	snprintf(text, sizeof(text), "%s.%03uZ", date, milli);
	jw_string(jw, text);
}
