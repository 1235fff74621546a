/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef STEALSCOPE_HOST_PIDNS_H
#define STEALSCOPE_HOST_PIDNS_H

#include <stdbool.h>

/*
 * Does the procfs mounted at @proc show the host's own PID numbers, those that the kernel's
 * tracepoints use? In another PID namespace (a container) they mean other processes, or none.
 * Where that is not known the answer is yes.
 */
bool host_pidns_is_initial(const char *proc);

#endif
