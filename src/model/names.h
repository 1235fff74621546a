/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tables of include/kinds.h, by number.
 */
#ifndef STEALSCOPE_NAMES_H
#define STEALSCOPE_NAMES_H

#include "kinds.h"

extern const char *const role_names[NR_ROLES];
extern const char *const wait_kind_names[NR_WAIT_KINDS];
extern const char *const cause_names[NR_CAUSES];

/* Texts for people: phrases without a full stop. */
struct role_info {
	const char *purpose;
};
extern const struct role_info role_infos[NR_ROLES];

struct wait_kind_info {
	char bar;    /* what its bars are drawn with */
	short color; /* of 256 */
	const char *beginning;
};
extern const struct wait_kind_info wait_kind_infos[NR_WAIT_KINDS];

struct cause_info {
	char letter;
	short color;	       /* of 256 */
	enum thief_kind thief; /* THIEF_NOBODY: it has no thieves */
	const char *meaning;
	const char *advice;
};
extern const struct cause_info cause_infos[NR_CAUSES];

#endif
