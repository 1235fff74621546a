// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/names.h"

#define NAME(id, name, ...) name,
const char *const role_names[NR_ROLES] = {ROLES(NAME)};
const char *const wait_kind_names[NR_WAIT_KINDS] = {WAIT_KINDS(NAME)};
const char *const cause_names[NR_CAUSES] = {CAUSES(NAME)};

bool cause_has_thieves(enum cause cause)
{
	switch (cause) {
	case CAUSE_VM:
	case CAUSE_SELF:
	case CAUSE_HOST:
	case CAUSE_KERNEL:
	case CAUSE_IDLE:
		return true;
	default:
		return false;
	}
}
