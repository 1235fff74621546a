/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* For the fuzz targets: libFuzzer calls LLVMFuzzerTestOneInput() with what it made up. */
#ifndef STEALSCOPE_FUZZ_H
#define STEALSCOPE_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input in a buffer of its own, terminated, so that reading beyond it is noticed. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* What has to hold for any input. */
#define fuzz_check(condition)             \
	do {                              \
		if (!(condition))         \
			__builtin_trap(); \
	} while (0)

#endif
