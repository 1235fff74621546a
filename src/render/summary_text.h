/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of all domains, worst first. */
#ifndef STEALSCOPE_SUMMARY_TEXT_H
#define STEALSCOPE_SUMMARY_TEXT_H

#include "render/text.h"

void text_summary(const struct render_options *options, const struct report *report);

#endif
