// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whose password is checked next, and that each is, by a thread of its own. */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "http/checks.h"

static struct check_queue queue;
static int thrown_out; /* by the latest that was added, 0: nobody */

static int setup(void **state)
{
	(void)state;
	memset(&queue, 0, sizeof(queue));
	return 0;
}

static bool add(uint64_t source, int number)
{
	const struct check check = {.source = source, .request = (void *)(intptr_t)number};

	struct check out;

	if (!check_queue_add(&queue, &check, &out))
		return false;
	thrown_out = (int)(intptr_t)out.request;
	return true;
}

/* Its number, 0: nobody waits. */
static int take(void)
{
	struct check check;

	return check_queue_take(&queue, &check) ? (int)(intptr_t)check.request : 0;
}

static void in_turn(void **state)
{
	(void)state;
	for (int i = 1; i <= 3; i++)
		assert_true(add(7, i));
	for (int i = 1; i <= 3; i++)
		assert_int_equal(take(), i);
	assert_int_equal(take(), 0);
}

/* However many guess from elsewhere, who comes now is next. */
static void a_new_source_is_next(void **state)
{
	(void)state;
	for (int i = 1; i <= 5; i++)
		assert_true(add(7, i));
	assert_int_equal(take(), 1);
	assert_true(add(8, 100));
	assert_true(add(8, 101));
	assert_int_equal(take(), 100);
	assert_int_equal(take(), 2);
	assert_int_equal(take(), 101);
	assert_int_equal(take(), 3);
	assert_true(add(9, 200));
	assert_int_equal(take(), 200);
}

/* Who has fewer takes a place from who has most, and nobody has more than his share. */
static void bounded(void **state)
{
	(void)state;
	for (int source = 1; source <= 2; source++)
		for (int i = 0; i < (int)CHECKS_PER_SOURCE; i++)
			assert_true(add((uint64_t)source, 10 * source + i));
	assert_int_equal(queue.nr, CHECKS_MAX);
	assert_false(add(1, 1));
	assert_true(add(3, 30));
	assert_int_equal(thrown_out, 20 + CHECKS_PER_SOURCE - 1);
	assert_true(add(3, 31));
	assert_int_equal(thrown_out, 10 + CHECKS_PER_SOURCE - 1);
	assert_int_equal(take(), 10);
	assert_true(add(4, 40));
	assert_int_equal(thrown_out, 0);
	assert_int_equal(queue.nr, CHECKS_MAX);
}

/* Of as many sources as there are places nobody has to go. */
static void one_each(void **state)
{
	(void)state;
	for (uint64_t source = 1; source <= CHECKS_MAX; source++)
		assert_true(add(source, (int)source));
	assert_false(add(CHECKS_MAX + 1, 1));
}

/* More sources than are remembered: those that were served most recently wait all the same. */
static void many_sources(void **state)
{
	(void)state;
	for (uint64_t source = 1; source <= 10 * CHECK_SOURCES; source++) {
		assert_true(add(source, (int)source));
		assert_int_equal(take(), (int)source);
	}
	assert_true(add(10 * CHECK_SOURCES, 1));
	assert_true(add(1, 2));
	assert_int_equal(take(), 2);
	assert_int_equal(take(), 1);
}

static struct http_user users[] = {
	{"alice", "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"}};
static const struct http_config config = {.users = users, .nr_users = 1};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int answers, rights;

static void on_checked(void *request, enum http_check_result result)
{
	bool right = result == HTTP_CHECK_RIGHT;

	pthread_mutex_lock(&lock);
	answers++;
	rights += right;
	*(bool *)request = right;
	pthread_cond_signal(&changed);
	pthread_mutex_unlock(&lock);
}

static void each_has_its_answer(void **state)
{
	struct http_checks *checks;
	struct http_auth *auth;
	bool right[3] = {false};

	(void)state;
	answers = rights = 0;
	assert_int_equal(http_auth_new(&config, &auth), 0);
	assert_int_equal(http_checks_new(auth, on_checked, &checks), 0);
	assert_true(http_checks_add(checks, 1, "alice", "wrong", &right[0]));
	assert_true(http_checks_add(checks, 1, "alice", "secret", &right[1]));
	assert_true(http_checks_add(checks, 2, "mallory", "secret", &right[2]));
	pthread_mutex_lock(&lock);
	while (answers < 3)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	assert_false(right[0]);
	assert_true(right[1]);
	assert_false(right[2]);
	http_checks_free(checks);
	http_auth_free(auth);
}

/* At the end whoever waits has one, too, and it is no. */
static void nobody_is_left_waiting(void **state)
{
	struct http_checks *checks;
	struct http_auth *auth;
	bool right[CHECKS_PER_SOURCE];
	int added = 0;

	(void)state;
	answers = rights = 0;
	assert_int_equal(http_auth_new(&config, &auth), 0);
	assert_int_equal(http_checks_new(auth, on_checked, &checks), 0);
	for (size_t i = 0; i < CHECKS_PER_SOURCE; i++)
		added += http_checks_add(checks, 1, "alice", "wrong", &right[i]);
	http_checks_free(checks);
	assert_in_range(added, 1, CHECKS_PER_SOURCE);
	assert_int_equal(answers, added);
	assert_int_equal(rights, 0);
	http_auth_free(auth);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(in_turn),
		TEST(a_new_source_is_next),
		TEST(bounded),
		TEST(one_each),
		TEST(many_sources),
		TEST(each_has_its_answer),
		TEST(nobody_is_left_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
