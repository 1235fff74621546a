// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Scans: looking at processes, all of them or one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "host/subject/registry_parts.h"

/* So long a process that is no domain may yet become one: exec, and QEMU opening /dev/kvm. */
#define PROCESS_YOUNG_SECS 10

/* Since boot, suspension included: what /proc/P/stat counts in. */
static uint64_t clock_ticks(uint64_t hz)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * hz + (uint64_t)now.tv_nsec * hz / 1000000000;
}

/* Did it not call exec since? The addresses are 0 where we may not see them, or no longer may: then
 * nothing is known. */
static bool same_addresses(const struct process *process, const struct task_stat *stat)
{
	if (!process->start_stack || !stat->start_stack)
		return true;
	return process->start_stack == stat->start_stack && process->arg_start == stat->arg_start;
}

static int by_process(const void *a, const void *b)
{
	const struct census_task *l = a, *r = b;

	if (l->tgid != r->tgid)
		return l->tgid < r->tgid ? -1 : 1;
	return (l->tid > r->tid) - (l->tid < r->tid);
}

static const struct census_task *main_thread(const struct registry *reg, pid_t pid)
{
	const struct census_task key = {.tgid = (uint32_t)pid, .tid = (uint32_t)pid};

	return reg->nr_census ? bsearch(&key, reg->census, reg->nr_census, sizeof(key), by_process)
			      : NULL;
}

/* Did it call exec since the last census? It need not have been announced. */
static void count_execs(const struct registry *reg, struct process *process,
			const struct task_stat *stat)
{
	const struct census_task *task = main_thread(reg, process->pid);

	if (!task || task->start != stat->start)
		return;
	process->executed |= process->counted && process->execs != task->execs;
	process->execs = task->execs;
	process->counted = true;
}

/*
 * Without the kernel's word its addresses have to do, which it can change without exec
 * (PR_SET_MM_MAP). A new comm is no sign: any thread can rename itself.
 */
static bool same_program(const struct process *process, const struct task_stat *stat)
{
	return process->start == stat->start && !process->executed &&
	       (process->counted || same_addresses(process, stat));
}

static void remember(struct process *process, const struct task_stat *stat)
{
	process->start = stat->start;
	process->start_stack = stat->start_stack;
	process->arg_start = stat->arg_start;
	process->executed = false;
	memcpy(process->comm, stat->comm, sizeof(process->comm));
}

/*
 * Judge the process again. A domain that still is the same program (@same) stays one even if it
 * could not be found out today (its executable may be deleted); a KVM domain only while it holds
 * its VM, if that may be seen.
 */
static int process_judge(struct registry *reg, int dir, struct process *process,
			 const struct task_stat *stat, bool same)
{
	struct domain *domain = registry_find(reg, process->pid);
	enum verdict verdict = verdict_of(reg, dir, process, stat);

	if (verdict != VERDICT_KVM && verdict != VERDICT_TCG) {
		if (domain && (!same || (verdict == VERDICT_NONE && strcmp(domain->accel, "tcg"))))
			domain_gone(reg, process->pid);
		return 0;
	}
	reg->surveyed += stat->threads;
	if (!domain)
		return domain_new(reg, dir, process, verdict == VERDICT_KVM ? "kvm" : "tcg");
	if (verdict == VERDICT_KVM)
		domain->accel = "kvm";
	return same ? 0 : domain_identify(reg, dir, domain);
}

/* A process whose program is not known, or that may have become a domain, or of KVM, since. */
static bool must_judge(const struct registry *reg, const struct process *process, bool same,
		       bool full)
{
	const struct domain *domain = registry_find(reg, process->pid);

	if (!same || full || process->unread)
		return true;
	if (domain && !strcmp(domain->accel, "kvm"))
		return process->sighted; /* it may have no KVM any more */
	return process->vmm || reg->now < process->start + PROCESS_YOUNG_SECS * reg->hz;
}

/*
 * Look at a process. 0; -ENOMEM; another -errno: it vanished. Whatever fails in the middle is taken
 * for vanishing, too; the next scan looks again.
 */
