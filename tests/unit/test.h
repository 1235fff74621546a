/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What cmocka.h wants included before it, and what every test uses. */
#ifndef STEALSCOPE_TEST_H
#define STEALSCOPE_TEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
