/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a thread of a domain is for, from what can be read about it. None of this makes a process a
 * domain: it is asked only for threads of processes that are one.
 */
#ifndef STEALSCOPE_HOST_ROLE_H
#define STEALSCOPE_HOST_ROLE_H

#include <stdbool.h>
#include <sys/types.h>

#include "host/task.h"
#include "kinds.h"

struct role_guess {
	enum role role;
	int index;		  /* vcpu's; else -1 */
	char name[TASK_COMM_LEN]; /* iothread's; else "" */
};

/*
 * By the name that the VMM gave the thread: QEMU's "CPU 1/KVM", "CPU 1/TCG", "IO disk1";
 * Firecracker's, Cloud Hypervisor's, crosvm's, kvmtool's vCPUs. QEMU's one thread for all vCPUs of
 * a TCG guest
 * ("ALL CPUs/TCG") counts as vCPU 0. What is not recognised is ROLE_EMULATOR; so is QEMU's
 * "IO mon_iothread", which serves the monitor: libvirt puts it there, too.
 */
void role_from_comm(const char *comm, struct role_guess *ret);

/*
 * By libvirt's cgroup of the thread, in cgroup v1 and v2, with and without systemd:
 * machine-qemu\x2d….scope/{libvirt/,}vcpuN, machine/….libvirt-qemu/vcpuN. False: not one of these.
 */
bool role_from_cgroup(const char *path, struct role_guess *ret);

/* The owner of a vhost worker "vhost-PID" (drivers/vhost/vhost.c), 0 if it is no such name. PID is
 * the thread that opened the device. */
pid_t role_vhost_owner(const char *comm);

/* The fd on which @call runs a vCPU (ioctl KVM_RUN); -1: it does not. */
int role_kvm_run_fd(const struct task_syscall *call);

/* N of a link to "anon_inode:kvm-vcpu:N" (virt/kvm/kvm_main.c: create_vcpu_fd()), else -1. */
int role_vcpu_of_link(const char *link);

#endif
