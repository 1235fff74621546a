/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Text that grows, in memory that is used again. A zeroed one is empty.
 *
 * Running out of memory is remembered rather than returned by every append: look at @failed once,
 * at the end.
 */
#ifndef STEALSCOPE_BUFFER_H
#define STEALSCOPE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
	char *data;
	size_t len, size;
	bool failed;
};

void buffer_free(struct buffer *buffer);

/* Empty it; the memory stays. */
void buffer_reset(struct buffer *buffer);

void buffer_add(struct buffer *buffer, const char *data, size_t len);
void buffer_puts(struct buffer *buffer, const char *s);
void buffer_u64(struct buffer *buffer, uint64_t value);

/* @value in decimal, not terminated. Returns how many digits. */
#define DIGITS_U64 20
size_t digits_u64(char digits[static DIGITS_U64], uint64_t value);

/* @ns as decimal seconds, exactly, without trailing zeros. */
void buffer_seconds(struct buffer *buffer, uint64_t ns);

#endif
