/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Basic authentication against bcrypt hashes.
 *
 * A check is slow on purpose, so it is no part of answering: what is known at once, which is the
 * last right password of each user, is asked first, and the rest is checks.h's. Both may be called
 * by different threads at once, but only one at a time may check.
 */
#ifndef STEALSCOPE_CMD_HTTP_AUTH_H
#define STEALSCOPE_CMD_HTTP_AUTH_H

#include <stdbool.h>

#include "http/config.h"

struct http_auth;

/* Borrows @config. -ENOMEM. */
int http_auth_new(const struct http_config *config, struct http_auth **ret_auth);
void http_auth_free(struct http_auth *auth);

/* Is it the password that was right the last time? In a time that does not depend on how alike they
 * are. */
bool http_auth_knows(struct http_auth *auth, const char *name, const char *password);

/*
 * Is it right? Takes as long as the dearest of all users' hashes, whoever is named and whether
 * there is such a user.
 */
bool http_auth_check(struct http_auth *auth, const char *name, const char *password);

#endif
