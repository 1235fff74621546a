/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libvirt's status file of a running domain, /run/libvirt/qemu/NAME.xml: it knows which thread is
 * which vCPU, also where the threads have no names.
 */
#ifndef STEALSCOPE_HOST_LIBVIRT_H
#define STEALSCOPE_HOST_LIBVIRT_H

#include <stddef.h>
#include <sys/types.h>

struct libvirt_vcpu {
	int index;
	pid_t tid;
};

/*
 * The process and at most @max vCPUs of a status file's text, which need not be well-formed. Only
 * what stands before the domain's definition counts: that holds what users wrote. 0, or -EINVAL if
 * it names no process.
 */
int libvirt_parse_status(const char *xml, pid_t *ret_pid, struct libvirt_vcpu *ret_vcpus,
			 size_t max, size_t *ret_nr);

/*
 * The same from @dir/NAME.xml, if that is a file of root (or of our own user) and speaks of
 * process @pid. 0; -EPERM, -ESTALE for the two; -errno.
 */
int libvirt_read_status(const char *dir, const char *name, pid_t pid,
			struct libvirt_vcpu *ret_vcpus, size_t max, size_t *ret_nr);

#endif
