/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Listening sockets. */
#ifndef STEALSCOPE_CMD_HTTP_LISTEN_H
#define STEALSCOPE_CMD_HTTP_LISTEN_H

#include <stddef.h>

/* A listening socket on "ADDRESS:PORT" and where it came to listen, which differs for port 0. fd
 * or -errno; the reason has been logged. */
int http_listen(const char *address, char *ret_where, size_t size);

#endif
