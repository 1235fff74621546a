/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Basic authentication against bcrypt hashes.
 *
 * A check is slow by design, so replies do not wait for it: each user's last accepted password is
 * compared first, and anything else is left to checks.h. Both functions may be called by different
 * threads at once, but only one thread may check at a time.
 */
#ifndef STEALSCOPE_CMD_HTTP_AUTH_H
#define STEALSCOPE_CMD_HTTP_AUTH_H

#include <stdbool.h>

#include "http/config.h"

struct http_auth;

/* Borrows @config. -ENOMEM. */
int http_auth_new(const struct http_config *config, struct http_auth **ret_auth);
void http_auth_free(struct http_auth *auth);

/*
 * Is it the password that was accepted last? The time taken does not depend on how similar they
 * are.
 */
bool http_auth_knows(struct http_auth *auth, const char *name, const char *password);

/*
 * Is it the right password? Takes as long as the most expensive of all users' hashes, whichever
 * user is named and whether that user exists or not.
 */
bool http_auth_check(struct http_auth *auth, const char *name, const char *password);

#endif
