/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The registry of domains: which processes of this host are virtual machines, and what their
 * threads are. Filled from /proc alone; it knows nothing of BPF.
 *
 * A process is a domain because KVM says so (it holds an anon_inode:kvm-vm file, or the caller
 * saw one of its threads in KVM_RUN, see registry_sighted()), or, for TCG, because its executable
 * is a QEMU binary that only root can replace. Its name and its threads' names never make a
 * process a domain.
 */
#ifndef STEALSCOPE_DOMAIN_H
#define STEALSCOPE_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kinds.h"

struct thread {
	pid_t tid;
	uint64_t start; /* clock ticks since boot, as /proc/TID/stat; with tid, the identity */
	enum role role;
	int index;	 /* vcpu id; -1: another role, or not known yet */
	bool index_sure; /* from KVM (the fd in the KVM_RUN ioctl, or the kernel), not from a name
			  */
	char comm[16];
	char *name; /* iothread: its id ("disk1" of "IO disk1"); else NULL */
	int slot;   /* for the tracer: its slot, -1 while it has none */
	bool gone;  /* not seen by the latest scan; dropped by registry_reap() */
};

struct domain {
	pid_t pid;
	uint64_t start;		/* of the process: with pid, the identity */
	char *name;		/* raw bytes, never NULL */
	char *uuid;		/* lower case, NULL if it has none */
	const char *manager;	/* "libvirt", "openstack", "kubevirt", "proxmox", "lxd", "incus",
				   "firecracker", "cloud-hypervisor", "crosvm", "qemu", … */
	const char *accel;	/* "kvm", "tcg" */
	struct thread *threads; /* vCPUs by index, then by tid */
	size_t nr_threads;
	bool gone; /* its process is gone, or is another one now */
};

struct registry;

/* @proc: where procfs is mounted, "/proc" except in tests. -ENOMEM. */
int registry_new(const char *proc, struct registry **ret_reg);
void registry_free(struct registry *reg);

/* For tests of scale: processes whose executable is @path count as QEMU under KVM. */
int registry_trust(struct registry *reg, const char *path);

/*
 * Look at every process / at one process. What vanishes while it is read is skipped; a process that
 * is no domain is remembered as such by pid and start time and costs one read at the next scan.
 * registry_scan_pid(): 1 it is a domain, 0 it is none (any more). Both -errno when /proc itself
 * cannot be read.
 */
int registry_scan(struct registry *reg);
int registry_scan_pid(struct registry *reg, pid_t pid);

/* KVM was seen running vCPU @index in thread @tid of process @pid: it is a domain, whatever its
 * name. */
int registry_sighted(struct registry *reg, pid_t pid, pid_t tid, int index);

/* Drop the threads and domains that are gone. */
void registry_reap(struct registry *reg);

/* In order of pid. The arrays are valid until the next call that changes the registry. */
struct domain *registry_domains(struct registry *reg, size_t *ret_nr);
struct domain *registry_find(struct registry *reg, pid_t pid);

#endif
