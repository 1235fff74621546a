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

struct taken {
	pid_t pid;
	const char *name;
	uint64_t ns;
};

static int by_ns(const void *a, const void *b)
{
	const struct taken *x = a, *y = b;

	return (x->ns < y->ns) - (x->ns > y->ns);
}

/* What each domain took, biggest first; @ret_rest: of thieves that the report does not name. */
static size_t taken_by_domains(const struct suffering *victim, struct taken *takens,
			       uint64_t *ret_rest)
{
	size_t nr = 0, t;

	*ret_rest = 0;
	for (size_t i = 0; i < victim->nr_thieves; i++) {
		const struct thief *thief = &victim->thieves[i];

		if (thief->cause != CAUSE_VM)
			continue;
		if (!thief->actor) {
			*ret_rest += thief->ns;
			continue;
		}
		for (t = 0; t < nr && takens[t].pid != thief->actor->domain_pid; t++)
			;
		if (t == nr)
			takens[nr++] =
				(struct taken){thief->actor->domain_pid, thief->actor->domain, 0};
		takens[t].ns += thief->ns;
	}
	qsort(takens, nr, sizeof(*takens), by_ns);
	return nr;
}

static struct blame_total *find_thief(struct domain_total *victim, const char *label)
{
	for (size_t i = 0; i < victim->nr_thieves; i++) {
		if (!strcmp(victim->thieves[i].thief, label))
			return &victim->thieves[i];
	}
	return NULL;
}

/* Its row, or NULL: it has none and gets none. */
static struct blame_total *thief_get(struct domain_total *victim, const char *label, bool worthy)
{
	struct blame_total *row = find_thief(victim, label);

	if (row || !worthy || victim->nr_thieves == TOTALS_THIEVES_MAX)
		return row;
	row = &victim->thieves[victim->nr_thieves];
	row->ns = 0;
	row->thief = strdup(label);
	if (!row->thief)
		return NULL;
	victim->nr_thieves++;
	return row;
}

static void add_blame(struct totals *totals, struct domain_total *victim,
		      const struct suffering *own, uint64_t interval_ns, const struct idmap *labels)
{
	struct taken takens[REPORT_THIEVES_MAX + NR_CAUSES];
	uint64_t rest;
	size_t nr = taken_by_domains(own, takens, &rest);

	for (size_t i = 0; i < nr; i++) {
		const struct domain_total *thief = idmap_get(labels, (uint64_t)takens[i].pid, 0);
		const char *label = thief ? thief->label : takens[i].name;
		bool worthy =
			takens[i].ns >= interval_ns / WORTH_A_NAME && strcmp(label, TOTALS_OTHER);
		struct blame_total *row = thief_get(victim, label, worthy);

		if (row) {
			row->ns += takens[i].ns;
		} else {
			rest += takens[i].ns;
			totals->collapsed++;
		}
	}
	victim->other_ns += rest;
}

void totals_forget_thief(struct domain_total *victim, const char *label)
{
	struct blame_total *row = find_thief(victim, label);

	if (!row)
		return;
	victim->other_ns += row->ns;
	free(row->thief);
	*row = victim->thieves[--victim->nr_thieves];
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

int totals_add_domains(struct totals *totals, const struct report *report, struct domain_total **of)
{
	struct idmap labels = {0};
	int err = index_labels(totals, &labels);

	totals->collapsed = 0;
	for (size_t i = 0; !err && i < report->nr_domains; i++) {
		const struct domain_report *domain = &report->domains[i];

		err = add_vcpus(of[i], domain);
		for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++)
			add_waits(&of[i]->waits[kind], &domain->vcpus.waits[kind]);
		add_roles(of[i], domain);
		add_blame(totals, of[i], &domain->vcpus, report->interval_ns, &labels);
		of[i]->skew_ns += domain->skew_ns;
	}
	idmap_free(&labels);
	return err;
}
