// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trace/news.h"

#include <string.h>

void news_add(struct news_list *news, pid_t pid)
{
	for (size_t i = 0; i < news->nr; i++)
		if (news->pids[i] == pid)
			return;
	if (news->nr == NEWS_MAX)
		news->everything = true;
	else
		news->pids[news->nr++] = pid;
}

/* Two that take turns at one place shall not both be free of what they cost: the place remembers
 * it. */
static struct news_limit *limit_of(struct news_list *news, pid_t pid, uint64_t now)
{
	struct news_limit *limit = &news->limits[(uint32_t)pid % NEWS_LIMITS];

	if (limit->pid != pid)
		*limit = (struct news_limit){.pid = pid, .since = now, .until = limit->until};
	return limit;
}

static bool is_dear(const struct news_limit *limit, uint64_t now)
{
	return now + NEWS_COST_SHARE * NEWS_COST_BURST_NS < limit->until;
}

static bool within_limit(struct news_limit *limit, uint64_t now)
{
	uint64_t passed = (now - limit->since) / NEWS_EVERY_NS;

	if (is_dear(limit, now))
		return false;
	limit->looks -= passed < limit->looks ? (unsigned int)passed : limit->looks;
	limit->since += passed * NEWS_EVERY_NS;
	if (limit->looks == NEWS_BURST)
		return false;
	limit->looks++;
	return true;
}

bool news_may_look(struct news_list *news, pid_t pid, bool known, uint64_t now)
{
	struct news_limit *limit = limit_of(news, pid, now);

	if (known && is_dear(limit, now))
		return false;
	return !limit->vanishes || within_limit(limit, now);
}

void news_looked(struct news_list *news, pid_t pid, bool found)
{
	struct news_limit *limit = &news->limits[(uint32_t)pid % NEWS_LIMITS];

	if (limit->pid == pid)
		limit->vanishes = !found;
}

void news_charge(struct news_list *news, pid_t pid, uint64_t cost_ns, uint64_t now)
{
	struct news_limit *limit = limit_of(news, pid, now);

	limit->until = (limit->until > now ? limit->until : now) + NEWS_COST_SHARE * cost_ns;
}

pid_t news_take(struct news_list *news, uint64_t now)
{
	for (size_t i = 0; i < news->nr; i++) {
		pid_t pid = news->pids[i];

		if (!within_limit(limit_of(news, pid, now), now))
			continue;
		news->pids[i] = news->pids[--news->nr];
		return pid;
	}
	return 0;
}

void news_clear(struct news_list *news)
{
	news->nr = 0;
	news->everything = false;
}
