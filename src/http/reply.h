/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inside the HTTP server: replies. */
#ifndef STEALSCOPE_CMD_HTTP_REPLY_H
#define STEALSCOPE_CMD_HTTP_REPLY_H

#include <microhttpd.h>

#include "http/server.h"

/* libmicrohttpd's responses are counted references to a body: just what is wanted. */
static inline struct MHD_Response *http_response(struct http_body *body)
{
	return (struct MHD_Response *)body;
}

/* Reply with the status alone. */
enum MHD_Result http_reply_status(struct MHD_Connection *connection, unsigned int status);

#endif
