/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports as text for people and as lines of JSON for programs.
 *
 * Every renderer writes one report to options->out and flushes it: 0, or -errno of the failed write
 * (-EPIPE when the reader is gone).
 */
#ifndef STEALSCOPE_RENDER_H
#define STEALSCOPE_RENDER_H

#include <stdio.h>

#include "model/inventory.h"
#include "model/rank.h"
#include "model/long_wait.h"

struct render_options {
	FILE *out;
	enum report_by by;
	bool color;	    /* text: highlight steal of 5 % and 10 % */
	bool ascii;	    /* text: no characters above 0x7e */
	unsigned int width; /* text: columns of the terminal; 0: 80 */
	size_t rows;	    /* text: rows of blame; 0: all */
};

int render_hist_text(const struct report *report, const struct render_options *options);
int render_hist_json(const struct report *report, const struct render_options *options);
int render_blame_text(const struct report *report, const struct render_options *options);
int render_blame_json(const struct report *report, const struct render_options *options);
int render_list_text(const struct inventory *inventory, const struct render_options *options);
int render_list_json(const struct inventory *inventory, const struct render_options *options);
/* One line for each wait. */
int render_wait_text(const struct long_wait *wait, const struct render_options *options);
int render_wait_json(const struct long_wait *wait, const struct render_options *options);

#endif
