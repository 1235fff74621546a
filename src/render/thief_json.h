/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Threads and thieves as fields of an open JSON object.
 */
#ifndef STEALSCOPE_THIEF_JSON_H
#define STEALSCOPE_THIEF_JSON_H

#include "model/rank.h"
#include "render/json.h"

/* "role", and for a vCPU "index" (null while it is unknown). */
void json_role(struct json_writer *jw, enum role role, int index);

/*
 * "cause" and the thief: a thread by domain, pid, role, index, tid and comm (BY_DOMAIN: only its
 * domain; BY_ROLE: without the thread); a process or kernel thread by pid, comm and unit;
 * "other":true for the rest of a cause. Causes without a thief have no further fields.
 */
void json_thief(struct json_writer *jw, enum cause cause, const struct actor *actor,
		enum report_by by);

#endif
