/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Listening sockets. */
#ifndef STEALSCOPE_CMD_HTTP_LISTEN_H
#define STEALSCOPE_CMD_HTTP_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

#define LISTEN_UNIX "unix:"

/* The longest path of a Unix socket (struct sockaddr_un), with its prefix. */
#define LISTEN_WHERE_MAX 128

struct listening {
	char where[LISTEN_WHERE_MAX]; /* ADDRESS:PORT with the actual port, or unix:PATH */
	bool is_unix;
	bool is_loopback; /* reachable from this host only */
};

/*
 * A listening socket on "ADDRESS:PORT" or "unix:PATH". The latter is accessible to the owner and
 * the group of the file; the group is ours, or the directory's if that has the setgid bit. An
 * existing socket on which nobody listens is replaced. fd or -errno; the reason has been logged.
 */
int http_listen(const char *address, struct listening *ret);

#endif