static int process_visit(struct registry *reg, struct process *process, bool full)
{
	struct domain *domain;
	struct task_stat stat;
	char name[16];
	autoclose int dir = -1;
	bool same, renamed, known;
	int err;

	snprintf(name, sizeof(name), "%d", process->pid);
	dir = proc_open(reg->proc, name);
	err = dir < 0 ? dir : task_read_stat(dir, "stat", &stat);
	if (err)
		return err;
	if (process->start != stat.start) {
		domain_gone(reg, process->pid);
		process_set_unread(reg, process, false);
		*process = (struct process){.pid = process->pid};
	}
	count_execs(reg, process, &stat);
	same = same_program(process, &stat);
	renamed = memcmp(process->comm, stat.comm, sizeof(process->comm));
	if (!same)
		process->sighted = false;
	if (!same || renamed)
		process->fds_at = 0;
	remember(process, &stat);
	if (strchr("ZX", stat.state) && stat.threads <= 1) {
		process_set_unread(reg, process, false);
		domain_gone(reg, process->pid);
		return 0;
	}
	known = registry_find(reg, process->pid);
	if (must_judge(reg, process, same && !renamed, full)) {
		err = process_judge(reg, dir, process, &stat, same);
		if (err)
			return err;
	}
	domain = registry_find(reg, process->pid);
	if (!domain || !known)
		return 0;
	if (full || !same)
		domain_set_owner(reg, dir, domain);
	return threads_refresh(reg, dir, domain, full || !same || renamed);
}

/* Visit @process and drop it if it vanished. 0, 1 it vanished, -ENOMEM. */
static int process_look(struct registry *reg, struct process *process, bool full)
{
	int err = process_visit(reg, process, full);

	if (!err) {
		process->seen = reg->scans;
		return 0;
	}
	if (err == -ENOMEM)
		return err;
	domain_gone(reg, process->pid);
	process_set_unread(reg, process, false);
	process->start = 0;
	return 1;
}

void process_set_unread(struct registry *reg, struct process *process, bool unread)
{
	reg->nr_unread += (size_t)unread - (size_t)process->unread;
	process->unread = unread;
}

static void drop_unseen(struct registry *reg)
{
	size_t kept = 0;

	for (size_t i = 0; i < reg->nr_processes; i++) {
		struct process *process = &reg->processes[i];

		if (process->seen == reg->scans) {
			reg->processes[kept++] = *process;
			continue;
		}
		domain_gone(reg, process->pid);
		process_set_unread(reg, process, false);
	}
	reg->nr_processes = kept;
}

/* The domain that has the thread @tid; most often it is the main thread. */
static struct domain *domain_of_thread(struct registry *reg, pid_t tid)
{
	struct domain *domain = registry_find(reg, tid);

	for (size_t i = 0; !domain && i < reg->nr_domains; i++) {
		struct domain *candidate = &reg->domains[i];

		for (size_t j = 0; j < candidate->nr_threads; j++) {
			if (candidate->threads[j].tid == tid && !candidate->threads[j].gone)
				domain = candidate;
		}
	}
	return domain;
}

/* Up to 6.3 vhost workers are kernel threads, outside their VMM's process. */
static int attach_vhosts(struct registry *reg)
{
	for (size_t i = 0; i < reg->nr_processes; i++) {
		const struct process *process = &reg->processes[i];
		struct domain *domain;

		if (!process->vhost_owner)
			continue;
		domain = domain_of_thread(reg, process->vhost_owner);
		if (domain && threads_add_vhost(reg, domain, process))
			return -ENOMEM;
	}
	for (size_t i = 0; i < reg->nr_domains; i++)
		threads_drop_vhosts(reg, &reg->domains[i]);
	return 0;
}

