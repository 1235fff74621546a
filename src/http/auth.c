// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "http/auth.h"

#include <crypt.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND 1000000000ULL

/* So many checks at once, then one per CHECK_NS. */
#define CHECKS_MAX 4
#define CHECK_NS (SECOND / 2)

/* Checked for a user that does not exist, so that the answer takes as long. */
#define NOBODY_HASH "$2b$10$abcdefghijklmnopqrstuuqFrfA8DyA8xiYNtsIJdgcf2XLJ3N2yO"

struct http_auth {
	const struct http_config *config;
	char **right; /* per user: the last right password, or NULL */
	struct crypt_data crypt;
	uint64_t earned_ns; /* until when checks are paid for */
};

static uint64_t mono_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * SECOND + (uint64_t)ts.tv_nsec;
}

int http_auth_new(const struct http_config *config, struct http_auth **ret_auth)
{
	struct http_auth *auth = calloc(1, sizeof(*auth));

	if (!auth)
		return -ENOMEM;
	auth->config = config;
	auth->right = calloc(config->nr_users + 1, sizeof(*auth->right));
	if (!auth->right) {
		free(auth);
		return -ENOMEM;
	}
	*ret_auth = auth;
	return 0;
}

static void forget(char **password)
{
	if (*password)
		explicit_bzero(*password, strlen(*password));
	free(*password);
	*password = NULL;
}

void http_auth_free(struct http_auth *auth)
{
	if (!auth)
		return;
	for (size_t i = 0; i < auth->config->nr_users; i++)
		forget(&auth->right[i]);
	free(auth->right);
	free(auth);
}

/* In a time that depends on @b's length alone. */
static bool equal(const char *a, const char *b)
{
	size_t len_a = strlen(a), len_b = strlen(b);
	unsigned int diff = len_a != len_b;

	for (size_t i = 0; i < len_b; i++)
		diff |= (unsigned char)a[len_a ? i % len_a : 0] ^ (unsigned char)b[i];
	return !diff;
}

static bool may_check(struct http_auth *auth)
{
	uint64_t now = mono_ns();

	if (auth->earned_ns + CHECKS_MAX * CHECK_NS < now)
		auth->earned_ns = now - CHECKS_MAX * CHECK_NS;
	if (auth->earned_ns + CHECK_NS > now)
		return false;
	auth->earned_ns += CHECK_NS;
	return true;
}

static bool matches(struct http_auth *auth, const char *password, const char *hash)
{
	const char *made = crypt_r(password, hash, &auth->crypt);

	return made && equal(made, hash);
}

enum http_auth_verdict http_auth_check(struct http_auth *auth, const char *name,
				       const char *password)
{
	const struct http_config *config = auth->config;
	size_t user = 0;

	while (user < config->nr_users && strcmp(config->users[user].name, name))
		user++;
	if (user < config->nr_users && auth->right[user] && equal(auth->right[user], password))
		return HTTP_AUTH_OK;
	if (!may_check(auth))
		return HTTP_AUTH_BUSY;
	if (user == config->nr_users) {
		matches(auth, password, NOBODY_HASH);
		return HTTP_AUTH_WRONG;
	}
	if (!matches(auth, password, config->users[user].hash))
		return HTTP_AUTH_WRONG;
	forget(&auth->right[user]);
	auth->right[user] = strdup(password);
	return HTTP_AUTH_OK;
}
