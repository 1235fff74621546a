/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the guest's assembly and C share. */
#ifndef GUEST_LAYOUT_H
#define GUEST_LAYOUT_H

#define MAX_CPUS 64
#define STACK_SIZE 8192
#define AP_START 0x8000 /* below 1 MiB and page-aligned; free after the firmware is done */

#endif
