/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How to render for where stdout leads. */
#ifndef STEALSCOPE_OUTPUT_H
#define STEALSCOPE_OUTPUT_H

#include "cmd/options.h"
#include "render/render.h"

/*
 * Color as --color says, by itself only on a terminal where NO_COLOR is not set; the terminal's
 * width, or without one that of COLUMNS, which watch(1) sets; ASCII where the locale is.
 */
struct render_options render_for_stdout(const struct options *options);

#endif
