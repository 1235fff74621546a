/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Numbers and durations as people and the kernel write them.
 */
#ifndef STEALSCOPE_PARSE_H
#define STEALSCOPE_PARSE_H

#include <stdint.h>

/* All of @s as an unsigned decimal number. 0; -EINVAL; -ERANGE. */
int parse_u64(const char *s, uint64_t *ret);

/*
 * All of @s as a duration in nanoseconds: "10ms", "1.5s", "200us", "5" (in units of @unit_ns);
 * ns, us, µs, ms, s, m, h. 0; -EINVAL; -ERANGE.
 */
int parse_duration(const char *s, uint64_t unit_ns, uint64_t *ret_ns);

#endif
