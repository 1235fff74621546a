// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/arith.h"
#include "model/hist.h"
#include "model/idmap.h"
#include "model/thieves.h"

struct builder {
	const struct snapshot *from, *to;
	struct report report;
	struct idmap domains; /* pid, start -> @from's domain_counts */
	struct idmap threads; /* tid, start -> @from's thread_counts */
	struct thieves thieves;
};

static double percent(double part, uint64_t whole)
{
	double pct = whole ? 100.0 * part / (double)whole : 0;

	return pct < 0 ? 0 : pct > 100 ? 100 : pct;
}

/* Take @ns off what @cause has; what is left to take off. */
static uint64_t cut(struct stats *own, enum cause cause, uint64_t ns)
{
	uint64_t taken = min(ns, own->cause_ns[cause]);

	own->cause_ns[cause] -= taken;
	return ns - taken;
}

/* The causes sum to the steal, even where the two were read a moment apart. */
static void settle_causes(struct stats *own)
{
	uint64_t sum = 0, excess;

	for (enum cause cause = 0; cause < NR_CAUSES; cause++)
		sum += own->cause_ns[cause];
	own->cause_ns[CAUSE_UNKNOWN] += grown(sum, own->steal_ns);
	excess = cut(own, CAUSE_UNKNOWN, grown(own->steal_ns, sum));
	for (enum cause cause = NR_CAUSES; cause-- > 0 && excess;)
		excess = cut(own, cause, excess);
}

static int build_thread(struct builder *b, const struct thread_counts *to, pid_t pid,
			struct thread_report *thread)
{
	static const struct thread_counts nothing;
	const struct thread_counts *known = idmap_get(&b->threads, (uint64_t)to->tid, to->start);
	const struct thread_counts *from = known ? known : &nothing;
	struct stats *own = &thread->own;
	int err = 0;

	thread->role = to->role;
	thread->index = to->index;
	thread->name = arena_strdup(&b->report.arena, to->name);
	if (to->name && !thread->name)
		return -ENOMEM;
	thread->tid = to->tid;
	thread->dead = to->dead;
	thread->waiting_ns = to->waiting_ns;
	thread->run_delay_ns = to->run_delay_ns;
#define GROWN(field, ...) own->field = grown(from->field, to->field);
	THREAD_COUNTERS(GROWN)
#undef GROWN
	/* A wait that began before the interval is in the steal as a whole; what was waited before
	 * is taken off again. */
	own->steal_pct =
		percent((double)own->steal_ns + (double)to->waiting_ns - (double)from->waiting_ns,
			b->report.interval_ns);
	for (enum cause cause = 0; cause < NR_CAUSES; cause++)
		own->cause_ns[cause] = grown(from->cause_ns[cause], to->cause_ns[cause]);
	settle_causes(own);
	for (enum wait_kind kind = 0; !err && kind < NR_WAIT_KINDS; kind++)
		err = hist_delta(&from->waits[kind], &to->waits[kind], &b->report.arena,
				 &own->waits[kind]);
	return err ? err : thieves_of_thread(&b->thieves, to, pid, own);
}

static void add_stats(struct stats *sum, const struct stats *part)
{
#define ADD(field, ...) sum->field += part->field;
	THREAD_COUNTERS(ADD)
#undef ADD
	sum->steal_pct += part->steal_pct;
	for (enum cause cause = 0; cause < NR_CAUSES; cause++)
		sum->cause_ns[cause] += part->cause_ns[cause];
}

static int build_role(struct builder *b, struct domain_report *domain, enum role role)
{
	struct stats *sum = &domain->roles[role];
	struct hist_sum hists[NR_WAIT_KINDS] = {0};
	int err = 0;

	thieves_begin(&b->thieves);
	for (size_t i = 0; !err && i < domain->nr_threads; i++) {
		const struct thread_report *thread = &domain->threads[i];

		if (thread->role != role)
			continue;
		domain->nr_role_threads[role]++;
		add_stats(sum, &thread->own);
		for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++)
			hist_sum_add(&hists[kind], &thread->own.waits[kind]);
		err = thieves_add(&b->thieves, &thread->own);
	}
	for (enum wait_kind kind = 0; !err && kind < NR_WAIT_KINDS; kind++) {
		struct bin64 bins[NR_BUCKETS];
		struct hist hist;

		hist_sum_view(&hists[kind], bins, &hist);
		err = hist_keep(&hist, &b->report.arena, &sum->waits[kind]);
	}
	return err ? err : thieves_end(&b->thieves, sum);
}

/* Threads that were one vCPU after the other (unplugged, plugged again) are one vCPU. */
static unsigned int count_vcpus(const struct domain_report *domain)
{
	const struct thread_report *last = NULL;
	unsigned int nr = 0;

	for (size_t i = 0; i < domain->nr_threads; i++) {
		const struct thread_report *thread = &domain->threads[i];

		if (thread->role != ROLE_VCPU)
			continue;
		if (!last || thread->index < 0 || thread->index != last->index)
			nr++;
		last = thread;
	}
	return nr;
}

static void finish_domain(struct domain_report *domain)
{
	struct stats *vcpus = &domain->roles[ROLE_VCPU];

	domain->nr_vcpus = count_vcpus(domain);
	domain->sum_pct = vcpus->steal_pct;
	for (size_t i = 0; i < domain->nr_threads; i++) {
		const struct thread_report *thread = &domain->threads[i];

		if (thread->role == ROLE_VCPU && thread->own.steal_pct > domain->worst_pct)
			domain->worst_pct = thread->own.steal_pct;
	}
	for (enum role role = 0; role < NR_ROLES; role++) {
		unsigned int nr =
			role == ROLE_VCPU ? domain->nr_vcpus : domain->nr_role_threads[role];

		if (nr)
			domain->roles[role].steal_pct /= nr;
	}
	if (vcpus->steal_pct > 100)
		vcpus->steal_pct = 100;
	domain->vcpus = *vcpus;
}

