// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 4096
#define NS_DIGITS 9

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = (struct buffer){0};
}

void buffer_reset(struct buffer *buffer)
{
	buffer->len = 0;
	buffer->failed = false;
}

static bool reserve(struct buffer *buffer, size_t len)
{
	size_t size = buffer->size ? buffer->size : FIRST_SIZE;
	char *data;

	if (buffer->failed)
		return false;
	if (buffer->size - buffer->len >= len)
		return true;
	while (size - buffer->len < len)
		size *= 2;
	data = realloc(buffer->data, size);
	if (!data) {
		buffer->failed = true;
		return false;
	}
	buffer->data = data;
	buffer->size = size;
	return true;
}

void buffer_add(struct buffer *buffer, const char *data, size_t len)
{
	if (!reserve(buffer, len))
		return;
	memcpy(buffer->data + buffer->len, data, len);
	buffer->len += len;
}

void buffer_puts(struct buffer *buffer, const char *s)
{
	buffer_add(buffer, s, strlen(s));
}

size_t digits_u64(char digits[static DIGITS_U64], uint64_t value)
{
	char reversed[DIGITS_U64];
	size_t len = 0;

	do {
		reversed[len++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	for (size_t i = 0; i < len; i++)
		digits[i] = reversed[len - 1 - i];
	return len;
}

void buffer_u64(struct buffer *buffer, uint64_t value)
{
	char digits[DIGITS_U64];

	buffer_add(buffer, digits, digits_u64(digits, value));
}

void buffer_seconds(struct buffer *buffer, uint64_t ns)
{
	char fraction[1 + NS_DIGITS] = ".";
	uint64_t left = ns % 1000000000;
	size_t len = sizeof(fraction);

	buffer_u64(buffer, ns / 1000000000);
	if (!left)
		return;
	for (size_t i = NS_DIGITS; i > 0; i--, left /= 10)
		fraction[i] = (char)('0' + left % 10);
	while (fraction[len - 1] == '0')
		len--;
	buffer_add(buffer, fraction, len);
}
