/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How to render for where stdout leads. */
#ifndef STEALSCOPE_TERMINAL_H
#define STEALSCOPE_TERMINAL_H

#include "cmd/options.h"
#include "render/render.h"

/* Colour only on a terminal (and not where NO_COLOR is set), its width, ASCII where the locale is.
 */
struct render_options render_for_stdout(const struct options *options);

#endif
