/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this process itself takes. */
#ifndef STEALSCOPE_BASE_SELF_H
#define STEALSCOPE_BASE_SELF_H

#include <stdint.h>

/* Its CPU time, of all its threads. */
uint64_t self_cpu_ns(void);

/* Its resident set; 0 where that cannot be read. */
uint64_t self_rss_bytes(void);

#endif
