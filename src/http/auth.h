/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Basic authentication against bcrypt hashes.
 *
 * A check is slow on purpose. So that guessing passwords does not keep the exporter busy, the last
 * right password of each user is remembered, and of others only a few a second are checked.
 */
#ifndef STEALSCOPE_CMD_HTTP_AUTH_H
#define STEALSCOPE_CMD_HTTP_AUTH_H

#include "http/config.h"

enum http_auth_verdict { HTTP_AUTH_OK, HTTP_AUTH_WRONG, HTTP_AUTH_BUSY };

struct http_auth;

/* Borrows @config. -ENOMEM. */
int http_auth_new(const struct http_config *config, struct http_auth **ret_auth);
void http_auth_free(struct http_auth *auth);

enum http_auth_verdict http_auth_check(struct http_auth *auth, const char *name,
				       const char *password);

#endif
