// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Is a process a domain? */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/cgroup.h"
#include "host/exe.h"
#include "host/vm/manager.h"
#include "host/subject/registry_parts.h"
#include "host/vm/role.h"

/* So many scans KVM's word holds for a process that no longer has what it was seen to run. */
#define SIGHTED_SCANS 2

/* So many descriptors of a process are looked at at once. */
#define FDS_AT_ONCE 1024

/* A file of KVM's VM (virt/kvm/kvm_main.c: "kvm-vm"), or one of its vCPUs ("kvm-vcpu:N"), which
 * keep it alive? */
static bool is_kvm_file(int fds, int fd)
{
	char name[16], link[32];

	snprintf(name, sizeof(name), "%d", fd);
	return proc_link(fds, name, link, sizeof(link)) > 0 &&
	       (!strcmp(link, "anon_inode:kvm-vm") ||
		!strncmp(link, "anon_inode:kvm-vcpu", strlen("anon_inode:kvm-vcpu")));
}

enum holding { HOLDS_NONE, HOLDS_KVM, HOLDS_UNREAD };

/*
 * Does the process hold KVM's files? The one that it had most recently is looked at first; then all
 * others, in several looks if they are many.
 */
static enum holding holds_kvm(struct registry *reg, int dir, struct process *process)
{
	autoclose int fds = proc_open(dir, "fd");
	int more;

	if (fds < 0)
		return HOLDS_NONE;
	if (process->kvm_fd && is_kvm_file(fds, process->kvm_fd - 1))
		return HOLDS_KVM;
	process->kvm_fd = 0;
	more = proc_list_part(fds, ".", &process->fds_at, FDS_AT_ONCE, &reg->fds);
	for (size_t i = 0; more >= 0 && i < reg->fds.nr; i++) {
		if (!is_kvm_file(fds, reg->fds.entries[i].id))
			continue;
		process->kvm_fd = reg->fds.entries[i].id + 1;
		process->fds_at = 0;
		return HOLDS_KVM;
	}
	if (more <= 0)
		process->fds_at = 0;
	process_set_unread(reg, process, more > 0);
	return more > 0 ? HOLDS_UNREAD : HOLDS_NONE;
}

/*
 * Is it a copy that a domain forked and that has not called exec yet (QEMU does, to run its network
 * scripts)? It holds the VM's file, too, but cannot run it. The addresses that exec makes random
 * are those of its parent.
 */
static bool is_fork_of_domain(struct registry *reg, const struct task_stat *stat)
{
	const struct process *parent = process_find(reg, stat->ppid);

	return parent && stat->start_stack && parent->start_stack == stat->start_stack &&
	       parent->arg_start == stat->arg_start && registry_find(reg, stat->ppid);
}

/* A QEMU that holds a VM (@kvm) or may do without. One without a machine runs nothing: libvirt
 * starts such at its own start, for a second, to learn what they can. */
static enum verdict verdict_of_qemu(struct registry *reg, int dir, const char *exe, bool kvm)
{
	struct argv argv;

	if (!kvm && !exe_is_roots(dir, exe))
		return VERDICT_NONE;
	/* Empty: it is ending, and loses its memory before its files (do_exit(), kernel/exit.c). */
	if (proc_read(dir, "cmdline", &reg->text) || !reg->text.len)
		return VERDICT_NONE;
	argv = (struct argv){reg->text.data, reg->text.len};
	if (qemu_is_bare(&argv))
		return VERDICT_NONE;
	if (kvm)
		return VERDICT_KVM;
	return qemu_may_emulate(&argv) ? VERDICT_TCG : VERDICT_NONE;
}

/* Its links may not be seen, or went with a main thread whose others still run. */
static enum verdict verdict_unseen(const struct task_stat *stat, int err)
{
	bool hidden = err == -EACCES || err == -EPERM || strchr("ZX", stat->state);

	return hidden ? VERDICT_HIDDEN : VERDICT_NONE;
}

enum verdict verdict_of(struct registry *reg, int dir, struct process *process,
			const struct task_stat *stat)
{
	enum holding holding;
	char exe[PATH_MAX];
	ssize_t len;

	process_set_unread(reg, process, false);
	process->vhost_owner = stat->flags & TASK_KTHREAD ? role_vhost_owner(stat->comm) : 0;
	if (stat->flags & TASK_KTHREAD)
		return VERDICT_NONE;
	if (process->sighted && reg->scans - process->sighted_scan < SIGHTED_SCANS)
		return VERDICT_KVM;
	len = proc_link(dir, "exe", exe, sizeof(exe));
	if (len < 0)
		return verdict_unseen(stat, (int)len);
	process->vmm = exe_is_vmm(exe);
	if (reg->trusted && !strcmp(exe, reg->trusted))
		return VERDICT_KVM;
	if (is_fork_of_domain(reg, stat))
		return VERDICT_NONE;
	holding = holds_kvm(reg, dir, process);
	if (process->sighted && (holding != HOLDS_NONE || process->vmm))
		return VERDICT_KVM;
	if (holding == HOLDS_UNREAD)
		return VERDICT_UNREAD;
	if (exe_is_qemu(exe))
		return verdict_of_qemu(reg, dir, exe, holding == HOLDS_KVM);
	return holding == HOLDS_KVM ? VERDICT_KVM : VERDICT_NONE;
}
