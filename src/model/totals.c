// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which domain of a report is which total, and how long a total lives. */
#include "model/totals.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/idmap.h"
#include "model/totals_add.h"

const enum cause totals_blamed[TOTALS_BLAMED] = {CAUSE_VM, CAUSE_HOST, CAUSE_KERNEL};

static void domain_free(struct domain_total *domain)
{
	if (!domain)
		return;
	for (size_t i = 0; i < TOTALS_BLAMED; i++)
		for (size_t t = 0; t < domain->blame[i].nr; t++)
			free(domain->blame[i].rows[t].thief);
	free(domain->vcpus);
	free(domain->name);
	free(domain->uuid);
	free(domain->label);
	free(domain->manager);
	free(domain->accel);
	free(domain);
}

void totals_free(struct totals *totals)
{
	for (size_t i = 0; i < totals->nr_domains; i++)
		domain_free(totals->domains[i]);
	free(totals->domains);
	*totals = (struct totals){0};
}

static bool same_string(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool is_named(const struct domain_total *domain, const struct domain_report *report)
{
	return same_string(domain->name, report->name) && same_string(domain->uuid, report->uuid);
}

/* Its process has ended: these are the last counts of its threads. */
static bool has_ended(const struct domain_report *domain)
{
	for (size_t i = 0; i < domain->nr_threads; i++) {
		if (!domain->threads[i].dead)
			return false;
	}
	return domain->nr_threads;
}

static bool label_is_free(const struct totals *totals, const char *label, const char *uuid)
{
	for (size_t i = 0; i < totals->nr_domains; i++) {
		const struct domain_total *other = totals->domains[i];

		if (!strcmp(other->label, label) &&
		    (!other->gone || same_string(other->uuid, uuid)))
			return false;
	}
	return strcmp(label, TOTALS_OTHER);
}

static char *new_label(const struct totals *totals, const struct domain_report *domain)
{
	char *label = strdup(domain->name), *longer;

	while (label && !label_is_free(totals, label, domain->uuid)) {
		if (asprintf(&longer, "%s#%d", label, domain->pid) < 0)
			longer = NULL;
		free(label);
		label = longer;
	}
	return label;
}

static int set_process(struct domain_total *domain, const struct domain_report *from)
{
	char *manager = strdup(from->manager), *accel = strdup(from->accel);

	if (!manager || !accel) {
		free(manager);
		free(accel);
		return -ENOMEM;
	}
	free(domain->manager);
	free(domain->accel);
	domain->manager = manager;
	domain->accel = accel;
	domain->pid = from->pid;
	domain->start = from->start;
	domain->uid = from->uid;
	return 0;
}

static int domain_new(struct totals *totals, const struct domain_report *from,
		      struct domain_total **ret)
{
	struct domain_total *domain = calloc(1, sizeof(*domain));

	if (!domain)
		return -ENOMEM;
	domain->gone = true; /* until it is seen alive */
	domain->name = strdup(from->name);
	domain->uuid = from->uuid ? strdup(from->uuid) : NULL;
	domain->label = new_label(totals, from);
	if (!domain->name || !domain->label || (from->uuid && !domain->uuid) ||
	    set_process(domain, from))
		goto no_memory;
	if (totals->nr_domains == totals->max_domains) {
		size_t max = totals->max_domains ? 2 * totals->max_domains : 16;
		struct domain_total **domains =
			reallocarray(totals->domains, max, sizeof(*domains));

		if (!domains)
			goto no_memory;
		totals->domains = domains;
		totals->max_domains = max;
	}
	totals->domains[totals->nr_domains++] = domain;
	*ret = domain;
	return 0;
no_memory:
	domain_free(domain);
	return -ENOMEM;
}

static bool may_continue(const struct domain_total *domain, const struct domain_report *from)
{
	return domain->gone && is_named(domain, from) && domain->uid == from->uid &&
	       from->uid != UID_UNKNOWN;
}

/* A domain that ended goes on under its name, else there is a new one. */
static int domain_find_or_new(struct totals *totals, const struct domain_report *from,
			      struct domain_total **ret)
{
	for (size_t i = 0; i < totals->nr_domains; i++) {
		struct domain_total *domain = totals->domains[i];

		if (may_continue(domain, from)) {
			*ret = domain;
			return set_process(domain, from);
		}
	}
	return domain_new(totals, from, ret);
}

/* Processes that are known already; the others' @of stays NULL. */
static int match_known(struct totals *totals, const struct report *report, struct domain_total **of)
{
	struct idmap known = {0};
	int err = idmap_init(&known, totals->nr_domains);

	for (size_t i = 0; !err && i < totals->nr_domains; i++) {
		struct domain_total *domain = totals->domains[i];

		idmap_put(&known, (uint64_t)domain->pid, domain->start, domain);
	}
	for (size_t i = 0; !err && i < report->nr_domains; i++) {
		const struct domain_report *domain = &report->domains[i];
		struct domain_total *total =
			idmap_get(&known, (uint64_t)domain->pid, domain->start);

		if (!total || !is_named(total, domain))
			continue;
		if (domain->uid != UID_UNKNOWN)
			total->uid = domain->uid;
		of[i] = total;
	}
	idmap_free(&known);
	return err;
}

static void mark_gone(struct totals *totals, const struct report *report, struct domain_total **of,
		      uint64_t now_ns)
{
	for (size_t i = 0; i < totals->nr_domains; i++)
		totals->domains[i]->gone = true;
	for (size_t i = 0; i < report->nr_domains; i++) {
		if (!of[i] || has_ended(&report->domains[i]))
			continue;
		of[i]->gone = false;
		of[i]->seen_ns = now_ns;
	}
}

/* Those that ended come first: a domain that was restarted within one interval is one domain. */
static int match_new(struct totals *totals, const struct report *report, struct domain_total **of,
		     uint64_t now_ns)
{
	for (int alive = 0; alive <= 1; alive++) {
		for (size_t i = 0; i < report->nr_domains; i++) {
			const struct domain_report *domain = &report->domains[i];
			int err;

			if (of[i] || has_ended(domain) == alive)
				continue;
			err = domain_find_or_new(totals, domain, &of[i]);
			if (err)
				return err;
			of[i]->gone = !alive;
			of[i]->seen_ns = now_ns;
		}
	}
	return 0;
}

static void add_trace(struct trace_counts *sum, const struct trace_counts *part)
{
#define ADD(field, ...) sum->field += part->field;
	LOSS_COUNTERS(ADD)
#undef ADD
}

static bool label_is_used(const struct totals *totals, const char *label)
{
	for (size_t i = 0; i < totals->nr_domains; i++) {
		if (!strcmp(totals->domains[i]->label, label))
			return true;
	}
	return false;
}

/* What the domain at @i took from others by name goes to their `other`. */
static void drop_domain(struct totals *totals, size_t i)
{
	struct domain_total *domain = totals->domains[i];

	memmove(&totals->domains[i], &totals->domains[i + 1],
		(--totals->nr_domains - i) * sizeof(struct domain_total *));
	if (!label_is_used(totals, domain->label)) {
		for (size_t v = 0; v < totals->nr_domains; v++)
			totals_forget_thief(totals->domains[v], domain->label);
	}
	domain_free(domain);
}

static size_t count_gone(const struct totals *totals, uint64_t uid)
{
	size_t nr = 0;

	for (size_t i = 0; i < totals->nr_domains; i++)
		nr += totals->domains[i]->gone && totals->domains[i]->uid == uid;
	return nr;
}

/* The oldest that is gone of the user who has most of them. */
static size_t oldest_gone(const struct totals *totals)
{
	size_t oldest = totals->nr_domains, most = 0;
	uint64_t uid = UID_UNKNOWN;

	for (size_t i = 0; i < totals->nr_domains; i++) {
		const struct domain_total *domain = totals->domains[i];
		size_t has = !domain->gone	  ? 0
			     : domain->uid == uid ? most
						  : count_gone(totals, domain->uid);

		if (!has || has < most)
			continue;
		if (has > most || domain->seen_ns < totals->domains[oldest]->seen_ns)
			oldest = i;
		most = has;
		uid = domain->uid;
	}
	return oldest;
}

/* Has its process had more than its share of names since? */
static bool is_surplus(const struct totals *totals, size_t at)
{
	const struct domain_total *domain = totals->domains[at];
	size_t later = 0;

	for (size_t i = at + 1; i < totals->nr_domains; i++)
		later += totals->domains[i]->pid == domain->pid &&
			 totals->domains[i]->start == domain->start;
	return later > TOTALS_GONE_PER_PROCESS;
}

static void expire(struct totals *totals, uint64_t now_ns)
{
	size_t gone = 0;

	for (size_t i = totals->nr_domains; i-- > 0;) {
		const struct domain_total *domain = totals->domains[i];

		if (domain->gone &&
		    (now_ns - domain->seen_ns >= TOTALS_KEEP_NS || is_surplus(totals, i)))
			drop_domain(totals, i);
	}
	for (size_t i = 0; i < totals->nr_domains; i++)
		gone += totals->domains[i]->gone;
	for (; gone > TOTALS_GONE_MAX; gone--)
		drop_domain(totals, oldest_gone(totals));
}

int totals_add(struct totals *totals, const struct report *report, uint64_t now_ns)
{
	autofree struct domain_total **of =
		calloc(report->nr_domains + 1, sizeof(struct domain_total *));
	int err;

	if (!of)
		return -ENOMEM;
	err = match_known(totals, report, of);
	if (err)
		return err;
	mark_gone(totals, report, of, now_ns);
	err = match_new(totals, report, of, now_ns);
	if (err)
		return err;
	add_trace(&totals->trace, &report->trace);
	err = totals_add_domains(totals, report, of, now_ns);
	expire(totals, now_ns);
	return err;
}
