// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/rank.h"

#include <errno.h>
#include <stdlib.h>

#include "model/names.h"
#include "model/thieves.h"

double pct_of(uint64_t ns, unsigned int nr, uint64_t interval_ns)
{
	return nr && interval_ns ? 100.0 * (double)ns / (double)interval_ns / nr : 0;
}

unsigned int role_threads(const struct domain_report *domain, enum role role)
{
	return role == ROLE_VCPU ? domain->nr_vcpus : domain->nr_role_threads[role];
}

double pct_share(const struct stats *who, unsigned int nr, uint64_t interval_ns, uint64_t ns)
{
	double finished = pct_of(who->steal_ns, nr, interval_ns);
	double within = finished < who->steal_pct ? finished : who->steal_pct;

	return who->steal_ns ? within * (double)ns / (double)who->steal_ns : 0;
}

double pct_unfinished(const struct stats *who, unsigned int nr, uint64_t interval_ns)
{
	double finished = pct_of(who->steal_ns, nr, interval_ns);

	return who->steal_pct > finished ? who->steal_pct - finished : 0;
}

/* Are two thieves of the same cause one to the reader? */
static bool same_thief(const struct thief *a, const struct thief *b, enum report_by by)
{
	if (a->cause != b->cause || !a->actor || !b->actor)
		return false;
	if (a->actor->kind != ACTOR_THREAD || b->actor->kind != ACTOR_THREAD)
		return false;
	if (by == BY_ROLE && a->actor->role != b->actor->role)
		return false;
	return by != BY_VCPU && a->actor->domain_pid == b->actor->domain_pid;
}

/* Copies @who's thieves to @ret_list (room for all), those that are one merged. */
static size_t merge_thieves(const struct stats *who, enum report_by by, struct thief *ret_list)
{
	size_t nr = 0;

	for (size_t i = 0; i < who->nr_thieves; i++) {
		size_t at = 0;

		while (at < nr && !same_thief(&ret_list[at], &who->thieves[i], by))
			at++;
		if (at < nr)
			ret_list[at].ns += who->thieves[i].ns;
		else
			ret_list[nr++] = who->thieves[i];
	}
	return nr;
}

size_t rank_actors(const struct stats *who, enum cause cause, struct thief *ret_thieves, size_t max)
{
	/* Siblings are distinct, the threads of another domain are not. */
	enum report_by by = cause_infos[cause].thief == THIEF_SIBLING ? BY_VCPU : BY_DOMAIN;
	struct thief list[REPORT_THIEVES_MAX + NR_CAUSES];
	size_t nr = merge_thieves(who, by, list), stored = 0;

	qsort(list, nr, sizeof(*list), thief_compare);
	for (size_t i = 0; i < nr && stored < max; i++) {
		if (list[i].cause == cause && list[i].actor)
			ret_thieves[stored++] = list[i];
	}
	return stored;
}

struct rows {
	struct blame *rows;
	size_t nr, room;
	enum report_by by;
	uint64_t interval_ns;
};

static int add_row(struct rows *rows, const struct blame *victim, const struct thief *thief)
{
	struct blame *row;

	if (rows->nr == rows->room) {
		size_t room = rows->room ? 2 * rows->room : 256;

		row = reallocarray(rows->rows, room, sizeof(*row));
		if (!row)
			return -ENOMEM;
		rows->rows = row;
		rows->room = room;
	}
	row = &rows->rows[rows->nr++];
	*row = *victim;
	row->cause = thief->cause;
	row->thief = thief->actor;
	row->ns = thief->ns;
	row->pct = pct_share(victim->victim, victim->nr_victims, rows->interval_ns, thief->ns);
	return 0;
}

static int add_victim(struct rows *rows, const struct blame *victim)
{
	const struct stats *who = victim->victim;
	struct thief list[REPORT_THIEVES_MAX + NR_CAUSES];
	size_t nr = merge_thieves(who, rows->by, list);
	int err = 0;

	for (size_t i = 0; !err && i < nr; i++)
		err = add_row(rows, victim, &list[i]);
	for (enum cause cause = 0; !err && cause < NR_CAUSES; cause++) {
		struct thief nobody = {.cause = cause, .ns = who->cause_ns[cause]};

		if (nobody.ns && !cause_infos[cause].thief)
			err = add_row(rows, victim, &nobody);
	}
	return err;
}

static int add_domain(struct rows *rows, const struct domain_report *domain)
{
	struct blame victim = {.domain = domain};
	int err = 0;

	switch (rows->by) {
	case BY_DOMAIN:
		victim.victim = &domain->vcpus;
		victim.nr_victims = domain->nr_vcpus;
		return add_victim(rows, &victim);
	case BY_ROLE:
		for (enum role role = 0; !err && role < NR_ROLES; role++) {
			victim.role = role;
			victim.victim = &domain->roles[role];
			victim.nr_victims = role_threads(domain, role);
			err = add_victim(rows, &victim);
		}
		return err;
	default:
		for (size_t i = 0; !err && i < domain->nr_threads; i++) {
			victim.thread = &domain->threads[i];
			victim.role = victim.thread->role;
			victim.victim = &victim.thread->own;
			victim.nr_victims = 1;
			err = add_victim(rows, &victim);
		}
		return err;
	}
}

static int worst_first(const void *a, const void *b)
{
	const struct blame *x = a, *y = b;

	if (x->pct != y->pct)
		return x->pct < y->pct ? 1 : -1;
	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	/* Alike: in the order of the report's arrays, so that the result does not depend on
	 * qsort(). */
	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	if (x->thread != y->thread)
		return x->thread < y->thread ? -1 : 1;
	if (x->role != y->role)
		return x->role < y->role ? -1 : 1;
	if (x->cause != y->cause)
		return x->cause < y->cause ? -1 : 1;
	return (x->thief > y->thief) - (x->thief < y->thief);
}

int rank_blame(const struct report *report, enum report_by by, struct blame **ret_rows,
	       size_t *ret_nr)
{
	struct rows rows = {.by = by, .interval_ns = report->interval_ns};
	int err = 0;

	for (size_t i = 0; !err && i < report->nr_domains; i++)
		err = add_domain(&rows, &report->domains[i]);
	if (err) {
		free(rows.rows);
		return err;
	}
	if (rows.nr)
		qsort(rows.rows, rows.nr, sizeof(*rows.rows), worst_first);
	*ret_rows = rows.rows;
	*ret_nr = rows.nr;
	return 0;
}
