// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/hist.h"
#include "model/names.h"
#include "render/render.h"
#include "render/thief_json.h"

static const struct {
	const char *key;
	unsigned int permille;
} quantiles[] = {{"p50_ns", 500}, {"p90_ns", 900}, {"p99_ns", 990}, {"p999_ns", 999}};

static void hist_object(struct json_writer *jw, const struct hist *hist)
{
	jw_open(jw, '{');
	jw_field_u64(jw, "count", hist->count);
	jw_field_u64(jw, "sum_ns", hist->sum_ns);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++)
		jw_field_u64(jw, quantiles[i].key, hist_quantile(hist, quantiles[i].permille));
	jw_field_u64(jw, "max_ns", hist->max_ns);
	jw_key(jw, "buckets");
	jw_open(jw, '[');
	for (size_t i = 0; i < hist->nr_bins; i++) {
		uint32_t bucket = hist->bins[i].bucket;

		jw_open(jw, '[');
		jw_u64(jw, bucket_ge(bucket));
		/* The last bucket has no upper edge. */
		if (bucket + 1 < NR_BUCKETS)
			jw_u64(jw, bucket_lt(bucket));
		else
			jw_null(jw);
		jw_u64(jw, hist->bins[i].count);
		jw_close(jw, ']');
	}
	jw_close(jw, ']');
	jw_close(jw, '}');
}

static void thieves_array(struct json_writer *jw, const struct stats *who)
{
	jw_key(jw, "thieves");
	jw_open(jw, '[');
	for (size_t i = 0; i < who->nr_thieves; i++) {
		const struct thief *thief = &who->thieves[i];

		jw_open(jw, '{');
		json_thief(jw, thief->cause, thief->actor, BY_VCPU);
		jw_field_u64(jw, "ns", thief->ns);
		jw_close(jw, '}');
	}
	jw_close(jw, ']');
}

static void stats_fields(struct json_writer *jw, const struct stats *who)
{
#define COUNTER(field, ...) jw_field_u64(jw, #field, who->field);
	THREAD_COUNTERS(COUNTER)
#undef COUNTER
	jw_field_number(jw, "steal_pct", who->steal_pct);
	jw_key(jw, "cause_ns");
	jw_open(jw, '{');
	for (enum cause cause = 0; cause < NR_CAUSES; cause++)
		jw_field_u64(jw, cause_names[cause], who->cause_ns[cause]);
	jw_close(jw, '}');
	jw_key(jw, "waits");
	jw_open(jw, '{');
	for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++) {
		jw_key(jw, wait_kind_names[kind]);
		hist_object(jw, &who->waits[kind]);
	}
	jw_close(jw, '}');
	thieves_array(jw, who);
}

static void thread_object(struct json_writer *jw, const struct thread_report *thread)
{
	jw_open(jw, '{');
	json_role(jw, thread->role, thread->index);
	jw_field_string(jw, "name", thread->name);
	jw_key(jw, "tid");
	jw_int(jw, thread->tid);
	jw_key(jw, "dead");
	jw_bool(jw, thread->dead);
	jw_field_u64(jw, "waiting_ns", thread->waiting_ns);
	jw_field_u64(jw, "run_delay_ns", thread->run_delay_ns);
	stats_fields(jw, &thread->own);
	jw_close(jw, '}');
}

static void roles_array(struct json_writer *jw, const struct domain_report *domain)
{
	jw_key(jw, "roles");
	jw_open(jw, '[');
	for (enum role role = 0; role < NR_ROLES; role++) {
		if (!domain->nr_role_threads[role])
			continue;
		jw_open(jw, '{');
		jw_field_string(jw, "role", role_names[role]);
		jw_field_u64(jw, "threads", domain->nr_role_threads[role]);
		stats_fields(jw, &domain->roles[role]);
		jw_close(jw, '}');
	}
	jw_close(jw, ']');
}

static void domain_object(struct json_writer *jw, const struct domain_report *domain,
			  enum report_by by)
{
	jw_open(jw, '{');
	jw_field_string(jw, "name", domain->name);
	jw_field_string(jw, "uuid", domain->uuid);
	jw_key(jw, "pid");
	jw_int(jw, domain->pid);
	jw_field_string(jw, "manager", domain->manager);
	jw_field_string(jw, "accel", domain->accel);
	jw_field_u64(jw, "vcpus", domain->nr_vcpus);
	jw_field_u64(jw, "skew_ns", domain->skew_ns);
	jw_field_u64(jw, "unwatched", domain->unwatched);
	jw_field_number(jw, "worst_pct", domain->worst_pct);
	jw_field_number(jw, "sum_pct", domain->sum_pct);
	if (by == BY_DOMAIN) {
		stats_fields(jw, &domain->vcpus);
	} else {
		jw_field_number(jw, "steal_pct", domain->vcpus.steal_pct);
		if (by == BY_ROLE)
			roles_array(jw, domain);
	}
	if (by == BY_VCPU) {
		jw_key(jw, "threads");
		jw_open(jw, '[');
		for (size_t i = 0; i < domain->nr_threads; i++)
			thread_object(jw, &domain->threads[i]);
		jw_close(jw, ']');
	}
	jw_close(jw, '}');
}

static void host_object(struct json_writer *jw, const struct host_report *host)
{
	jw_open(jw, '{');
	jw_field_u64(jw, "cpus", host->cpus);
	jw_field_number(jw, "user_pct", host->user);
	jw_field_number(jw, "nice_pct", host->nice);
	jw_field_number(jw, "guest_pct", host->guest);
	jw_field_number(jw, "system_pct", host->system);
	jw_field_number(jw, "irq_pct", host->irq);
	jw_field_number(jw, "softirq_pct", host->softirq);
	jw_field_number(jw, "iowait_pct", host->iowait);
	jw_field_number(jw, "idle_pct", host->idle);
	jw_field_number(jw, "steal_pct", host->steal);
	jw_close(jw, '}');
}

static void trace_object(struct json_writer *jw, const struct trace_counts *trace)
{
	jw_open(jw, '{');
#define COUNTER(field, ...) jw_field_u64(jw, #field, trace->field);
	LOSS_COUNTERS(COUNTER)
#undef COUNTER
	jw_field_u64(jw, "self_cpu_ns", trace->self_cpu_ns);
	jw_field_u64(jw, "self_rss_bytes", trace->self_rss_bytes);
	jw_field_u64(jw, "map_bytes", trace->map_bytes);
	if (trace->has_bpf_cost) {
		jw_field_u64(jw, "bpf_ns", trace->bpf_ns);
		jw_field_u64(jw, "bpf_runs", trace->bpf_runs);
	} else {
		jw_field_string(jw, "bpf_ns", NULL);
		jw_field_string(jw, "bpf_runs", NULL);
	}
	jw_close(jw, '}');
}

int render_hist_json(const struct report *report, const struct render_options *options)
{
	struct json_writer jw;

	jw_begin(&jw, options->out);
	jw_open(&jw, '{');
	jw_field_string(&jw, "schema", "stealscope.hist/1");
	jw_key(&jw, "time");
	jw_time(&jw, report->time_ns);
	jw_field_u64(&jw, "interval_ns", report->interval_ns);
	jw_key(&jw, "host");
	host_object(&jw, &report->host);
	jw_key(&jw, "domains");
	jw_open(&jw, '[');
	for (size_t i = 0; i < report->nr_domains; i++)
		domain_object(&jw, &report->domains[i], options->by);
	jw_close(&jw, ']');
	jw_key(&jw, "trace");
	trace_object(&jw, &report->trace);
	jw_close(&jw, '}');
	return jw_end(&jw);
}
