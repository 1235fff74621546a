/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The registry of domains: which processes of this host are virtual machines, and what their
 * threads are. Filled from /proc alone; it knows nothing of BPF.
 *
 * A process is a domain because KVM says so (it holds an anon_inode:kvm-vm file, or the caller
 * saw one of its threads in KVM_RUN, see registry_sighted()), or, for TCG, because its executable
 * is a QEMU binary that only root can replace. Its name and its threads' names never make a
 * process a domain. It keeps its name while it is the same program, whatever it writes where others
 * read its command line or its comm.
 */
#ifndef STEALSCOPE_REGISTRY_H
#define STEALSCOPE_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "census_task.h"
#include "kinds.h"

struct thread {
	pid_t tid;
	uint64_t start; /* clock ticks since boot, as /proc/TID/stat; 0: registry_thread_start() */
	enum role role;
	/*
	 * vcpu's number; -1: another role, or not known yet. QEMU's own number (in the thread's
	 * name, libvirt's files) where there is one, else KVM's vcpu id. They differ where a
	 * socket's cores are no power of two: KVM's is the APIC id and leaves gaps.
	 */
	int index;
	bool index_sure; /* it is from KVM (the fd of its KVM_RUN, or the kernel) or libvirt's
			    files, not from a name or by elimination */
	char comm[16];
	char *name;   /* iothread: its id ("disk1" of "IO disk1"); else NULL */
	bool watched; /* the tracer's: it has a slot */
	bool wanted;  /* the tracer's: it is there and has none */
	bool refused; /* the tracer's: it was counted as one that may have none */
	bool gone;    /* not seen by the latest scan; dropped by registry_reap() */
	/* the registry's own: */
	bool kthread;	/* up to 6.3: vhost's, outside the process */
	uint64_t ino;	/* of /proc/P/task/T: another one for another thread; 0: not known */
	uint64_t until; /* its name is read again until then, in clock ticks since boot */
};

struct domain {
	pid_t pid;
	uint64_t start;		/* of the process: with pid, the identity */
	char *name;		/* raw bytes, never NULL */
	char *uuid;		/* lower case, NULL if it has none */
	uid_t uid;		/* real, of its process, as of the latest look; -1: not known */
	const char *manager;	/* "libvirt", "openstack", "kubevirt", "proxmox", "lxd", "incus",
				   "ovirt", "kata", "firecracker", "cloud-hypervisor", "crosvm",
				   "kvmtool", "qemu", or "other" */
	const char *accel;	/* "kvm", "tcg" */
	struct thread *threads; /* vCPUs by index, then by tid */
	size_t nr_threads;
	bool gone;		/* its process is gone, or is another one, or no domain any more */
	unsigned int unwatched; /* the tracer's: threads that may have no slot, of those there */
	bool complained;	/* the tracer's: it was logged */
	bool held; /* the caller's: gone, it is not dropped yet, since its name is still needed */
	/* the registry's own: */
	size_t max_threads; /* room in @threads */
	uint64_t listed;    /* when the threads were listed last, clock ticks since boot */
};

struct registry;

/* @proc: where procfs is mounted, "/proc" except in tests. -ENOMEM. */
int registry_new(const char *proc, struct registry **ret_reg);
void registry_free(struct registry *reg);

/* For tests of scale: processes whose executable is @path count as QEMU under KVM. */
int registry_trust(struct registry *reg, const char *path);

/* Where libvirt keeps the status of its domains, "/run/libvirt/qemu" except in tests. -ENOMEM. */
int registry_libvirt_dir(struct registry *reg, const char *path);

/*
 * Look at every process / at one process. What vanishes while it is read is skipped; a process that
 * is no domain is remembered as such by pid and start time and costs one read at the next scan.
 * registry_scan_pid(): 1 it is a domain, 0 it is none (any more). Both -errno when /proc itself
 * cannot be read.
 */
int registry_scan(struct registry *reg);
int registry_scan_pid(struct registry *reg, pid_t pid);

/*
 * Look at more of the descriptors of processes that have very many; a few thousand are looked at.
 * 1: there is more to do; 0; -ENOMEM. @ret_found: a domain was found.
 */
int registry_resume(struct registry *reg, bool *ret_found);

/*
 * The same as registry_scan(), with the host's threads at hand: they need not be read from /proc.
 * Sorts @tasks. With none of them it is registry_scan().
 */
int registry_scan_census(struct registry *reg, struct census_task *tasks, size_t nr);

/* Find the domains but not their threads yet; how many those have. The next scan names them. */
int registry_survey(struct registry *reg, size_t *ret_threads);

/* The kernel says that @pid became another program: whatever it is now has another name. */
void registry_executed(struct registry *reg, pid_t pid);

/*
 * KVM was seen running vCPU @index in thread @tid of process @pid: it is a domain, whatever its
 * name. 0; -ESRCH: gone already; -errno.
 */
int registry_sighted(struct registry *reg, pid_t pid, pid_t tid, int index);

/* The same of a process that was looked at since: it is not looked at again. -ESRCH: no such
 * thread. */
int registry_sighted_before(struct registry *reg, pid_t pid, pid_t tid, int index);

/*
 * When @thread started, in clock ticks since boot; read the first time it is asked for, since a
 * scan would take half as long again if it read it for all. 0: the thread is gone.
 */
uint64_t registry_thread_start(struct registry *reg, const struct domain *domain,
			       struct thread *thread);

/* Drop the threads and domains that are gone, the latter unless they are held. */
void registry_reap(struct registry *reg);

/* In order of pid; gone ones stand before the living one of the same pid, which alone is found. The
 * arrays are valid until the next call that changes the registry. */
struct domain *registry_domains(struct registry *reg, size_t *ret_nr);
struct domain *registry_find(const struct registry *reg, pid_t pid);
/* The same, or else the one of that pid that is gone last and not reaped. */
struct domain *registry_find_last(const struct registry *reg, pid_t pid);

#endif
