// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/inventory.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "model/names.h"
#include "render/json.h"
#include "render/render.h"
#include "render/text.h"

static void json_limit(struct json_writer *jw, const char *key, int64_t value)
{
	jw_key(jw, key);
	if (value < 0)
		jw_null(jw);
	else
		jw_u64(jw, (uint64_t)value);
}

static void json_thread(struct json_writer *jw, const struct listed_thread *thread)
{
	jw_open(jw, '{');
	jw_field_string(jw, "role", role_names[thread->role]);
	if (thread->role == ROLE_VCPU)
		json_limit(jw, "index", thread->index);
	if (thread->name)
		jw_field_string(jw, "name", thread->name);
	jw_field_u64(jw, "tid", (uint64_t)thread->tid);
	jw_field_string(jw, "comm", thread->comm);
	jw_field_string(jw, "cpus_allowed", thread->cpus_allowed);
	json_limit(jw, "cpu", thread->cpu);
	json_limit(jw, "numa_node", thread->numa_node);
	jw_field_string(jw, "cgroup", thread->cgroup);
	json_limit(jw, "quota_us", thread->quota_us);
	json_limit(jw, "period_us", thread->period_us);
	json_limit(jw, "quota_vcpus", thread->quota_us < 0 ? -1 : (int64_t)thread->quota_vcpus);
	json_limit(jw, "weight", thread->weight);
	jw_close(jw, '}');
}

static void json_domain(struct json_writer *jw, const struct listed_domain *domain)
{
	jw_open(jw, '{');
	jw_field_string(jw, "name", domain->name);
	jw_field_string(jw, "uuid", domain->uuid);
	jw_field_u64(jw, "pid", (uint64_t)domain->pid);
	jw_field_u64(jw, "uid", domain->uid);
	jw_field_string(jw, "manager", domain->manager);
	jw_field_string(jw, "accel", domain->accel);
	jw_key(jw, "threads");
	jw_open(jw, '[');
	for (size_t i = 0; i < domain->nr_threads; i++)
		json_thread(jw, &domain->threads[i]);
	jw_close(jw, ']');
	jw_close(jw, '}');
}

int render_list_json(const struct inventory *inventory, const struct render_options *options)
{
	autofree struct json_writer *jw = malloc(sizeof(*jw));

	if (!jw)
		return -ENOMEM;
	jw_begin(jw, options->out);
	jw_open(jw, '{');
	jw_field_string(jw, "schema", "stealscope.list/1");
	jw_key(jw, "domains");
	jw_open(jw, '[');
	for (size_t i = 0; i < inventory->nr_domains; i++)
		json_domain(jw, &inventory->domains[i]);
	jw_close(jw, ']');
	jw_close(jw, '}');
	return jw_end(jw);
}

/* "20.0%" of a CPU, "200.0%/8" for eight vCPUs, "-" for no limit */
static const char *quota(char buf[static 40], const struct listed_thread *thread)
{
	int len;

	if (thread->quota_us < 0 || thread->period_us <= 0)
		return "-";
	len = snprintf(buf, 24, "%.1f%%",
		       100.0 * (double)thread->quota_us / (double)thread->period_us);
	if (thread->quota_vcpus > 1 && len < 24)
		snprintf(buf + len, 16, "/%u", thread->quota_vcpus);
	return buf;
}

static void text_thread(const struct render_options *options, const struct listed_thread *thread)
{
	char role[32], cpu[32], weight[24], buf[40];
	unsigned int width = text_width(options);

	snprintf(role, sizeof(role), "%s", role_names[thread->role]);
	if (thread->role == ROLE_VCPU && thread->index >= 0)
		snprintf(role, sizeof(role), "%s %d", role_names[thread->role], thread->index);
	snprintf(cpu, sizeof(cpu), "%d", thread->cpu);
	snprintf(weight, sizeof(weight), "%lld", (long long)thread->weight);
	fprintf(options->out, "  %-11s %7d  ", role, thread->tid);
	text_name(options, thread->name ? thread->name : thread->comm, 15, true);
	fprintf(options->out, " %-8s %4s %10s %6s  ", thread->cpus_allowed,
		thread->cpu < 0 ? "-" : cpu, quota(buf, thread), thread->weight < 0 ? "-" : weight);
	if (thread->cgroup)
		text_name(options, thread->cgroup, width > 93 ? width - 71 : 22, false);
	fputc('\n', options->out);
}

int render_list_text(const struct inventory *inventory, const struct render_options *options)
{
	if (!inventory->nr_domains)
		text_no_domains(options);
	for (size_t i = 0; i < inventory->nr_domains; i++) {
		const struct listed_domain *domain = &inventory->domains[i];

		if (i)
			fputc('\n', options->out);
		text_name(options, domain->name, text_width(options) / 2, false);
		fprintf(options->out, "  (%s, %s, pid %d", domain->manager, domain->accel,
			domain->pid);
		if (domain->uuid) {
			fputs(", uuid ", options->out);
			text_name(options, domain->uuid, 36, false);
		}
		fputs(")\n", options->out);
		fprintf(options->out, "  %-11s %7s  %-15s %-8s %4s %10s %6s  %s\n", "ROLE", "TID",
			"NAME", "CPUS", "LAST", "QUOTA", "WEIGHT", "CGROUP");
		for (size_t t = 0; t < domain->nr_threads; t++)
			text_thread(options, &domain->threads[t]);
	}
	return text_finish(options->out);
}
