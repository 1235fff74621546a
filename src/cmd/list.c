// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/commands.h"
#include "cmd/output.h"
#include "host/subject/registry.h"
#include "host/pidns.h"
#include "host/placement.h"
#include "model/inventory.h"

struct lister {
	const struct options *options;
	struct placer *placer;
	struct inventory inventory;
};

static int list_thread(struct lister *lister, pid_t pid, const struct thread *thread,
		       struct listed_thread *listed)
{
	struct arena *arena = &lister->inventory.arena;
	struct placement placement;

	*listed = (struct listed_thread){
		.role = thread->role,
		.index = thread->index,
		.tid = thread->tid,
		.comm = arena_strdup(arena, thread->comm),
		.name = arena_strdup(arena, thread->name),
		.cpus_allowed = "?",
		.cpu = -1,
		.numa_node = -1,
		.quota_us = -1,
		.period_us = -1,
		.weight = -1,
	};
	if (placement_read(lister->placer, pid, thread->tid, &placement))
		return listed->comm ? 0 : -ENOMEM; /* it has just ended */
	if (placement.cpus_allowed)
		listed->cpus_allowed = arena_strdup(arena, placement.cpus_allowed);
	listed->cgroup = arena_strdup(arena, placement.cgroup);
	listed->cpu = placement.cpu;
	listed->numa_node = placement.numa_node;
	listed->quota_us = placement.limits.quota_us;
	listed->period_us = placement.limits.period_us;
	listed->quota_vcpus = placement.limits.vcpus;
	listed->weight = placement.limits.weight;
	placement_free(&placement);
	return listed->comm && listed->cpus_allowed ? 0 : -ENOMEM;
}

/* What its threads share, before any of them is looked at. */
static int place_vcpus(struct lister *lister, const struct domain *domain)
{
	autofree pid_t *tids = calloc(domain->nr_threads + 1, sizeof(*tids));
	size_t nr = 0;

	if (!tids)
		return -ENOMEM;
	for (size_t i = 0; i < domain->nr_threads; i++) {
		if (domain->threads[i].role == ROLE_VCPU)
			tids[nr++] = domain->threads[i].tid;
	}
	return placer_vcpus(lister->placer, domain->pid, tids, nr);
}

static int list_domain(struct lister *lister, const struct domain *domain,
		       struct listed_domain *listed)
{
	struct arena *arena = &lister->inventory.arena;
	int err;

	*listed = (struct listed_domain){
		.name = arena_strdup(arena, domain->name),
		.uuid = arena_strdup(arena, domain->uuid),
		.pid = domain->pid,
		.uid = domain->uid,
		.manager = domain->manager,
		.accel = domain->accel,
		.threads = arena_array(arena, domain->nr_threads, sizeof(*listed->threads)),
	};
	if (!listed->name || !listed->threads)
		return -ENOMEM;
	err = place_vcpus(lister, domain);
	for (size_t i = 0; i < domain->nr_threads && !err; i++)
		err = list_thread(lister, domain->pid, &domain->threads[i],
				  &listed->threads[listed->nr_threads++]);
	return err;
}

static int by_name(const void *a, const void *b)
{
	const struct listed_domain *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->pid > y->pid) - (x->pid < y->pid);
}

static int list_all(struct lister *lister, struct registry *registry)
{
	struct inventory *inventory = &lister->inventory;
	size_t nr, i;
	const struct domain *domains = registry_domains(registry, &nr);
	int err = 0;

	inventory->domains = arena_array(&inventory->arena, nr, sizeof(*inventory->domains));
	if (!inventory->domains)
		return -ENOMEM;
	for (i = 0; i < nr && !err; i++)
		if (globs_match(&lister->options->domains, domains[i].name))
			err = list_domain(lister, &domains[i],
					  &inventory->domains[inventory->nr_domains++]);
	qsort(inventory->domains, inventory->nr_domains, sizeof(*inventory->domains), by_name);
	return err;
}

static int collect(struct lister *lister)
{
	struct registry *registry;
	bool found = false;
	int err, more;

	err = placer_new("/proc", "/sys", &lister->placer);
	if (err)
		return err;
	err = registry_new("/proc", &registry);
	if (err)
		return err;
	err = registry_scan(registry);
	while (!err && (more = registry_resume(registry, &found)))
		err = more < 0 ? more : 0;
	if (!err)
		err = list_all(lister, registry);
	registry_free(registry);
	return err;
}

int cmd_list(const struct options *options)
{
	struct render_options render = render_for_stdout(options);
	struct lister lister = {.options = options};
	int err;

	if (!host_pidns_is_initial("/proc"))
		log_warn("this is the PID namespace of a container: only its own processes are "
			 "visible; run on the host, or with --pid=host");
	err = collect(&lister);
	if (!err)
		err = options->json ? render_list_json(&lister.inventory, &render)
				    : render_list_text(&lister.inventory, &render);
	inventory_free(&lister.inventory);
	placer_free(lister.placer);
	if (!err || err == -EPIPE)
		return 0;
	log_err("list: %s", strerror(-err));
	return EXIT_RUNTIME;
}
