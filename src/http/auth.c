// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "http/auth.h"

#include <crypt.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rest of a bcrypt setting: any salt, no hash, because nothing is compared. */
#define ANY_SALT "abcdefghijklmnopqrstuu"

struct http_auth {
	const struct http_config *config;
	int dearest; /* the highest bcrypt cost of the users' hashes */
	struct crypt_data crypt;
	pthread_mutex_t lock;
	char **right; /* per user: the password accepted last, or NULL */
};

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
	pthread_mutex_init(&auth->lock, NULL);
	for (size_t i = 0; i < config->nr_users; i++) {
		int cost = http_user_cost(&config->users[i]);

		if (cost > auth->dearest)
			auth->dearest = cost;
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
	pthread_mutex_destroy(&auth->lock);
	explicit_bzero(&auth->crypt, sizeof(auth->crypt));
	free(auth);
}

/* In a time that depends only on the length of @b. */
static bool equal(const char *a, const char *b)
{
	size_t len_a = strlen(a), len_b = strlen(b);
	unsigned int diff = len_a != len_b;

	for (size_t i = 0; i < len_b; i++)
		diff |= (unsigned char)a[len_a ? i % len_a : 0] ^ (unsigned char)b[i];
	return !diff;
}

/* Its index, or the number of users if there is no such user. */
static size_t find_user(const struct http_auth *auth, const char *name)
{
	size_t user = 0;

	while (user < auth->config->nr_users && strcmp(auth->config->users[user].name, name))
		user++;
	return user;
}

bool http_auth_knows(struct http_auth *auth, const char *name, const char *password)
{
	size_t user = find_user(auth, name);
	bool known;

	pthread_mutex_lock(&auth->lock);
	known = auth->right[user] && equal(auth->right[user], password);
	pthread_mutex_unlock(&auth->lock);
	return known;
}

static bool matches(struct http_auth *auth, const char *password, const char *hash)
{
	const char *made = crypt_r(password, hash, &auth->crypt);

	return made && equal(made, hash);
}

static void spend(struct http_auth *auth, const char *password, int cost)
{
	char setting[sizeof("$2b$$" ANY_SALT) + 12];

	snprintf(setting, sizeof(setting), "$2b$%02d$" ANY_SALT, cost);
	crypt_r(password, setting, &auth->crypt);
}

/* A hash of cost c takes 2^c rounds; 2^c + 2^c + 2^(c+1) + … + 2^(dearest-1) = 2^dearest. */
static void spend_the_rest(struct http_auth *auth, const char *password, int cost)
{
	for (; cost < auth->dearest; cost++)
		spend(auth, password, cost);
}

bool http_auth_check(struct http_auth *auth, const char *name, const char *password)
{
	const struct http_config *config = auth->config;
	size_t user = find_user(auth, name);
	bool right;

	if (user == config->nr_users) {
		spend(auth, password, auth->dearest);
		return false;
	}
	right = matches(auth, password, config->users[user].hash);
	spend_the_rest(auth, password, http_user_cost(&config->users[user]));
	if (!right)
		return false;
	pthread_mutex_lock(&auth->lock);
	forget(&auth->right[user]);
	auth->right[user] = strdup(password);
	pthread_mutex_unlock(&auth->lock);
	return true;
}
