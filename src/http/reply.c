// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "http/reply.h"

#include <stdio.h>
#include <stdlib.h>

struct content {
	char *data;
	size_t len;
};

static size_t all_bytes;

size_t http_body_bytes(void)
{
	return all_bytes;
}

static void content_free(void *data)
{
	struct content *content = data;

	all_bytes -= content->len;
	free(content->data);
	free(content);
}

struct http_body *http_body_take(const char *type, struct buffer *text)
{
	struct content *content = malloc(sizeof(*content));
	struct MHD_Response *response;

	if (!content)
		return NULL;
	*content = (struct content){text->data, text->len};
	response = MHD_create_response_from_buffer_with_free_callback_cls(
		content->len, content->data, content_free, content);
	if (!response) {
		free(content);
		return NULL;
	}
	all_bytes += content->len;
	*text = (struct buffer){0};
	if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) != MHD_YES ||
	    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") != MHD_YES) {
		MHD_destroy_response(response);
		return NULL;
	}
	return (struct http_body *)response;
}

struct http_body *http_body_text(const char *type, const char *s)
{
	struct buffer text = {0};
	struct http_body *body = NULL;

	buffer_puts(&text, s);
	if (!text.failed)
		body = http_body_take(type, &text);
	buffer_free(&text);
	return body;
}

void http_body_put(struct http_body *body)
{
	if (body)
		MHD_destroy_response(http_response(body));
}

static struct http_body *status_body(unsigned int status)
{
	char text[64];

	snprintf(text, sizeof(text), "%u %s\n", status, MHD_get_reason_phrase_for(status));
	return http_body_text("text/plain; charset=utf-8", text);
}

enum MHD_Result http_reply_status(struct MHD_Connection *connection, unsigned int status)
{
	struct http_body *body = status_body(status);
	enum MHD_Result result = MHD_NO;

	if (!body)
		return MHD_NO;
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(http_response(body), MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	if (status == MHD_HTTP_TOO_MANY_REQUESTS)
		MHD_add_response_header(http_response(body), MHD_HTTP_HEADER_RETRY_AFTER, "1");
	if (status == MHD_HTTP_UNAUTHORIZED)
		result = MHD_queue_basic_auth_fail_response(connection, "stealscope",
							    http_response(body));
	else
		result = MHD_queue_response(connection, status, http_response(body));
	http_body_put(body);
	return result;
}
