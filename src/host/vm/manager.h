/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who runs a domain, and what it is called: from its command line, executable and cgroup. Asked
 * only for processes that are domains already; nothing here makes one.
 */
#ifndef STEALSCOPE_HOST_MANAGER_H
#define STEALSCOPE_HOST_MANAGER_H

#include <stdbool.h>
#include <sys/types.h>

#include "host/argv.h"

struct vmm {
	struct argv argv;
	const char *exe;    /* where /proc/P/exe leads, never NULL */
	const char *cgroup; /* cgroup_service_path(), NULL if there is none */
	pid_t pid;
};

/*
 * A name is a tenant's word and can be a megabyte. What is longer than this is cut, and marked by
 * "…#" and a hash of the whole, so that two that begin alike are still distinct.
 */
#define NAME_BYTES_MAX 256U

struct identity {
	char *name; /* raw bytes, at most NAME_BYTES_MAX, malloc()ed, never NULL */
	char *uuid; /* lower case, malloc()ed, or NULL */
	const char *manager;
};

/* 0 or -ENOMEM; the caller frees what @ret holds. */
int identity_of(const struct vmm *vmm, struct identity *ret);

/* By the name of its executable: may this be a VMM / a QEMU? */
bool exe_is_vmm(const char *exe);
bool exe_is_qemu(const char *exe);

/* Does this QEMU's command line leave it the choice, or demand, to emulate the CPU? */
bool qemu_may_emulate(const struct argv *argv);

/* Is this QEMU without a machine ("-machine none")? So managers start it to ask what it can do. */
bool qemu_is_bare(const struct argv *argv);

#endif