int registry_scan(struct registry *reg)
{
	int err = proc_list(reg->proc, ".", &reg->pids);

	if (err)
		return err;
	reg->scans++;
	reg->now = clock_ticks(reg->hz);
	for (size_t i = 0; i < reg->pids.nr; i++) {
		pid_t pid = reg->pids.entries[i].id;
		struct process *process;
		bool full = ((unsigned int)pid + reg->scans) % REFRESH == 0;

		err = process_get(reg, pid, &process);
		if (!err)
			err = process_look(reg, process, full);
		if (err < 0)
			return err;
	}
	drop_unseen(reg);
	return attach_vhosts(reg);
}

int registry_scan_census(struct registry *reg, struct census_task *tasks, size_t nr)
{
	int err;

	if (nr)
		qsort(tasks, nr, sizeof(*tasks), by_process);
	reg->census = tasks;
	reg->nr_census = nr;
	err = registry_scan(reg);
	reg->census = NULL;
	reg->nr_census = 0;
	return err;
}

int registry_survey(struct registry *reg, size_t *ret_threads)
{
	int err;

	reg->surveying = true;
	reg->surveyed = 0;
	err = registry_scan(reg);
	reg->surveying = false;
	if (!err)
		*ret_threads = reg->surveyed;
	return err;
}

/* The process that @pid, which can be any of its threads, belongs to; 0: it is gone. */
static pid_t process_of(struct registry *reg, pid_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), "%d/status", pid);
	return proc_read(reg->proc, path, &reg->text) ? 0 : task_parse_tgid(reg->text.data);
}

int registry_scan_pid(struct registry *reg, pid_t pid)
{
	pid_t tgid = process_of(reg, pid);
	struct process *process;
	int err;

	if (!tgid) {
		domain_gone(reg, pid);
		return 0;
	}
	reg->now = clock_ticks(reg->hz);
	err = process_get(reg, tgid, &process);
	if (!err)
		err = process_look(reg, process, true);
	if (err < 0)
		return err;
	return registry_find(reg, tgid) != NULL;
}

/* So many looks at processes with very many descriptors at once. */
#define RESUMES 2

int registry_resume(struct registry *reg, bool *ret_found)
{
	unsigned int left = RESUMES;

	if (!reg->nr_unread)
		return 0;
	reg->now = clock_ticks(reg->hz);
	for (size_t i = 0; left && i < reg->nr_processes; i++) {
		struct process *process;

		reg->resumed = (reg->resumed + 1) % reg->nr_processes;
		process = &reg->processes[reg->resumed];
		if (!process->unread)
			continue;
		left--;
		if (process_look(reg, process, false) == -ENOMEM)
			return -ENOMEM;
		*ret_found |= !process->unread && registry_find(reg, process->pid);
	}
	return reg->nr_unread > 0;
}

void registry_executed(struct registry *reg, pid_t pid)
{
	struct process *process = process_find(reg, pid);

	if (process)
		process->executed = true;
}

int registry_sighted_before(struct registry *reg, pid_t pid, pid_t tid, int index)
{
	struct domain *domain = registry_find(reg, pid);

	return domain ? threads_sighted(domain, tid, index) : -ESRCH;
}

int registry_sighted(struct registry *reg, pid_t pid, pid_t tid, int index)
{
	struct process *process;
	int err;

	if (!registry_sighted_before(reg, pid, tid, index))
		return 0;
	err = registry_scan_pid(reg, pid);
	if (err < 0)
		return err;
	process = process_find(reg, pid);
	if (!process || !process->start)
		return -ESRCH;
	if (!err) {
		process->sighted = true;
		process->sighted_scan = reg->scans;
		err = process_look(reg, process, true);
		if (err < 0)
			return err;
	}
	return registry_sighted_before(reg, pid, tid, index);
}

uint64_t registry_thread_start(struct registry *reg, const struct domain *domain,
			       struct thread *thread)
{
	struct task_stat stat;
	char path[64];

	snprintf(path, sizeof(path), "%d/task/%d/stat", domain->pid, thread->tid);
	if (!thread->start && !thread->gone && !task_read_stat(reg->proc, path, &stat))
		thread->start = stat.start;
	return thread->start;
}
