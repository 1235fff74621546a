// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/departed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bucket.h"

#define SUM_THIEVES 64

/* What many threads of one role and index had, when they are kept as one. */
struct sum {
	uint32_t buckets[NR_WAIT_KINDS][NR_BUCKETS];
	struct thief_time thieves[SUM_THIEVES];
};

struct departed_thread {
	struct thread_counts counts;
	struct sum *sum; /* NULL: it is one thread */
	struct departed_thread *next;
};

struct departed_domain *departed_find(const struct departed *departed, pid_t pid, uint64_t start)
{
	struct departed_domain *domain;

	for (domain = departed->domains; domain; domain = domain->next)
		if (domain->counts.pid == pid && domain->counts.start == start)
			return domain;
	return NULL;
}

struct departed_domain *departed_new(struct departed *departed)
{
	struct departed_domain *domain = arena_alloc(&departed->arena, sizeof(*domain));

	if (!domain)
		return NULL;
	domain->next = departed->domains;
	departed->domains = domain;
	departed->nr_domains++;
	return domain;
}

static struct departed_thread *thread_new(struct departed *departed, struct departed_domain *domain)
{
	struct departed_thread *thread = arena_alloc(&departed->arena, sizeof(*thread));

	if (!thread)
		return NULL;
	thread->next = domain->threads;
	domain->threads = thread;
	domain->nr_threads++;
	departed->nr_threads++;
	return thread;
}

static struct departed_thread *sum_of(struct departed *departed, struct departed_domain *domain,
				      const struct thread_counts *like)
{
	struct departed_thread *thread;
	struct sum *sum;

	for (thread = domain->threads; thread; thread = thread->next)
		if (thread->sum && thread->counts.role == like->role &&
		    thread->counts.index == like->index)
			return thread;
	sum = arena_alloc(&departed->arena, sizeof(*sum));
	thread = sum ? thread_new(departed, domain) : NULL;
	if (!thread)
		return NULL;
	thread->sum = sum;
	thread->counts = (struct thread_counts){.role = like->role,
						.index = like->index,
						.name = like->name,
						.dead = true,
						.thieves = sum->thieves};
	return thread;
}

static void add_waits(uint32_t *buckets, struct wait_counts *to, const struct wait_counts *from)
{
	to->count += from->count;
	to->sum_ns += from->sum_ns;
	if (from->max_ns > to->max_ns)
		to->max_ns = from->max_ns;
	for (size_t i = 0; i < from->nr_bins; i++)
		if (from->bins[i].bucket < NR_BUCKETS)
			buckets[from->bins[i].bucket] += from->bins[i].count;
}

/* When there is no place left the smallest goes: its time is in the cause's sum, only its name is
 * lost. */
static void add_thief(struct thread_counts *to, struct sum *sum, const struct thief_time *thief)
{
	struct thief_time *least = sum->thieves;

	for (size_t i = 0; i < to->nr_thieves; i++) {
		if (sum->thieves[i].key == thief->key) {
			sum->thieves[i].ns += thief->ns;
			return;
		}
		if (sum->thieves[i].ns < least->ns)
			least = &sum->thieves[i];
	}
	if (to->nr_thieves < SUM_THIEVES)
		sum->thieves[to->nr_thieves++] = *thief;
	else if (thief->ns > least->ns)
		*least = *thief;
}

static void add_up(struct departed_thread *to, const struct thread_counts *from)
{
	struct thread_counts *counts = &to->counts;

	counts->tid = from->tid; /* that of the latest stands for all */
	counts->start = from->start;
	counts->run_delay_ns = from->run_delay_ns;
#define ADD(field, ...) counts->field += from->field;
	THREAD_COUNTERS(ADD)
#undef ADD
	for (enum cause cause = 0; cause < NR_CAUSES; cause++)
		counts->cause_ns[cause] += from->cause_ns[cause];
	for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++)
		add_waits(to->sum->buckets[kind], &counts->waits[kind], &from->waits[kind]);
	for (size_t i = 0; i < from->nr_thieves; i++)
		add_thief(counts, to->sum, &from->thieves[i]);
}

int departed_add(struct departed *departed, struct departed_domain *domain,
		 const struct thread_counts *counts, bool seen)
{
	bool sum = !seen && departed->nr_threads >= departed->max;
	struct departed_thread *thread =
		sum ? sum_of(departed, domain, counts) : thread_new(departed, domain);

	if (!thread)
		return -ENOMEM;
	if (sum)
		add_up(thread, counts);
	else
		thread->counts = *counts;
	return 0;
}

/* The buckets of a sum, as thread_counts has them. */
static int sum_bins(struct departed_thread *thread, struct arena *arena)
{
	for (enum wait_kind kind = 0; thread->sum && kind < NR_WAIT_KINDS; kind++) {
		struct bin *bins = arena_array(arena, NR_BUCKETS, sizeof(*bins));
		struct wait_counts *waits = &thread->counts.waits[kind];

		if (!bins)
			return -ENOMEM;
		waits->bins = bins;
		waits->nr_bins = 0;
		for (uint32_t bucket = 0; bucket < NR_BUCKETS; bucket++) {
			uint32_t count = thread->sum->buckets[kind][bucket];

			if (count)
				bins[waits->nr_bins++] = (struct bin){bucket, count};
		}
	}
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct thread_counts *x = a, *y = b;

	if (x->role != y->role)
		return x->role < y->role ? -1 : 1;
	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return (x->tid > y->tid) - (x->tid < y->tid);
}

/* The threads of @to with those of @from. */
static int join_threads(struct arena *arena, const struct departed_domain *from,
			struct domain_counts *to)
{
	size_t nr = to->nr_threads;
	struct thread_counts *all = arena_array(arena, nr + from->nr_threads, sizeof(*all));
	int err;

	if (!all)
		return -ENOMEM;
	if (nr)
		memcpy(all, to->threads, nr * sizeof(*all));
	for (struct departed_thread *thread = from->threads; thread; thread = thread->next) {
		err = sum_bins(thread, arena);
		if (err)
			return err;
		all[nr++] = thread->counts;
	}
	qsort(all, nr, sizeof(*all), by_place);
	to->threads = all;
	to->nr_threads = nr;
	return 0;
}

static struct domain_counts *counts_of(struct snapshot *snap, const struct departed_domain *domain)
{
	for (size_t i = 0; i < snap->nr_domains; i++)
		if (snap->domains[i].pid == domain->counts.pid &&
		    snap->domains[i].start == domain->counts.start)
			return &snap->domains[i];
	snap->domains[snap->nr_domains] = domain->counts;
	return &snap->domains[snap->nr_domains++];
}

int departed_move(struct departed *departed, struct snapshot *snap)
{
	const struct departed_domain *domain;

	for (domain = departed->domains; domain; domain = domain->next)
		if (join_threads(&snap->arena, domain, counts_of(snap, domain)))
			return -ENOMEM;
	arena_join(&snap->arena, &departed->arena);
	*departed = (struct departed){.max = departed->max};
	return 0;
}

void departed_free(struct departed *departed)
{
	arena_free(&departed->arena);
	*departed = (struct departed){.max = departed->max};
}
