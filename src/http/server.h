/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A small HTTP server without threads of its own, run by whoever polls its descriptor.
 *
 * GET and HEAD only. Connections, their memory and the time that a request may take are limited
 * (connections.h), and so is what passwords cost (checks.h): slow or hostile clients cost the
 * others nothing but a place in the queue.
 */
#ifndef STEALSCOPE_CMD_HTTP_H
#define STEALSCOPE_CMD_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "http/config.h"

struct http_server;
struct http_body;

/* @text becomes the body's, which all replies that use it share; it is empty afterwards. NULL when
 * out of memory. */
struct http_body *http_body_take(const char *type, struct buffer *text);
/* The same of a copy of @s. */
struct http_body *http_body_text(const char *type, const char *s);
/* Replies under way keep theirs. NULL is fine. */
void http_body_put(struct http_body *body);
/* Of all bodies that there are: clients that do not take theirs keep them. */
size_t http_body_bytes(void);

struct http_reply {
	unsigned int status;
	struct http_body *body; /* NULL: the status alone */
	bool keep;		/* the body stays the handler's */
};

typedef void (*http_handler)(const char *path, struct http_reply *ret_reply, void *data);

/*
 * Listen on @address, "ADDRESS:PORT": a name, an IPv4 address, an IPv6 address in brackets, or
 * nothing for all; or "unix:PATH". On an address of loopback, requests that name another Host are
 * refused. Both are borrowed, @config may be NULL. 0 or -errno; the reason has been logged.
 */
int http_new(const char *address, const struct http_config *config, http_handler handler,
	     void *data, struct http_server **ret_server);
void http_free(struct http_server *server);

/* Readable when http_run() has something to do, timeouts included. */
int http_fd(const struct http_server *server);
/* Never blocks. A request without TLS that is there in whole is answered before it returns. 0 or
 * -errno. */
int http_run(struct http_server *server);

/* Throw out the client that has been taking its reply for longest. */
void http_shed(struct http_server *server);

/* Where it listens, as a URL; of a socket of Unix as nginx writes it: http://unix:PATH:/ */
const char *http_url(const struct http_server *server);

#endif
