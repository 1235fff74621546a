// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trace/notices.h"

#include <string.h>

void notices_add(struct notice_list *notices, pid_t pid)
{
	for (size_t i = 0; i < notices->nr; i++)
		if (notices->pids[i] == pid)
			return;
	if (notices->nr == NOTICE_MAX)
		notices->everything = true;
	else
		notices->pids[notices->nr++] = pid;
}

/* Two that take turns at one place shall not both be free of what they cost: the place remembers
 * it. */
static struct notices_limit *limit_of(struct notice_list *notices, pid_t pid, uint64_t now)
{
	struct notices_limit *limit = &notices->limits[(uint32_t)pid % NOTICE_LIMITS];

	if (limit->pid != pid)
		*limit = (struct notices_limit){.pid = pid, .since = now, .until = limit->until};
	return limit;
}

static bool is_dear(const struct notices_limit *limit, uint64_t now)
{
	return now + NOTICE_COST_SHARE * NOTICE_COST_BURST_NS < limit->until;
}

static bool within_limit(struct notices_limit *limit, uint64_t now)
{
	uint64_t passed = (now - limit->since) / NOTICE_EVERY_NS;

	if (is_dear(limit, now))
		return false;
	limit->looks -= passed < limit->looks ? (unsigned int)passed : limit->looks;
	limit->since += passed * NOTICE_EVERY_NS;
	if (limit->looks == NOTICE_BURST)
		return false;
	limit->looks++;
	return true;
}

bool notices_may_look(struct notice_list *notices, pid_t pid, bool known, uint64_t now)
{
	struct notices_limit *limit = limit_of(notices, pid, now);

	if (known && is_dear(limit, now))
		return false;
	return !limit->vanishes || within_limit(limit, now);
}

void notices_looked(struct notice_list *notices, pid_t pid, bool found)
{
	struct notices_limit *limit = &notices->limits[(uint32_t)pid % NOTICE_LIMITS];

	if (limit->pid == pid)
		limit->vanishes = !found;
}

void notices_charge(struct notice_list *notices, pid_t pid, uint64_t cost_ns, uint64_t now)
{
	struct notices_limit *limit = limit_of(notices, pid, now);

	limit->until = (limit->until > now ? limit->until : now) + NOTICE_COST_SHARE * cost_ns;
}

pid_t notices_take(struct notice_list *notices, uint64_t now)
{
	for (size_t i = 0; i < notices->nr; i++) {
		pid_t pid = notices->pids[i];

		if (!within_limit(limit_of(notices, pid, now), now))
			continue;
		notices->pids[i] = notices->pids[--notices->nr];
		return pid;
	}
	return 0;
}

void notices_clear(struct notice_list *notices)
{
	notices->nr = 0;
	notices->everything = false;
}
