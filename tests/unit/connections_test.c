// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who has to go when there are too many, and whose Host is ours. */
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "http/connections.h"
#include "http/host.h"

static struct connections all;

static int setup(void **state)
{
	(void)state;
	memset(&all, 0, sizeof(all));
	return 0;
}

/* A new one; whoever goes for it is closed at once. */
static int come(int fd, uint64_t source, time_t now)
{
	int out = connections_add(&all, fd, source, now);

	if (out >= 0)
		connections_remove(&all, out);
	return out;
}

/* All places but @left are taken, by @source. */
static void fill(uint64_t source, int left)
{
	for (int fd = 0; fd < (int)CONNECTIONS_MAX - left; fd++)
		assert_int_equal(come(fd, source, 0), -1);
}

static void the_oldest_of_the_greediest_goes(void **state)
{
	(void)state;
	assert_int_equal(come(100, 8, 0), -1);
	fill(7, 1);
	assert_int_equal(come(101, 9, 0), 0);
	connections_asked(&all, 1, 0);
	assert_int_equal(come(102, 7, 0), 2);
	assert_int_equal(come(103, 8, 0), 3);
}

/* Who is being answered may not be taking it: only its own source waits for that. */
static void who_is_being_answered_goes_last(void **state)
{
	(void)state;
	fill(7, 0);
	for (int fd = 0; fd < (int)CONNECTIONS_MAX; fd++)
		connections_asked(&all, fd, 0);
	connections_suspended(&all, 0);
	assert_int_equal(come(100, 7, 0), 100);
	connections_served(&all, 3, 0);
	assert_int_equal(come(101, 7, 0), 3);
	connections_asked(&all, 101, 0);
	assert_int_equal(come(102, 8, 0), 1);
	assert_int_equal(come(103, 8, 0), 102); /* it has asked for nothing yet */
}

static void the_slowest(void **state)
{
	(void)state;
	assert_int_equal(connections_slowest(&all), -1);
	for (int fd = 1; fd <= 4; fd++)
		come(fd, 7, 0);
	connections_asked(&all, 4, 1);
	connections_suspended(&all, 4);
	connections_asked(&all, 3, 2);
	connections_asked(&all, 2, 3);
	assert_int_equal(connections_slowest(&all), 3);
	assert_int_equal(connections_slowest(&all), 2);
	assert_int_equal(connections_slowest(&all), -1);
}

/* Those that are thrown out and not closed yet are in nobody's way, while there are places. */
static void slow_to_close(void **state)
{
	(void)state;
	fill(7, 0);
	for (int i = 0; i < (int)CONNECTIONS_SPARE; i++)
		assert_int_equal(connections_add(&all, 100 + i, 1000, 0), i);
	assert_int_equal(connections_add(&all, 200, 1000, 0), 200);
}

static void late(void **state)
{
	(void)state;
	come(1, 7, 0);
	come(2, 7, 0);
	connections_asked(&all, 2, 4);
	assert_int_equal(connections_late(&all, CONNECTION_HEADER_SECS - 1), -1);
	assert_int_equal(connections_late(&all, CONNECTION_HEADER_SECS), 1);
	assert_int_equal(connections_late(&all, CONNECTION_HEADER_SECS), -1);
	assert_int_equal(connections_late(&all, 4 + CONNECTION_REQUEST_SECS - 1), -1);
	connections_served(&all, 2, 10);
	assert_int_equal(connections_late(&all, 10 + CONNECTION_REQUEST_SECS - 1), -1);
	assert_int_equal(connections_late(&all, 10 + CONNECTION_REQUEST_SECS), 2);
}

static uint64_t source4(const char *text)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	assert_int_equal(inet_pton(AF_INET, text, &address.sin_addr), 1);
	return connection_source((const struct sockaddr *)&address);
}

static uint64_t source6(const char *text)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6};

	assert_int_equal(inet_pton(AF_INET6, text, &address.sin6_addr), 1);
	return connection_source((const struct sockaddr *)&address);
}

static void sources(void **state)
{
	(void)state;
	assert_int_not_equal(source4("192.0.2.1"), source4("192.0.2.2"));
	assert_int_equal(source4("192.0.2.1"), source6("::ffff:192.0.2.1"));
	assert_int_equal(source6("2001:db8:1:2::1"), source6("2001:db8:1:2:ffff::2"));
	assert_int_not_equal(source6("2001:db8:1:2::1"), source6("2001:db8:1:3::1"));
	assert_int_equal(source4("127.0.0.1"), source4("127.1.2.3"));
	assert_int_equal(source4("127.0.0.1"), source6("::1"));
	assert_int_not_equal(source4("127.0.0.1"), source4("192.0.2.1"));
	assert_int_equal(connection_source(NULL), 0);
}

static void hosts(void **state)
{
	static const char *const ours[] = {
		NULL,	     "localhost", "LocalHost:10917", "127.0.0.1",    "127.0.0.1:10917",
		"127.9.9.9", "[::1]",	  "[::1]:80",	     "loop.example", "LOOP.example:1"};
	static const char *const others[] = {"",
					     "evil.example",
					     "evil.example:10917",
					     "192.0.2.1",
					     "127.0.0.1.evil.example",
					     "localhost.evil.example",
					     "[2001:db8::1]",
					     "loop.example.evil",
					     "10917"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		assert_true(host_is_loopback(ours[i], "loop.example:10917"));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(host_is_loopback(others[i], "loop.example:10917"));
	assert_false(host_is_loopback("", ":10917"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		TEST(the_oldest_of_the_greediest_goes),
		TEST(who_is_being_answered_goes_last),
		TEST(the_slowest),
		TEST(slow_to_close),
		TEST(late),
		TEST(sources),
		TEST(hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
