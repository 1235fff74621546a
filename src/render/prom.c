// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "render/prom_writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "model/names.h"

/* A domain with its labels, formatted once: domain="…",uuid="…" */
struct row {
	const struct domain_total *domain;
	const struct row *first;
	char *labels;
	char *name;   /* the label value, escaped */
	size_t bytes; /* upper bound of the size of its samples */
	bool shown;
};

static void vcpu_steal(struct prom_writer *w, const struct row *row)
{
	for (size_t i = 0; i < row->domain->nr_vcpus; i++) {
		const struct vcpu_total *vcpu = &row->domain->vcpus[i];

		for (enum cause cause = 0; cause < NR_CAUSES; cause++) {
			prom_sample(w, "", row->labels);
			prom_vcpu_label(w, vcpu->index);
			prom_label(w, "cause", cause_names[cause]);
			prom_end_seconds(w, vcpu->cause_ns[cause]);
		}
	}
}

static void vcpu_run(struct prom_writer *w, const struct row *row)
{
	for (size_t i = 0; i < row->domain->nr_vcpus; i++) {
		prom_sample(w, "", row->labels);
		prom_vcpu_label(w, row->domain->vcpus[i].index);
		prom_end_seconds(w, row->domain->vcpus[i].run_ns);
	}
}

static void vcpu_waiting(struct prom_writer *w, const struct row *row)
{
	for (size_t i = 0; i < row->domain->nr_vcpus; i++) {
		prom_sample(w, "", row->labels);
		prom_vcpu_label(w, row->domain->vcpus[i].index);
		prom_end_seconds(w, row->domain->vcpus[i].waiting_ns);
	}
}

static void domain_wait(struct prom_writer *w, const struct row *row)
{
	for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++) {
		const struct wait_total *waits = &row->domain->waits[kind];
		uint64_t sum = 0;

		for (unsigned int edge = 0; edge <= TOTALS_EDGES; edge++) {
			sum += waits->counts[edge];
			prom_sample(w, "_bucket", row->labels);
			prom_label(w, "kind", wait_kind_names[kind]);
			buffer_puts(w->out, ",le=\"");
			if (edge < TOTALS_EDGES)
				buffer_seconds(w->out, TOTALS_EDGE_NS(edge));
			else
				buffer_puts(w->out, "+Inf");
			buffer_add(w->out, "\"", 1);
			prom_end_u64(w, sum);
		}
		prom_sample(w, "_sum", row->labels);
		prom_label(w, "kind", wait_kind_names[kind]);
		prom_end_seconds(w, waits->sum_ns);
		prom_sample(w, "_count", row->labels);
		prom_label(w, "kind", wait_kind_names[kind]);
		prom_end_u64(w, sum);
	}
}

static void domain_skew(struct prom_writer *w, const struct row *row)
{
	prom_sample(w, "", row->labels);
	prom_end_seconds(w, row->domain->skew_ns);
}

static void domain_unwatched(struct prom_writer *w, const struct row *row)
{
	prom_sample(w, "", row->labels);
	prom_end_u64(w, row->domain->unwatched);
}

static void thread_steal(struct prom_writer *w, const struct row *row)
{
	for (enum role role = 0; role < NR_ROLES; role++) {
		if (role == ROLE_VCPU || !row->domain->has_role[role])
			continue;
		prom_sample(w, "", row->labels);
		prom_label(w, "role", role_names[role]);
		prom_end_seconds(w, row->domain->role_steal_ns[role]);
	}
}

static void blame(struct prom_writer *w, const struct row *row, const char *thief, enum cause cause,
		  uint64_t ns)
{
	prom_sample(w, "", row->labels);
	prom_label(w, "thief_domain", thief);
	prom_label(w, "cause", cause_names[cause]);
	prom_end_seconds(w, ns);
}

static void domain_blame(struct prom_writer *w, const struct row *row)
{
	const struct domain_total *domain = row->domain;

	for (size_t i = 0; i < domain->blame[0].nr; i++) {
		autofree char *thief = escape_label(domain->blame[0].rows[i].thief);

		if (!thief)
			w->out->failed = true;
		else
			blame(w, row, thief, CAUSE_VM, domain->blame[0].rows[i].ns);
	}
	blame(w, row, TOTALS_OTHER, CAUSE_VM, domain->blame[0].other_ns);
	for (enum cause cause = 0; cause < NR_CAUSES; cause++) {
		if (cause != CAUSE_VM)
			blame(w, row, cause_infos[cause].thief == THIEF_SIBLING ? row->name : "",
			      cause, domain->cause_ns[cause]);
	}
}

