// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The vCPUs of a domain whose threads have no names (QEMU without debug-threads=on, as LXD runs
 * it).
 *
 * libvirt knows them. Else KVM does: a thread in the ioctl KVM_RUN names the vCPU by its fd. A vCPU
 * that runs, or wants to, shows "running" and no more; looking again helps only if it sleeps now
 * and then. If exactly as many threads run as vCPUs are missing, they are those, in the order in
 * which the VMM created both; that is by elimination, and looked at again in the next scan.
 *
 * A TCG guest without names shows nothing of this kind: its threads stay ROLE_EMULATOR.
 */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/cgroup.h"
#include "host/vm/libvirt.h"
#include "host/subject/registry_parts.h"
#include "host/vm/role.h"

#define MAX_VCPUS 4096
#define SAMPLES 3

/* So many descriptors of a domain are looked at for its vCPUs', which a VMM opens early. */
#define MAX_FDS 8192

static struct thread *thread_find(struct domain *domain, pid_t tid)
{
	for (size_t i = 0; i < domain->nr_threads; i++) {
		if (domain->threads[i].tid == tid && !domain->threads[i].gone)
			return &domain->threads[i];
	}
	return NULL;
}

static void set_vcpu(struct thread *thread, int index, bool sure)
{
	thread->role = ROLE_VCPU;
	thread->index = index;
	thread->index_sure = sure;
}

static void ask_libvirt(struct registry *reg, struct domain *domain)
{
	autofree struct libvirt_vcpu *vcpus = reallocarray(NULL, MAX_VCPUS, sizeof(*vcpus));
	size_t nr;

	if (!vcpus ||
	    libvirt_read_status(reg->libvirt_dir, domain->name, domain->pid, vcpus, MAX_VCPUS, &nr))
		return;
	for (size_t i = 0; i < nr; i++) {
		struct thread *thread = thread_find(domain, vcpus[i].tid);

		if (thread)
			set_vcpu(thread, vcpus[i].index, true);
	}
}

/* The role that the thread's cgroup says; false: it is none of libvirt's. */
static bool cgroup_role(struct registry *reg, int dir, pid_t tid, struct role_guess *ret)
{
	cleanup(cgroup_paths_free) struct cgroup_paths paths = {0};
	const char *path;
	char file[32];

	snprintf(file, sizeof(file), "task/%d/cgroup", tid);
	if (proc_read(dir, file, &reg->text) || cgroup_parse_paths(reg->text.data, &paths))
		return false;
	path = cgroup_cpu_path(&paths);
	return path && role_from_cgroup(path, ret);
}

/* Kernel helpers in the VMM's process show their creator's system call, and live in its cgroup. */
static bool is_user_worker(int dir, pid_t tid)
{
	struct task_stat stat;
	char path[32];

	snprintf(path, sizeof(path), "task/%d/stat", tid);
	return task_read_stat(dir, path, &stat) || stat.flags & TASK_USER_WORKER;
}

static void ask_cgroups(struct registry *reg, int dir, struct domain *domain)
{
	struct role_guess guess;

	if (!cgroup_role(reg, dir, domain->pid, &guess))
		return;
	for (size_t i = 0; i < domain->nr_threads; i++) {
		struct thread *thread = &domain->threads[i];

		if (thread->gone || thread->kthread || thread->role != ROLE_EMULATOR ||
		    !cgroup_role(reg, dir, thread->tid, &guess))
			continue;
		if (guess.role == ROLE_VCPU) {
			if (!is_user_worker(dir, thread->tid))
				set_vcpu(thread, guess.index, true);
		} else if (guess.role == ROLE_IOTHREAD) {
			thread->role = ROLE_IOTHREAD;
			thread->name = strdup(guess.name);
		}
	}
}

struct vcpu_fd {
	int fd;
	int index;
	bool known; /* its thread is */
};

struct vcpu_fds {
	struct vcpu_fd *fds; /* ascending by index */
	size_t nr;
	size_t missing; /* whose thread is not known */
	bool cut;	/* there can be more */
};

static void vcpu_fds_free(struct vcpu_fds *vcpus)
{
	free(vcpus->fds);
}

static int by_index(const void *a, const void *b)
{
	int l = ((const struct vcpu_fd *)a)->index, r = ((const struct vcpu_fd *)b)->index;

	return (l > r) - (l < r);
}