static int copy_strings(struct arena *arena, const struct domain_counts *from,
			struct domain_report *to)
{
	to->name = arena_strdup(arena, from->name);
	to->uuid = arena_strdup(arena, from->uuid);
	to->manager = arena_strdup(arena, from->manager);
	to->accel = arena_strdup(arena, from->accel);
	return to->name && to->manager && to->accel && (to->uuid || !from->uuid) ? 0 : -ENOMEM;
}

static int build_domain(struct builder *b, const struct domain_counts *to,
			struct domain_report *domain)
{
	const struct domain_counts *from = idmap_get(&b->domains, (uint64_t)to->pid, to->start);
	int err = copy_strings(&b->report.arena, to, domain);

	if (err)
		return err;
	domain->pid = to->pid;
	domain->start = to->start;
	domain->uid = to->uid;
	domain->unwatched = to->unwatched;
	domain->skew_ns = grown(from ? from->skew_ns : 0, to->skew_ns);
	domain->threads = arena_array(&b->report.arena, to->nr_threads, sizeof(*domain->threads));
	if (!domain->threads)
		return -ENOMEM;
	domain->nr_threads = to->nr_threads;
	for (size_t i = 0; !err && i < to->nr_threads; i++)
		err = build_thread(b, &to->threads[i], to->pid, &domain->threads[i]);
	for (enum role role = 0; !err && role < NR_ROLES; role++)
		err = build_role(b, domain, role);
	if (!err)
		finish_domain(domain);
	return err;
}

static int worst_first(const void *a, const void *b)
{
	const struct domain_report *x = a, *y = b;
	int order;

	if (x->vcpus.steal_pct != y->vcpus.steal_pct)
		return x->vcpus.steal_pct < y->vcpus.steal_pct ? 1 : -1;
	order = strcmp(x->name, y->name);
	return order ? order : (x->pid > y->pid) - (x->pid < y->pid);
}

static void build_trace(const struct trace_counts *from, const struct trace_counts *to,
			struct trace_counts *trace)
{
#define GROWN(field, ...) trace->field = grown(from->field, to->field);
	LOSS_COUNTERS(GROWN)
#undef GROWN
	trace->self_rss_bytes = to->self_rss_bytes;
	trace->map_bytes = to->map_bytes;
	trace->self_cpu_ns = grown(from->self_cpu_ns, to->self_cpu_ns);
	trace->long_waits_lost = grown(from->long_waits_lost, to->long_waits_lost);
	trace->has_bpf_cost = to->has_bpf_cost;
	trace->bpf_ns = grown(from->bpf_ns, to->bpf_ns);
	trace->bpf_runs = grown(from->bpf_runs, to->bpf_runs);
}

static int index_from(struct builder *b)
{
	size_t nr_threads = 0;
	int err;

	for (size_t d = 0; d < b->from->nr_domains; d++)
		nr_threads += b->from->domains[d].nr_threads;
	err = idmap_init(&b->domains, b->from->nr_domains);
	if (!err)
		err = idmap_init(&b->threads, nr_threads);
	for (size_t d = 0; !err && d < b->from->nr_domains; d++) {
		struct domain_counts *domain = &b->from->domains[d];

		idmap_put(&b->domains, (uint64_t)domain->pid, domain->start, domain);
		for (size_t t = 0; t < domain->nr_threads; t++)
			if (!domain->threads[t].dead)
				idmap_put(&b->threads, (uint64_t)domain->threads[t].tid,
					  domain->threads[t].start, &domain->threads[t]);
	}
	return err;
}

static int index_thieves(struct builder *b)
{
	struct idmap pids = {0};
	int err = idmap_init(&pids, b->to->nr_domains);

	for (size_t d = 0; !err && d < b->to->nr_domains; d++)
		idmap_put(&pids, (uint64_t)b->to->domains[d].pid, 0, &b->to->domains[d]);
	if (!err)
		err = thieves_init(&b->thieves, b->to, &pids, &b->report.arena);
	idmap_free(&pids);
	return err;
}

static int build(struct builder *b)
{
	struct report *report = &b->report;
	int err = index_from(b);

	if (!err)
		err = index_thieves(b);
	if (err)
		return err;
	report->time_ns = b->to->time_ns;
	report->domains = arena_array(&report->arena, b->to->nr_domains, sizeof(*report->domains));
	if (!report->domains)
		return -ENOMEM;
	report->nr_domains = b->to->nr_domains;
	for (size_t d = 0; !err && d < b->to->nr_domains; d++)
		err = build_domain(b, &b->to->domains[d], &report->domains[d]);
	if (err)
		return err;
	if (report->nr_domains)
		qsort(report->domains, report->nr_domains, sizeof(*report->domains), worst_first);
	report_host(&b->from->host, &b->to->host, &report->host);
	build_trace(&b->from->trace, &b->to->trace, &report->trace);
	return 0;
}

int report_build(const struct snapshot *from, const struct snapshot *to, struct report *ret_report)
{
	static const struct snapshot nothing;
	struct builder b = {.from = from ? from : &nothing, .to = to};
	int err;

	if (from)
		b.report.interval_ns = grown(from->mono_ns, to->mono_ns);
	err = build(&b);
	thieves_free(&b.thieves);
	idmap_free(&b.threads);
	idmap_free(&b.domains);
	if (err) {
		report_free(&b.report);
		return err;
	}
	*ret_report = b.report;
	return 0;
}

void report_free(struct report *report)
{
	arena_free(&report->arena);
	memset(report, 0, sizeof(*report));
}