static void host_thief(struct prom_writer *w, const struct row *row, enum cause cause,
		       const char *thief, uint64_t ns)
{
	autofree char *label = escape_label(thief);

	if (!label) {
		w->out->failed = true;
		return;
	}
	prom_sample(w, "", row->labels);
	prom_label(w, "cause", cause_names[cause]);
	prom_label(w, "thief", label);
	prom_end_seconds(w, ns);
}

/* totals_blamed[0], the domains, are in domain_blame(). */
static void host_thieves(struct prom_writer *w, const struct row *row)
{
	for (size_t b = 1; b < TOTALS_BLAMED; b++) {
		const struct blame_totals *blame = &row->domain->blame[b];

		for (size_t i = 0; i < blame->nr; i++)
			host_thief(w, row, totals_blamed[b], blame->rows[i].thief,
				   blame->rows[i].ns);
		host_thief(w, row, totals_blamed[b], TOTALS_OTHER, blame->other_ns);
	}
}

/* One per running domain: its process. */
static void domain_info(struct prom_writer *w, const struct row *row)
{
	const struct domain_total *domain = row->domain;

	if (domain->gone)
		return;
	prom_sample(w, "", row->labels);
	prom_label(w, "manager", domain->manager);
	prom_label(w, "accel", domain->accel);
	prom_label_u64(w, "pid", (uint64_t)domain->pid);
	prom_label_u64(w, "start", domain->start);
	if (domain->uid == UID_UNKNOWN)
		prom_label(w, "uid", "");
	else
		prom_label_u64(w, "uid", domain->uid);
	prom_end_u64(w, 1);
}

/*
 * There is no uuid label: of several domains with the same name, only the first running one is
 * shown.
 */
static bool is_second(const struct row *row)
{
	for (const struct row *other = row; other-- != row->first;) {
		if (other->shown && !other->domain->gone && !strcmp(other->name, row->name))
			return true;
	}
	return row->domain->gone;
}

static void libvirt_delay(struct prom_writer *w, const struct row *row)
{
	if (is_second(row))
		return;
	for (size_t i = 0; i < row->domain->nr_vcpus; i++) {
		const struct vcpu_total *vcpu = &row->domain->vcpus[i];
		uint64_t sum = 0;

		for (enum cause cause = 0; cause < NR_CAUSES; cause++)
			sum += vcpu->cause_ns[cause];
		buffer_puts(w->out, w->name);
		buffer_puts(w->out, "{domain=\"");
		buffer_puts(w->out, row->name);
		buffer_add(w->out, "\"", 1);
		prom_vcpu_label(w, vcpu->index);
		prom_end_seconds(w, sum);
	}
}

static const struct family {
	const char *name, *type, *help;
	void (*rows)(struct prom_writer *w, const struct row *row); /* per domain */
} families[] = {
	{"stealscope_vcpu_steal_seconds_total", COUNTER,
	 "Time that a vCPU was runnable but not running, by cause.", vcpu_steal},
	{"stealscope_vcpu_run_seconds_total", COUNTER, "Time that a vCPU ran.", vcpu_run},
	{"stealscope_vcpu_waiting_seconds", GAUGE,
	 "Length so far of the current wait of a vCPU; in no counter until it ends.", vcpu_waiting},
	{"stealscope_domain_wait_seconds", HISTOGRAM,
	 "Waits of a domain's vCPUs; bounds are powers of two of nanoseconds, exclusive.",
	 domain_wait},
	{"stealscope_domain_skew_seconds_total", COUNTER,
	 "Time that a vCPU waited while a sibling ran.", domain_skew},
	{"stealscope_domain_unwatched_threads", GAUGE,
	 "Threads of a domain that are not watched: the table is full, or the domain has used up "
	 "its share.",
	 domain_unwatched},
	{"stealscope_thread_steal_seconds_total", COUNTER,
	 "Time that a domain's other threads were runnable but not running.", thread_steal},
	{"stealscope_blame_seconds_total", COUNTER,
	 "Steal of a domain's vCPUs by cause and, for vm, by the domain that ran; thieves "
	 "beyond the limit are in other.",
	 domain_blame},
	{"stealscope_host_thief_seconds_total", COUNTER,
	 "Steal of a domain's vCPUs by what ran on the host: a unit, otherwise a program, or a "
	 "kernel thread; those beyond the limit are in other.",
	 host_thieves},
	{"stealscope_domain_info", GAUGE,
	 "The process of a domain; start in clock ticks since the host's boot.", domain_info},
};

