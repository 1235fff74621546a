// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "host/pidns.h"

#include <fcntl.h>
#include <string.h>

#include "host/procfs.h"

/* PROC_PID_INIT_INO, include/linux/proc_ns.h: 0xEFFFFFFC; part of the ABI of /proc/P/ns. */
#define INITIAL "pid:[4026531836]"

bool host_pidns_is_initial(const char *proc)
{
	autoclose int dir = proc_open(AT_FDCWD, proc);
	char link[32];

	return dir < 0 || proc_link(dir, "self/ns/pid", link, sizeof(link)) < 0 ||
	       !strcmp(link, INITIAL);
}