static int list_vcpu_fds(struct registry *reg, int dir, struct vcpu_fds *ret)
{
	autoclose int fds = proc_open(dir, "fd");
	off_t at = 0;
	int more = fds < 0 ? fds : proc_list_part(fds, ".", &at, MAX_FDS, &reg->fds);
	struct vcpu_fds vcpus = {.cut = more > 0};

	if (more < 0)
		return more;
	vcpus.fds = reallocarray(NULL, reg->fds.nr + 1, sizeof(*vcpus.fds));
	if (!vcpus.fds)
		return -ENOMEM;
	for (size_t i = 0; i < reg->fds.nr; i++) {
		char name[16], link[64];
		int index;

		snprintf(name, sizeof(name), "%d", reg->fds.entries[i].id);
		if (proc_link(fds, name, link, sizeof(link)) < 0)
			continue;
		index = role_vcpu_of_link(link);
		if (index >= 0)
			vcpus.fds[vcpus.nr++] =
				(struct vcpu_fd){.fd = reg->fds.entries[i].id, .index = index};
	}
	qsort(vcpus.fds, vcpus.nr, sizeof(*vcpus.fds), by_index);
	vcpus.missing = vcpus.nr;
	*ret = vcpus;
	return 0;
}

/* A thread is vCPU @index. */
static void mark_known(struct vcpu_fds *vcpus, int index)
{
	for (size_t i = 0; i < vcpus->nr; i++) {
		if (vcpus->fds[i].index == index && !vcpus->fds[i].known) {
			vcpus->fds[i].known = true;
			vcpus->missing--;
			return;
		}
	}
}

/* The vCPU of a descriptor that is not on the list, -1: it is none's. */
static int vcpu_of_fd(int dir, int fd)
{
	char path[32], link[64];

	snprintf(path, sizeof(path), "fd/%d", fd);
	return proc_link(dir, path, link, sizeof(link)) < 0 ? -1 : role_vcpu_of_link(link);
}

/* Does the thread run a vCPU just now? @ret_running: not known, since it runs. */
static void ask_kvm(int dir, struct thread *thread, struct vcpu_fds *vcpus, bool *ret_running)
{
	struct task_syscall call = {.running = true};
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "task/%d/syscall", thread->tid);
	for (int i = 0; i < SAMPLES && call.running; i++) {
		if (i)
			sched_yield();
		if (task_read_syscall(dir, path, &call))
			return;
	}
	fd = role_kvm_run_fd(&call);
	if ((fd < 0 && !call.running) || is_user_worker(dir, thread->tid))
		return;
	*ret_running = call.running;
	if (vcpus->cut && fd >= 0 && vcpu_of_fd(dir, fd) >= 0)
		set_vcpu(thread, vcpu_of_fd(dir, fd), true);
	for (size_t i = 0; i < vcpus->nr; i++) {
		if (vcpus->fds[i].fd == fd) {
			set_vcpu(thread, vcpus->fds[i].index, true);
			mark_known(vcpus, vcpus->fds[i].index);
		}
	}
}

static void eliminate(struct domain *domain, const bool *running, size_t nr_running,
		      const struct vcpu_fds *vcpus)
{
	size_t next = 0;

	if (vcpus->cut || nr_running != vcpus->missing)
		return;
	for (size_t i = 0; i < domain->nr_threads; i++) {
		if (!running[i])
			continue;
		while (vcpus->fds[next].known)
			next++;
		set_vcpu(&domain->threads[i], vcpus->fds[next++].index, false);
	}
}

void unnamed_resolve(struct registry *reg, int dir, struct domain *domain)
{
	cleanup(vcpu_fds_free) struct vcpu_fds vcpus = {0};
	autofree bool *running = calloc(domain->nr_threads + 1, sizeof(*running));
	size_t nr_running = 0;

	ask_libvirt(reg, domain);
	ask_cgroups(reg, dir, domain);
	if (!running || strcmp(domain->accel, "kvm") || list_vcpu_fds(reg, dir, &vcpus))
		return;
	for (size_t i = 0; i < domain->nr_threads; i++) {
		if (domain->threads[i].index_sure && !domain->threads[i].gone)
			mark_known(&vcpus, domain->threads[i].index);
	}
	for (size_t i = 0; i < domain->nr_threads && (vcpus.missing || vcpus.cut); i++) {
		struct thread *thread = &domain->threads[i];

		if (thread->gone || thread->kthread || thread->index_sure ||
		    (thread->role != ROLE_EMULATOR && thread->role != ROLE_VCPU))
			continue;
		ask_kvm(dir, thread, &vcpus, &running[i]);
		nr_running += running[i];
	}
	if (vcpus.missing)
		eliminate(domain, running, nr_running, &vcpus);
}