static const struct family libvirt_family = {
	"libvirt_domain_vcpu_delay_seconds_total", COUNTER,
	"Time that a vCPU was runnable but not running, under the name of libvirt's exporters.",
	libvirt_delay};

static void write_family(struct prom_writer *w, const struct family *family, const struct row *rows,
			 size_t nr)
{
	prom_family(w, family->name, family->type, family->help);
	for (size_t i = 0; i < nr; i++)
		if (rows[i].shown)
			family->rows(w, &rows[i]);
}

/*
 * An upper bound of the size of the domain's samples: each has a metric name, labels and a value.
 * Escaping makes at most three bytes of one in a thief's name.
 */
static size_t row_bytes(const struct row *row)
{
	static const size_t rest = 160, fixed = NR_ROLES + NR_CAUSES + TOTALS_BLAMED + 4,
			    waits = (size_t)NR_WAIT_KINDS * (TOTALS_EDGES + 3);
	const struct domain_total *domain = row->domain;
	size_t samples = domain->nr_vcpus * (NR_CAUSES + 3) + waits + fixed, bytes = 0;

	for (size_t b = 0; b < TOTALS_BLAMED; b++) {
		samples += domain->blame[b].nr;
		for (size_t i = 0; i < domain->blame[b].nr; i++)
			bytes += 3 * strlen(domain->blame[b].rows[i].thief);
	}
	return bytes + 2 * strlen(row->name) + samples * (strlen(row->labels) + rest);
}

/*
 * Running domains before ended ones, then the smallest first, so that whoever makes theirs big is
 * left out first.
 */
static int by_claim(const void *a, const void *b)
{
	const struct row *x = *(const struct row *const *)a, *y = *(const struct row *const *)b;

	if (x->domain->gone != y->domain->gone)
		return x->domain->gone ? 1 : -1;
	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? -1 : 1;
	return (x > y) - (x < y);
}

static int choose(struct row *rows, size_t nr, struct prom_shown *ret)
{
	autofree struct row **order = calloc(nr + 1, sizeof(*order));
	size_t left = PROM_BYTES_MAX;

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		rows[i].bytes = row_bytes(&rows[i]);
		order[i] = &rows[i];
	}
	qsort(order, nr, sizeof(*order), by_claim);
	for (size_t i = 0; i < nr; i++) {
		struct row *row = order[i];

		row->shown = row->bytes <= PROM_DOMAIN_BYTES_MAX && row->bytes <= left;
		if (row->shown)
			left -= row->bytes;
		*(!row->shown ? &ret->left_out : row->domain->gone ? &ret->gone : &ret->alive) += 1;
	}
	return 0;
}

static int row_init(const struct row *first, struct row *row, const struct domain_total *domain)
{
	row->first = first;
	row->domain = domain;
	row->name = escape_label(domain->label);
	if (!row->name || asprintf(&row->labels, "domain=\"%s\",uuid=\"%s\"", row->name,
				   domain->uuid ? domain->uuid : "") < 0) {
		row->labels = NULL;
		return -ENOMEM;
	}
	return 0;
}

int prom_render(const struct totals *totals, const struct prom_self *self, bool libvirt,
		struct buffer *out)
{
	struct row *rows = calloc(totals->nr_domains + 1, sizeof(*rows));
	struct prom_writer w = {.out = out};
	int err = rows ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < totals->nr_domains; i++)
		err = row_init(rows, &rows[i], totals->domains[i]);
	if (!err)
		err = choose(rows, totals->nr_domains, &w.shown);
	for (size_t i = 0; !err && i < sizeof(families) / sizeof(families[0]); i++)
		write_family(&w, &families[i], rows, totals->nr_domains);
	if (!err && libvirt)
		write_family(&w, &libvirt_family, rows, totals->nr_domains);
	prom_write_self(&w, totals, self);
	for (size_t i = 0; rows && i < totals->nr_domains; i++) {
		free(rows[i].labels);
		free(rows[i].name);
	}
	free(rows);
	return err ? err : out->failed ? -ENOMEM : 0;
}
