// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The threads of a domain. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/subject/registry_parts.h"
#include "host/vm/role.h"

#define THREAD_YOUNG_SECS 2

static int by_role(const void *a, const void *b)
{
	const struct thread *l = a, *r = b;

	if ((l->role == ROLE_VCPU) != (r->role == ROLE_VCPU))
		return l->role == ROLE_VCPU ? -1 : 1;
	if (l->role == ROLE_VCPU && l->index != r->index)
		return (unsigned int)l->index < (unsigned int)r->index ? -1 : 1;
	return (l->tid > r->tid) - (l->tid < r->tid);
}

static void sort_threads(struct domain *domain)
{
	qsort(domain->threads, domain->nr_threads, sizeof(*domain->threads), by_role);
}

/* A new thread at the end of the array, or NULL. */
static struct thread *thread_add(struct domain *domain, pid_t tid)
{
	struct thread *thread;

	if (domain->nr_threads == domain->max_threads) {
		size_t max = domain->max_threads ? 2 * domain->max_threads : 16;
		struct thread *threads = reallocarray(domain->threads, max, sizeof(*threads));

		if (!threads)
			return NULL;
		domain->threads = threads;
		domain->max_threads = max;
	}
	thread = &domain->threads[domain->nr_threads++];
	*thread = (struct thread){.tid = tid, .role = ROLE_EMULATOR, .index = -1};
	return thread;
}

/* vhost workers are threads of the VMM since 6.4; PF_USER_WORKER cannot be forged, names can. */
static bool is_vhost_worker(int tasks, const struct census_task *census, pid_t tid)
{
	struct task_stat stat;
	char path[32];

	if (census)
		return census->flags & TASK_USER_WORKER;
	snprintf(path, sizeof(path), "%d/stat", tid);
	return !task_read_stat(tasks, path, &stat) && stat.flags & TASK_USER_WORKER;
}

/* Read the thread's name and what follows from it. What KVM said about it stands. */
static int thread_name(int tasks, const struct census_task *census, struct thread *thread)
{
	char path[32], comm[TASK_COMM_LEN];
	struct role_guess guess;
	int err = 0;

	snprintf(path, sizeof(path), "%d/comm", thread->tid);
	if (census)
		memcpy(comm, census->comm, sizeof(comm));
	else
		err = task_read_comm(tasks, path, comm);
	if (err)
		return err;
	if (!memcmp(comm, thread->comm, sizeof(comm)))
		return 0;
	memcpy(thread->comm, comm, sizeof(comm));
	role_from_comm(comm, &guess);
	if (role_vhost_owner(comm) && is_vhost_worker(tasks, census, thread->tid))
		guess.role = ROLE_VHOST;
	if (thread->index_sure && guess.role != ROLE_VCPU)
		return 0;
	free(thread->name);
	thread->name = *guess.name ? strdup(guess.name) : NULL;
	thread->role = guess.role;
	thread->index = guess.index;
	return 0;
}

/*
 * The number is listed with another inode than before. If it started after we last looked it is
 * another thread; else only the kernel's cached inode was dropped.
 */
static bool is_another(const struct domain *domain, int tasks, const struct thread *thread)
{
	struct task_stat stat;
	char path[32];

	snprintf(path, sizeof(path), "%d/stat", thread->tid);
	if (task_read_stat(tasks, path, &stat))
		return true;
	return thread->start ? stat.start != thread->start : stat.start > domain->listed;
}

static bool is_same(const struct domain *domain, int tasks, const struct thread *thread,
		    const struct proc_entry *entry, const struct census_task *census)
{
	if (!census)
		return entry->ino == thread->ino || !is_another(domain, tasks, thread);
	return thread->start ? census->start == thread->start : census->start <= domain->listed;
}

static int by_id(const void *key, const void *element)
{
	int id = *(const pid_t *)key, other = ((const struct proc_entry *)element)->id;

	return (id > other) - (id < other);
}

static void thread_identify(struct thread *thread, const struct proc_entry *entry,
			    const struct census_task *census)
{
	if (census)
		thread->start = census->start;
	else
		thread->ino = entry->ino;
}

/* Which of the known threads are still there; those are taken off the list of @tids (ino 0). */
static void keep_or_drop(struct registry *reg, int tasks, const struct census_task *census,
			 struct domain *domain, bool full)
{
	for (size_t i = 0; i < domain->nr_threads; i++) {
		struct thread *thread = &domain->threads[i];
		const struct census_task *task;
		struct proc_entry *entry;

		if (thread->gone || thread->kthread)
			continue;
		entry = bsearch(&thread->tid, reg->tids.entries, reg->tids.nr, sizeof(*entry),
				by_id);
		task = entry && census ? &census[entry - reg->tids.entries] : NULL;
		if (!entry || !is_same(domain, tasks, thread, entry, task)) {
			thread->gone = true;
			continue;
		}
		thread_identify(thread, entry, task);
		entry->ino = 0;
		if ((full || task || thread->until > reg->now) && thread_name(tasks, task, thread))
			thread->gone = true;
	}
}

