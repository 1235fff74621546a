/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A small HTTP server, run by the caller that polls its descriptor; only passwords are checked in a
 * thread (checks.h).
 *
 * GET and HEAD only. Connections, their memory, the time that a request may take (connections.h)
 * and the cost of password checks are limited: slow or hostile clients cost others no more than a
 * place in the queue.
 */
#ifndef STEALSCOPE_CMD_HTTP_H
#define STEALSCOPE_CMD_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "http/config.h"

struct http_server;
struct http_body;

/*
 * Takes over the contents of @text, which is empty afterwards; all replies with this body share it.
 * NULL when out of memory.
 */
struct http_body *http_body_take(const char *type, struct buffer *text);
/* The same for a copy of @s. */
struct http_body *http_body_text(const char *type, const char *s);
/* Drops a reference; replies in progress hold their own. NULL is allowed. */
void http_body_put(struct http_body *body);
/* Total size of all existing bodies: clients that do not read their reply keep one alive. */
size_t http_body_bytes(void);

struct http_reply {
	unsigned int status;
	struct http_body *body; /* NULL: status only */
	bool keep;		/* the handler keeps its reference to the body */
};

typedef void (*http_handler)(const char *path, struct http_reply *ret_reply, void *data);

/*
 * Listen on @address, either "ADDRESS:PORT" with a name, an IPv4 address, an IPv6 address in
 * brackets, or nothing for all addresses; or "unix:PATH". On a loopback address, requests for any
 * other Host are refused. Borrows both arguments; @config may be NULL. 0 or -errno; the reason has
 * been logged.
 */
int http_new(const char *address, const struct http_config *config, http_handler handler,
	     void *data, struct http_server **ret_server);
void http_free(struct http_server *server);

/* Readable when http_run() has work to do, including timeouts. */
int http_fd(const struct http_server *server);
/* Never blocks. A complete request without TLS is answered before it returns. 0 or -errno. */
int http_run(struct http_server *server);

/* Disconnect the client that has been reading its reply for longest. */
void http_shed(struct http_server *server);

/* The URL at which it listens; a Unix socket as nginx writes it, http://unix:PATH:/ */
const char *http_url(const struct http_server *server);

#endif
