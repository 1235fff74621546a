/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The names of include/kinds.h, by their number.
 */
#ifndef STEALSCOPE_NAMES_H
#define STEALSCOPE_NAMES_H

#include <stdbool.h>

#include "kinds.h"

extern const char *const role_names[NR_ROLES];
extern const char *const wait_kind_names[NR_WAIT_KINDS];
extern const char *const cause_names[NR_CAUSES];

/* Was it somebody's doing, or (quota, phantom, unknown) nobody's? */
bool cause_has_thieves(enum cause cause);

#endif
