/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A streaming JSON writer: no tree, a single buffer, no allocation for plain ASCII. The caller is
 * responsible for correct nesting, the writer for commas.
 */
#ifndef STEALSCOPE_JSON_H
#define STEALSCOPE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct json_writer {
	FILE *out;
	int err; /* the first failure, after which nothing is written */
	bool comma;
	size_t len;
	char buf[1 << 15];
};

void jw_begin(struct json_writer *jw, FILE *out);
/* Ends the line and flushes. 0 or -errno of the first failure. */
int jw_end(struct json_writer *jw);

void jw_open(struct json_writer *jw, char bracket);
void jw_close(struct json_writer *jw, char bracket);

/* @key has @len bytes, plain ASCII without quotes. */
void jw_key_len(struct json_writer *jw, const char *key, size_t len);
void jw_u64(struct json_writer *jw, uint64_t value);
void jw_int(struct json_writer *jw, int value);
/* With three decimals; @value must not be negative. */
void jw_number(struct json_writer *jw, double value);
void jw_bool(struct json_writer *jw, bool value);
void jw_null(struct json_writer *jw);
/* @value may hold any bytes, invalid UTF-8 is replaced; null for NULL. */
void jw_string(struct json_writer *jw, const char *s);
/* CLOCK_REALTIME as "2026-11-21T07:00:00.123Z". */
void jw_time(struct json_writer *jw, uint64_t time_ns);

/* Inline, so that the length of a literal costs nothing. */
static inline void jw_key(struct json_writer *jw, const char *key)
{
	jw_key_len(jw, key, strlen(key));
}

static inline void jw_field_u64(struct json_writer *jw, const char *key, uint64_t value)
{
	jw_key(jw, key);
	jw_u64(jw, value);
}

static inline void jw_field_string(struct json_writer *jw, const char *key, const char *s)
{
	jw_key(jw, key);
	jw_string(jw, s);
}

static inline void jw_field_number(struct json_writer *jw, const char *key, double value)
{
	jw_key(jw, key);
	jw_number(jw, value);
}

#endif
