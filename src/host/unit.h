/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef STEALSCOPE_HOST_UNIT_H
#define STEALSCOPE_HOST_UNIT_H

#include <sys/types.h>

/*
 * What an operator calls the service that process @pid belongs to: its systemd unit, the innermost
 * .service or .scope, else its cgroup's path. malloc()ed; NULL: it is in no cgroup but the root,
 * or it is gone. @proc is where procfs is mounted.
 */
char *unit_of_process(const char *proc, pid_t pid);

#endif
