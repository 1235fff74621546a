/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inside the totals: adding a report's numbers; see totals.h for what they promise. */
#ifndef STEALSCOPE_MODEL_TOTALS_ADD_H
#define STEALSCOPE_MODEL_TOTALS_ADD_H

#include "model/totals.h"

/* @of: the total of each of the report's domains. -ENOMEM. */
int totals_add_domains(struct totals *totals, const struct report *report, struct domain_total **of,
		       uint64_t now_ns);

/* The domain with this label is no longer shown by name. */
void totals_forget_thief(struct domain_total *victim, const char *label);

#endif
