/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Giving up what a program needed only to start.
 */
#ifndef STEALSCOPE_PRIVILEGES_H
#define STEALSCOPE_PRIVILEGES_H

#include <stdbool.h>

/* Who root becomes unless told otherwise: the first of these users that exists. */
#define PRIVILEGES_USER "stealscope"
#define PRIVILEGES_FALLBACK_USER "nobody"

/* That one. NULL: neither exists. */
const char *privileges_user(void);

/*
 * Drop every capability, for good, and where the process is root become @user (NULL: as above;
 * "root": stay root, but without capabilities). Its groups are those of @user.
 *
 * Where the kernel asks for CAP_BPF also to use maps that are open already (before 5.19 with
 * kernel.unprivileged_bpf_disabled set, kernel/bpf/syscall.c), that one stays: *ret_kept_bpf.
 *
 * 0; -ENOENT: there is no such user; another -errno. After a failure the process must end: it may
 * have dropped a part.
 */
int privileges_drop(const char *user, bool *ret_kept_bpf);

#endif
