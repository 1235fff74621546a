// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "host/subject/registry.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/subject/registry_parts.h"

static int by_pid(const void *key, const void *element)
{
	pid_t pid = *(const pid_t *)key, other = *(const pid_t *)element;

	return (pid > other) - (pid < other);
}

static_assert(!offsetof(struct process, pid) && !offsetof(struct domain, pid),
	      "by_pid() takes the first member");

/* Room for one more of @nr elements. */
static int reserve(void **array, size_t *max, size_t nr, size_t size)
{
	size_t want = *max ? 2 * *max : 64;
	void *grown;

	if (nr < *max)
		return 0;
	grown = reallocarray(*array, want, size);
	if (!grown)
		return -ENOMEM;
	*array = grown;
	*max = want;
	return 0;
}

/* ---- processes ---- */

struct process *process_find(const struct registry *reg, pid_t pid)
{
	if (!reg->nr_processes)
		return NULL;
	return bsearch(&pid, reg->processes, reg->nr_processes, sizeof(*reg->processes), by_pid);
}

int process_get(struct registry *reg, pid_t pid, struct process **ret)
{
	struct process *process = process_find(reg, pid);
	size_t at = reg->nr_processes;

	if (process) {
		*ret = process;
		return 0;
	}
	if (reserve((void **)&reg->processes, &reg->max_processes, at, sizeof(*reg->processes)))
		return -ENOMEM;
	while (at && reg->processes[at - 1].pid > pid)
		at--;
	process = &reg->processes[at];
	memmove(process + 1, process, (reg->nr_processes - at) * sizeof(*process));
	reg->nr_processes++;
	*process = (struct process){.pid = pid};
	*ret = process;
	return 0;
}

/* ---- domains ---- */

struct domain *registry_domains(struct registry *reg, size_t *ret_nr)
{
	*ret_nr = reg->nr_domains;
	return reg->domains;
}

/* A domain that is gone can share its pid with the one that came after it, and stands before it. */
struct domain *registry_find_last(const struct registry *reg, pid_t pid)
{
	struct domain *domain, *end = reg->domains + reg->nr_domains;

	if (!reg->nr_domains)
		return NULL;
	domain = bsearch(&pid, reg->domains, reg->nr_domains, sizeof(*domain), by_pid);
	while (domain && domain + 1 < end && domain[1].pid == pid)
		domain++;
	return domain;
}

struct domain *registry_find(const struct registry *reg, pid_t pid)
{
	struct domain *domain = registry_find_last(reg, pid);

	return domain && !domain->gone ? domain : NULL;
}

static void domain_free(struct domain *domain)
{
	for (size_t i = 0; i < domain->nr_threads; i++)
		free(domain->threads[i].name);
	free(domain->threads);
	free(domain->name);
	free(domain->uuid);
}

void domain_gone(struct registry *reg, pid_t pid)
{
	struct domain *domain = registry_find(reg, pid);

	if (!domain)
		return;
	domain->gone = true;
	for (size_t i = 0; i < domain->nr_threads; i++)
		domain->threads[i].gone = true;
}

/* Insert @domain, whose contents it takes over, behind others of its pid. */
static int domain_add(struct registry *reg, const struct domain *domain)
{
	size_t at = reg->nr_domains;

	if (reserve((void **)&reg->domains, &reg->max_domains, at, sizeof(*reg->domains)))
		return -ENOMEM;
	while (at && reg->domains[at - 1].pid > domain->pid)
		at--;
	memmove(&reg->domains[at + 1], &reg->domains[at],
		(reg->nr_domains - at) * sizeof(*reg->domains));
	reg->domains[at] = *domain;
	reg->nr_domains++;
	return 0;
}

int domain_new(struct registry *reg, int dir, const struct process *process, const char *accel)
{
	struct domain domain = {
		.pid = process->pid, .start = process->start, .uid = (uid_t)-1, .accel = accel};
	int err = domain_identify(reg, dir, &domain);

	domain_set_owner(reg, dir, &domain);
	if (!err && !reg->surveying)
		err = threads_refresh(reg, dir, &domain, true);
	if (!err)
		err = domain_add(reg, &domain);
	if (err)
		domain_free(&domain);
	return err;
}

/* ---- the registry ---- */

int registry_new(const char *proc, struct registry **ret_reg)
{
	struct registry *reg = calloc(1, sizeof(*reg));
	int err;

	if (!reg)
		return -ENOMEM;
	reg->hz = (uint64_t)sysconf(_SC_CLK_TCK);
	reg->proc = proc_open(AT_FDCWD, proc);
	err = reg->proc < 0 ? reg->proc : registry_libvirt_dir(reg, "/run/libvirt/qemu");
	if (err) {
		registry_free(reg);
		return err;
	}
	*ret_reg = reg;
	return 0;
}

void registry_free(struct registry *reg)
{
	if (!reg)
		return;
	for (size_t i = 0; i < reg->nr_domains; i++)
		domain_free(&reg->domains[i]);
	cleanup_close(&reg->proc);
	proc_list_free(&reg->pids);
	proc_list_free(&reg->tids);
	proc_list_free(&reg->fds);
	text_free(&reg->text);
	free(reg->trusted);
	free(reg->libvirt_dir);
	free(reg->processes);
	free(reg->domains);
	free(reg);
}

static int set_string(char **string, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*string);
	*string = copy;
	return 0;
}

int registry_trust(struct registry *reg, const char *path)
{
	return set_string(&reg->trusted, path);
}

int registry_libvirt_dir(struct registry *reg, const char *path)
{
	return set_string(&reg->libvirt_dir, path);
}

static void reap_threads(struct domain *domain)
{
	size_t kept = 0;

	for (size_t i = 0; i < domain->nr_threads; i++) {
		if (domain->threads[i].gone)
			free(domain->threads[i].name);
		else
			domain->threads[kept++] = domain->threads[i];
	}
	domain->nr_threads = kept;
}

void registry_reap(struct registry *reg)
{
	size_t kept = 0;

	for (size_t i = 0; i < reg->nr_domains; i++) {
		if (reg->domains[i].gone && !reg->domains[i].held) {
			domain_free(&reg->domains[i]);
			continue;
		}
		reap_threads(&reg->domains[i]);
		reg->domains[kept++] = reg->domains[i];
	}
	reg->nr_domains = kept;
}
