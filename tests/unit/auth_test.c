// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who may, and how fast it can be guessed. The clock is the test's: ld's --wrap=clock_gettime. */
#include "test.h"

#include <time.h>

#include "http/auth.h"

#define MILLISECOND 1000000L
#define AT_ONCE 4      /* checks that are paid for after a rest */
#define CHECK_MS 500   /* what one more costs */
#define EARNED_MS 2000 /* a rest that pays for all */

/* Of cost 4, so that a check takes a millisecond. */
static struct http_user users[] = {
	{"alice", "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"},
	{"bob", "$2y$04$bbcdefghijklmnopqrstuuQkyQIwdo55SxP6P3aDeLbk9XZSFF0Pa"},
};
static const struct http_config config = {.users = users, .nr_users = ARRAY_SIZE(users)};

static struct timespec now;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret)
{
	assert_int_equal(clock, CLOCK_MONOTONIC);
	*ret = now;
	return 0;
}

static void pass(long ms)
{
	long ns = now.tv_nsec + ms % 1000 * MILLISECOND;

	now.tv_sec += ms / 1000 + ns / (1000 * MILLISECOND);
	now.tv_nsec = ns % (1000 * MILLISECOND);
}

static int setup(void **state)
{
	struct http_auth *auth;

	now = (struct timespec){.tv_sec = 1000};
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

/* With a check that is paid for, whatever was asked before. */
static enum http_auth_verdict check(struct http_auth *auth, const char *name, const char *password)
{
	pass(EARNED_MS);
	return http_auth_check(auth, name, password);
}

static const char *const not_secret[] = {
	"",	   "s",	     "secre",  "ecret",	   "secrets", "secretsecret",
	"secret ", "Secret", "terces", "tangerine"};

static void right_and_wrong(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_secret); i++)
		assert_int_equal(check(*state, "alice", not_secret[i]), HTTP_AUTH_WRONG);
	assert_int_equal(check(*state, "alice", "secret"), HTTP_AUTH_OK);
	assert_int_equal(check(*state, "bob", "tangerine"), HTTP_AUTH_OK);
}

/* What is remembered is compared with what is given, all of it. */
static void wrong_after_right(void **state)
{
	assert_int_equal(check(*state, "alice", "secret"), HTTP_AUTH_OK);
	for (size_t i = 0; i < ARRAY_SIZE(not_secret); i++)
		assert_int_equal(check(*state, "alice", not_secret[i]), HTTP_AUTH_WRONG);
	assert_int_equal(check(*state, "alice", "secret"), HTTP_AUTH_OK);
}

static void passwords_are_their_users(void **state)
{
	static const char *const nobody[] = {"", "alic", "alice2", "Alice", "mallory"};

	assert_int_equal(check(*state, "alice", "secret"), HTTP_AUTH_OK);
	assert_int_equal(check(*state, "bob", "secret"), HTTP_AUTH_WRONG);
	assert_int_equal(check(*state, "bob", "tangerine"), HTTP_AUTH_OK);
	assert_int_equal(check(*state, "alice", "tangerine"), HTTP_AUTH_WRONG);
	for (size_t i = 0; i < ARRAY_SIZE(nobody); i++)
		assert_int_equal(check(*state, nobody[i], "secret"), HTTP_AUTH_WRONG);
}

static void the_hash_is_no_password(void **state)
{
	assert_int_equal(check(*state, "alice", users[0].hash), HTTP_AUTH_WRONG);
}

/* From now on each check has to be paid for. */
static void spend(struct http_auth *auth)
{
	pass(EARNED_MS);
	for (int i = 0; i < AT_ONCE; i++)
		assert_int_equal(http_auth_check(auth, i % 2 ? "alice" : "bob", "wrong"),
				 HTTP_AUTH_WRONG);
}

/* Not even the right password is looked at, so that "busy" tells nothing. */
static void guessing_is_slow(void **state)
{
	spend(*state);
	assert_int_equal(http_auth_check(*state, "alice", "wrong"), HTTP_AUTH_BUSY);
	assert_int_equal(http_auth_check(*state, "alice", "secret"), HTTP_AUTH_BUSY);
	assert_int_equal(http_auth_check(*state, "mallory", "secret"), HTTP_AUTH_BUSY);
	pass(CHECK_MS - 1);
	assert_int_equal(http_auth_check(*state, "alice", "secret"), HTTP_AUTH_BUSY);
	pass(1);
	assert_int_equal(http_auth_check(*state, "alice", "secret"), HTTP_AUTH_OK);
	assert_int_equal(http_auth_check(*state, "bob", "tangerine"), HTTP_AUTH_BUSY);
}

static void a_long_rest_earns_no_more(void **state)
{
	pass(1000L * EARNED_MS);
	spend(*state);
	assert_int_equal(http_auth_check(*state, "alice", "wrong"), HTTP_AUTH_BUSY);
}

static void guessing_keeps_nobody_out(void **state)
{
	assert_int_equal(check(*state, "alice", "secret"), HTTP_AUTH_OK);
	spend(*state);
	for (int i = 0; i < 100; i++)
		assert_int_equal(http_auth_check(*state, "alice", "secret"), HTTP_AUTH_OK);
	assert_int_equal(http_auth_check(*state, "alice", "secre"), HTTP_AUTH_BUSY);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(right_and_wrong),		 TEST(wrong_after_right),
		TEST(passwords_are_their_users), TEST(the_hash_is_no_password),
		TEST(guessing_is_slow),		 TEST(a_long_rest_earns_no_more),
		TEST(guessing_keeps_nobody_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
