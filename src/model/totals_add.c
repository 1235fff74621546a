// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/totals_add.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bucket.h"
#include "model/arith.h"
#include "model/idmap.h"

/* A thief that took less than this share of an interval is not worth a series of its own. */
#define WORTH_A_NAME 1000

/* What is the same for all domains of a report. */
struct totals_adding {
	const struct idmap *labels; /* pid -> domain_total */
	uint64_t interval_ns, now_ns;
};

/* Found or added at its place; NULL when out of memory. */
static struct vcpu_total *vcpu_get(struct domain_total *domain, int index)
{
	struct vcpu_total *vcpus;
	size_t at = 0;

	while (at < domain->nr_vcpus && domain->vcpus[at].index < index)
		at++;
	if (at < domain->nr_vcpus && domain->vcpus[at].index == index)
		return &domain->vcpus[at];
	vcpus = reallocarray(domain->vcpus, domain->nr_vcpus + 1, sizeof(*vcpus));
	if (!vcpus)
		return NULL;
	domain->vcpus = vcpus;
	memmove(&vcpus[at + 1], &vcpus[at], (domain->nr_vcpus++ - at) * sizeof(*vcpus));
	vcpus[at] = (struct vcpu_total){.index = index};
	return &vcpus[at];
}

static int add_vcpus(struct domain_total *domain, const struct domain_report *report)
{
	for (size_t i = 0; i < domain->nr_vcpus; i++)
		domain->vcpus[i].waiting_ns = 0;
	for (size_t i = 0; i < report->nr_threads; i++) {
		const struct thread_report *thread = &report->threads[i];
		struct vcpu_total *vcpu;

		if (thread->role != ROLE_VCPU)
			continue;
		vcpu = vcpu_get(domain, thread->index);
		if (!vcpu)
			return -ENOMEM;
		vcpu->run_ns += thread->own.run_ns;
		vcpu->waiting_ns = max(vcpu->waiting_ns, thread->waiting_ns);
		for (enum cause cause = 0; cause < NR_CAUSES; cause++) {
			vcpu->cause_ns[cause] += thread->own.cause_ns[cause];
			domain->cause_ns[cause] += thread->own.cause_ns[cause];
		}
	}
	return 0;
}

static void add_waits(struct wait_total *total, const struct hist *hist)
{
	unsigned int edge = 0;

	total->sum_ns += hist->sum_ns;
	for (size_t i = 0; i < hist->nr_bins; i++) {
		while (edge < TOTALS_EDGES &&
		       bucket_ge(hist->bins[i].bucket) >= TOTALS_EDGE_NS(edge))
			edge++;
		total->counts[edge] += hist->bins[i].count;
	}
}

static void add_roles(struct domain_total *domain, const struct domain_report *report)
{
	for (enum role role = 0; role < NR_ROLES; role++) {
		domain->role_steal_ns[role] += report->roles[role].steal_ns;
		domain->has_role[role] |= report->nr_role_threads[role] > 0;
	}
}

/* What one thief, or all of one domain, took. */
struct taken {
	pid_t domain; /* of CAUSE_VM */
	const char *name;
	uint64_t ns;
};

static int by_ns(const void *a, const void *b)
{
	const struct taken *x = a, *y = b;

	return (x->ns < y->ns) - (x->ns > y->ns);
}

static struct taken taken_of(const struct thief *thief)
{
	const struct actor *actor = thief->actor;

	if (thief->cause == CAUSE_VM)
		return (struct taken){actor->domain_pid, actor->domain, 0};
	return (struct taken){0, actor_title(actor) ?: "?", 0};
}

/* Who took what, biggest first; @ret_rest: of thieves that the report does not name. */
static size_t taken_by(const struct stats *victim, enum cause cause, struct taken *takens,
		       uint64_t *ret_rest)
{
	size_t nr = 0, t;

	*ret_rest = 0;
	for (size_t i = 0; i < victim->nr_thieves; i++) {
		const struct thief *thief = &victim->thieves[i];
		struct taken taken;

		if (thief->cause != cause)
			continue;
		if (!thief->actor) {
			*ret_rest += thief->ns;
			continue;
		}
		taken = taken_of(thief);
		for (t = 0; t < nr; t++)
			if (takens[t].domain == taken.domain &&
			    (taken.domain || !strcmp(takens[t].name, taken.name)))
				break;
		if (t == nr)
			takens[nr++] = taken;
		takens[t].ns += thief->ns;
	}
	qsort(takens, nr, sizeof(*takens), by_ns);
	return nr;
}

