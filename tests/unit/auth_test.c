// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who may, and what finding out costs: ld's --wrap=crypt_r adds up the rounds. */
#include "test.h"

#include <crypt.h>
#include <stdlib.h>

#include "http/auth.h"

/* bob's costs twice alice's. */
static struct http_user users[] = {
	{"alice", "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"},
	{"bob", "$2y$05$ZX9rm.3cTbe.geAvRJb0Y.RMrFYH3x.gKRe6lrdcYiW1YoL8ByqES"},
};
static const struct http_config config = {.users = users, .nr_users = ARRAY_SIZE(users)};
#define ALICES "secret"
#define BOBS "secret"

static unsigned long rounds;

char *__real_crypt_r(const char *phrase, const char *setting, struct crypt_data *data);
char *__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data);

char *__wrap_crypt_r(const char *phrase, const char *setting, struct crypt_data *data)
{
	rounds += 1UL << atoi(setting + 4);
	return __real_crypt_r(phrase, setting, data);
}

static int setup(void **state)
{
	struct http_auth *auth;

	if (http_auth_new(&config, &auth))
		return -1;
	*state = auth;
	return 0;
}

static int teardown(void **state)
{
	http_auth_free(*state);
	return 0;
}

static const char *const not_secret[] = {
	"", "s", "secre", "ecret", "secrets", "secretsecret", "secret ", "Secret", "terces"};

static void right_and_wrong(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_secret); i++)
		assert_false(http_auth_check(*state, "alice", not_secret[i]));
	assert_true(http_auth_check(*state, "alice", ALICES));
	assert_true(http_auth_check(*state, "bob", BOBS));
}

/* What is remembered is compared with what is given, all of it. */
static void knows_what_was_right(void **state)
{
	assert_false(http_auth_knows(*state, "alice", ALICES));
	assert_true(http_auth_check(*state, "alice", ALICES));
	assert_true(http_auth_knows(*state, "alice", ALICES));
	for (size_t i = 0; i < ARRAY_SIZE(not_secret); i++) {
		assert_false(http_auth_knows(*state, "alice", not_secret[i]));
		assert_false(http_auth_check(*state, "alice", not_secret[i]));
	}
	assert_true(http_auth_knows(*state, "alice", ALICES));
}

static void passwords_are_their_users(void **state)
{
	static const char *const nobody[] = {"", "alic", "alice2", "Alice", "mallory"};

	assert_true(http_auth_check(*state, "alice", ALICES));
	assert_false(http_auth_knows(*state, "bob", ALICES));
	for (size_t i = 0; i < ARRAY_SIZE(nobody); i++) {
		assert_false(http_auth_knows(*state, nobody[i], ALICES));
		assert_false(http_auth_check(*state, nobody[i], ALICES));
	}
}

static void the_hash_is_no_password(void **state)
{
	assert_false(http_auth_check(*state, "alice", users[0].hash));
}

/* How long it takes tells nobody whether there is such a user, or which. */
static void every_check_costs_the_same(void **state)
{
	static const char *const names[] = {"alice", "bob", "mallory", ""};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		rounds = 0;
		http_auth_check(*state, names[i], "wrong");
		assert_int_equal(rounds, 1UL << 5);
	}
	rounds = 0;
	http_auth_check(*state, "alice", ALICES);
	assert_int_equal(rounds, 1UL << 5);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(right_and_wrong),
		TEST(knows_what_was_right),
		TEST(passwords_are_their_users),
		TEST(the_hash_is_no_password),
		TEST(every_check_costs_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
