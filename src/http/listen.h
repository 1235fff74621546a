/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Listening sockets. */
#ifndef STEALSCOPE_CMD_HTTP_LISTEN_H
#define STEALSCOPE_CMD_HTTP_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

#define LISTEN_UNIX "unix:"

/* The longest path of a socket (struct sockaddr_un) and what comes before it. */
#define LISTEN_WHERE_MAX 128

struct listening {
	char where[LISTEN_WHERE_MAX]; /* ADDRESS:PORT, which differs for port 0, or unix:PATH */
	bool is_unix;
	bool is_loopback; /* nobody but this host can come */
};

/*
 * A listening socket on "ADDRESS:PORT" or "unix:PATH". The latter is for the owner and the group of
 * the file, which is ours, or the directory's if that has the setgid bit. Where nobody listens at a
 * socket that is there, it is replaced. fd or -errno; the reason has been logged.
 */
int http_listen(const char *address, struct listening *ret);

#endif