static struct blame_total *find_thief(struct blame_totals *blame, const char *label)
{
	for (size_t i = 0; i < blame->nr; i++) {
		if (!strcmp(blame->rows[i].thief, label))
			return &blame->rows[i];
	}
	return NULL;
}

static void forget_thief(struct blame_totals *blame, struct blame_total *row)
{
	blame->other_ns += row->ns;
	free(row->thief);
	*row = blame->rows[--blame->nr];
}

/* The row that took nothing for longest, if that is long; names come and go on a host. */
static void make_room(struct blame_totals *blame, uint64_t now_ns)
{
	struct blame_total *oldest = &blame->rows[0];

	for (size_t i = 1; i < blame->nr; i++)
		if (blame->rows[i].seen_ns < oldest->seen_ns)
			oldest = &blame->rows[i];
	if (now_ns - oldest->seen_ns >= TOTALS_KEEP_NS)
		forget_thief(blame, oldest);
}

/* Its row, or NULL: it has none and gets none. */
static struct blame_total *thief_get(struct blame_totals *blame, const char *label, bool worthy,
				     uint64_t now_ns)
{
	struct blame_total *row = find_thief(blame, label);

	if (row || !worthy)
		return row;
	if (blame->nr == TOTALS_THIEVES_MAX)
		make_room(blame, now_ns);
	if (blame->nr == TOTALS_THIEVES_MAX)
		return NULL;
	row = &blame->rows[blame->nr];
	row->ns = 0;
	row->thief = strdup(label);
	if (!row->thief)
		return NULL;
	blame->nr++;
	return row;
}

static const char *label_of(const struct taken *taken, const struct idmap *labels)
{
	const struct domain_total *domain =
		taken->domain ? idmap_get(labels, (uint64_t)taken->domain, 0) : NULL;

	return domain ? domain->label : taken->name;
}

static void add_blame(struct totals *totals, struct blame_totals *blame, enum cause cause,
		      const struct domain_report *report, const struct totals_adding *adding)
{
	struct taken takens[REPORT_THIEVES_MAX + NR_CAUSES];
	uint64_t rest;
	size_t nr = taken_by(&report->vcpus, cause, takens, &rest);

	for (size_t i = 0; i < nr; i++) {
		const char *label = label_of(&takens[i], adding->labels);
		bool worthy = takens[i].ns >= adding->interval_ns / WORTH_A_NAME &&
			      strcmp(label, TOTALS_OTHER);
		struct blame_total *row = thief_get(blame, label, worthy, adding->now_ns);

		if (row) {
			row->ns += takens[i].ns;
			row->seen_ns = adding->now_ns;
		} else {
			rest += takens[i].ns;
			totals->collapsed++;
		}
	}
	blame->other_ns += rest;
}

void totals_forget_thief(struct domain_total *victim, const char *label)
{
	struct blame_total *row = find_thief(&victim->blame[0], label);

	if (row)
		forget_thief(&victim->blame[0], row);
}

/* pid -> domain; where a number was used again, the one that is alive. */
static int index_labels(const struct totals *totals, struct idmap *labels)
{
	int err = idmap_init(labels, totals->nr_domains);

	for (int gone = 0; !err && gone <= 1; gone++) {
		for (size_t i = 0; i < totals->nr_domains; i++) {
			struct domain_total *domain = totals->domains[i];

			if (domain->gone == gone)
				idmap_put(labels, (uint64_t)domain->pid, 0, domain);
		}
	}
	return err;
}

int totals_add_domains(struct totals *totals, const struct report *report, struct domain_total **of,
		       uint64_t now_ns)
{
	struct idmap labels = {0};
	const struct totals_adding adding = {&labels, report->interval_ns, now_ns};
	int err = index_labels(totals, &labels);

	totals->collapsed = 0;
	for (size_t i = 0; !err && i < report->nr_domains; i++) {
		const struct domain_report *domain = &report->domains[i];

		err = add_vcpus(of[i], domain);
		for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++)
			add_waits(&of[i]->waits[kind], &domain->vcpus.waits[kind]);
		add_roles(of[i], domain);
		for (size_t b = 0; b < TOTALS_BLAMED; b++)
			add_blame(totals, &of[i]->blame[b], totals_blamed[b], domain, &adding);
		of[i]->skew_ns += domain->skew_ns;
		of[i]->unwatched = domain->unwatched;
	}
	idmap_free(&labels);
	return err;
}
