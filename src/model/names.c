// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/names.h"

#define NAME(id, name, ...) name,
const char *const role_names[NR_ROLES] = {ROLES(NAME)};
const char *const wait_kind_names[NR_WAIT_KINDS] = {WAIT_KINDS(NAME)};
const char *const cause_names[NR_CAUSES] = {CAUSES(NAME)};

#define ROLE_INFO(id, name, purpose) {purpose},
const struct role_info role_infos[NR_ROLES] = {ROLES(ROLE_INFO)};

#define WAIT_INFO(id, name, bar, basic, many, beginning) {bar, many, beginning},
const struct wait_kind_info wait_kind_infos[NR_WAIT_KINDS] = {WAIT_KINDS(WAIT_INFO)};

#define CAUSE_INFO(id, name, letter, basic, many, weight, thief, meaning, advice) \
	{letter, many, THIEF_##thief, meaning, advice},
const struct cause_info cause_infos[NR_CAUSES] = {CAUSES(CAUSE_INFO)};
