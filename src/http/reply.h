/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Replies; internal to the HTTP server. */
#ifndef STEALSCOPE_CMD_HTTP_REPLY_H
#define STEALSCOPE_CMD_HTTP_REPLY_H

#include <microhttpd.h>

#include "http/server.h"

/* libmicrohttpd's responses are reference-counted bodies, which is all that is needed. */
static inline struct MHD_Response *http_response(struct http_body *body)
{
	return (struct MHD_Response *)body;
}

/* Reply with a status and no body. */
enum MHD_Result http_reply_status(struct MHD_Connection *connection, unsigned int status);

#endif
