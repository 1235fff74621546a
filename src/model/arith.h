/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef STEALSCOPE_ARITH_H
#define STEALSCOPE_ARITH_H

#include <stdint.h>

#define max(a, b) ((a) > (b) ? (a) : (b))
#define min(a, b) ((a) < (b) ? (a) : (b))

/* What a counter grew by; 0 where it went back. */
static inline uint64_t grown(uint64_t from, uint64_t to)
{
	return to > from ? to - from : 0;
}

#endif