/* The rest of the list is new. Threads that end meanwhile are skipped. */
static int add_new(struct registry *reg, int tasks, const struct census_task *census,
		   struct domain *domain)
{
	uint64_t young = THREAD_YOUNG_SECS * reg->hz;
	bool settled = !domain->listed && reg->now > domain->start + young;

	for (size_t i = 0; i < reg->tids.nr; i++) {
		const struct proc_entry *entry = &reg->tids.entries[i];
		const struct census_task *task = census ? &census[i] : NULL;
		struct thread *thread;

		if (!entry->ino)
			continue;
		thread = thread_add(domain, entry->id);
		if (!thread)
			return -ENOMEM;
		thread_identify(thread, entry, task);
		thread->until = settled ? 0 : reg->now + young;
		if (thread_name(tasks, task, thread))
			domain->nr_threads--;
	}
	return 0;
}

static bool has_names(const struct domain *domain)
{
	for (size_t i = 0; i < domain->nr_threads; i++) {
		struct role_guess guess;

		role_from_comm(domain->threads[i].comm, &guess);
		if (guess.role == ROLE_VCPU && !domain->threads[i].gone)
			return true;
	}
	return false;
}

/* The process' part of the census, as reg->tids, too; NULL: it is not in there. */
static const struct census_task *list_census(struct registry *reg, pid_t pid, int *ret_err)
{
	size_t low = 0, high = reg->nr_census, first;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (reg->census[middle].tgid < (uint32_t)pid)
			low = middle + 1;
		else
			high = middle;
	}
	reg->tids.nr = 0;
	for (first = low; low < reg->nr_census && reg->census[low].tgid == (uint32_t)pid; low++) {
		*ret_err = proc_list_add(&reg->tids, (int)reg->census[low].tid, 1);
		if (*ret_err)
			return NULL;
	}
	return low > first ? &reg->census[first] : NULL;
}

int threads_refresh(struct registry *reg, int dir, struct domain *domain, bool full)
{
	autoclose int tasks = proc_open(dir, "task");
	const struct census_task *census;
	int err = 0;

	if (tasks < 0)
		return tasks;
	census = list_census(reg, domain->pid, &err);
	if (!census && !err)
		err = proc_list(tasks, ".", &reg->tids);
	if (err)
		return err;
	keep_or_drop(reg, tasks, census, domain, full);
	err = add_new(reg, tasks, census, domain);
	domain->listed = reg->now;
	sort_threads(domain);
	if (!err && !has_names(domain)) {
		unnamed_resolve(reg, dir, domain);
		sort_threads(domain);
	}
	return err;
}

int threads_add_vhost(struct registry *reg, struct domain *domain, const struct process *kthread)
{
	struct thread *thread;

	for (size_t i = 0; i < domain->nr_threads; i++) {
		thread = &domain->threads[i];
		if (thread->tid == kthread->pid && thread->start == kthread->start &&
		    !thread->gone) {
			thread->until = reg->scans;
			return 0;
		}
	}
	thread = thread_add(domain, kthread->pid);
	if (!thread)
		return -ENOMEM;
	thread->start = kthread->start;
	thread->kthread = true;
	thread->role = ROLE_VHOST;
	thread->until = reg->scans;
	memcpy(thread->comm, kthread->comm, sizeof(thread->comm));
	return 0;
}

/* Their @until says in which scan they were attached last. */
void threads_drop_vhosts(struct registry *reg, struct domain *domain)
{
	for (size_t i = 0; i < domain->nr_threads; i++) {
		struct thread *thread = &domain->threads[i];

		if (thread->kthread && thread->until != reg->scans)
			thread->gone = true;
	}
}

int threads_sighted(struct domain *domain, pid_t tid, int index)
{
	for (size_t i = 0; i < domain->nr_threads; i++) {
		struct thread *thread = &domain->threads[i];
		struct role_guess guess;

		if (thread->tid != tid || thread->gone)
			continue;
		role_from_comm(thread->comm, &guess);
		if (!thread->index_sure) {
			thread->role = ROLE_VCPU;
			thread->index = guess.role == ROLE_VCPU ? guess.index : index;
			thread->index_sure = true;
			sort_threads(domain);
		}
		return 0;
	}
	return -ESRCH;
}
