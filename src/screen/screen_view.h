/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What fills the middle of the screen: all lines of it, from which a window is shown. */
#ifndef STEALSCOPE_SCREEN_VIEW_H
#define STEALSCOPE_SCREEN_VIEW_H

#include "screen/screen_table.h"

/* The line above the middle: where one is, in which order, how often it is new. */
void screen_location(struct screen *screen, const struct screen_state *state,
		     const struct rows *rows);

void screen_help(struct screen *screen, const struct screen_state *state);

/* -ENOMEM. */
int screen_thread_view(struct screen *screen, const struct screen_state *state,
		       const struct domain_report *domain, const struct thread_report *thread);

/* Keep @max of the lines from @first on, without the @skip first ones; or as many as there are. */
void screen_window(struct screen *screen, size_t first, size_t skip, size_t max);

#endif
