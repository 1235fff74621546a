// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The file of --web-config: what it may say, and that nothing else is ever ignored. */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/config.h"

#define SALT_AND_HASH "ZX9rm.3cTbe.geAvRJb0Y.RMrFYH3x.gKRe6lrdcYiW1YoL8ByqES"
#define HASH "$2y$10$" SALT_AND_HASH
#define TLS "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n"

static char dir[32], path[64];

static void put(const char *name, const char *text)
{
	char full[128];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", dir, name);
	file = fopen(full, "we");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/web-config-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/web.yml", dir);
	put("cert.pem", "a certificate");
	put("key.pem", "a key");
	return 0;
}

static void drop(const char *name)
{
	char full[128];

	snprintf(full, sizeof(full), "%s/%s", dir, name);
	unlink(full);
}

static int teardown(void **state)
{
	(void)state;
	drop("web.yml");
	drop("cert.pem");
	drop("key.pem");
	return rmdir(dir);
}

/* What http_config_load() returns of @text, and into @said what it logs. */
static int load(const char *text, struct http_config *config, char *said, size_t size)
{
	int saved = dup(STDERR_FILENO), fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	ssize_t len;
	int err;

	assert_true(saved >= 0 && fd >= 0);
	put("web.yml", text);
	fflush(stderr);
	dup2(fd, STDERR_FILENO);
	err = http_config_load(path, config);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	len = pread(fd, said, size - 1, 0);
	assert_true(len >= 0);
	said[len] = '\0';
	close(saved);
	close(fd);
	return err;
}

static void asks_nothing(void **state)
{
	static const char *const texts[] = {"", "# nothing\n", "{}\n", "basic_auth_users: {}\n"};
	struct http_config config;
	char said[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		config = (struct http_config){.nr_users = 7};
		assert_int_equal(load(texts[i], &config, said, sizeof(said)), 0);
		assert_string_equal(said, "");
		assert_int_equal(config.nr_users, 0);
		assert_null(config.cert);
		assert_null(config.key);
		http_config_free(&config);
	}
}

static void tls_and_users(void **state)
{
	struct http_config config;
	char said[512];

	(void)state;
	assert_int_equal(load(TLS "basic_auth_users:\n  alice: " HASH "\n"
				  "  b o b: $2a$12$" SALT_AND_HASH "\n  '': $2b$04$" SALT_AND_HASH
				  "\n",
			      &config, said, sizeof(said)),
			 0);
	assert_string_equal(said, "");
	assert_string_equal(config.cert, "a certificate");
	assert_string_equal(config.key, "a key");
	assert_int_equal(config.nr_users, 3);
	assert_string_equal(config.users[0].name, "alice");
	assert_string_equal(config.users[0].hash, HASH);
	assert_string_equal(config.users[1].name, "b o b");
	assert_string_equal(config.users[1].hash, "$2a$12$" SALT_AND_HASH);
	assert_string_equal(config.users[2].name, "");
	http_config_free(&config);
	assert_null(config.users);
	assert_null(config.key);
}

/* Where in the file, and what about it. */
static const struct {
	const char *text, *said;
	int err;
} bad[] = {
	{"rate_limit:\n  burst: 1\n", ":1: rate_limit is not supported", -EINVAL},
	{"http_server_config:\n  http2: true\n", ":1: http_server_config is not", -EINVAL},
	{"tls_server_config:\n  client_ca_file: x\n", ":2: client_ca_file is not", -EINVAL},
	{"tls_server_config:\n  cert_file: cert.pem\n", "belong together", -EINVAL},
	{"tls_server_config:\n  key_file: key.pem\n", "belong together", -EINVAL},
	{"tls_server_config:\n  cert_file: nowhere\n", "nowhere: No such file", -ENOENT},
	{"tls_server_config:\n  cert_file: ''\n", ":2: must be a file name", -EINVAL},
	{"tls_server_config:\n  cert_file: [cert.pem]\n", ":2: must be a file name", -EINVAL},
	{TLS "  key_file: cert.pem\n", ":4: cert.pem is given twice", -EINVAL},
	{"tls_server_config: cert.pem\n", ":1: must be a mapping", -EINVAL},
	{"basic_auth_users: [alice]\n", ":1: must be a mapping", -EINVAL},
	{"basic_auth_users:\n", ":1: must be a mapping", -EINVAL},
	{"- basic_auth_users\n", ":1: must be a mapping", -EINVAL},
	{"alice\n", ":1: must be a mapping", -EINVAL},
	{"[a]: b\n", ":1: must be a name", -EINVAL},
	{"basic_auth_users:\n  [a]: " HASH "\n", ":2: must be a name", -EINVAL},
	{"basic_auth_users:\n  a: secret\n", ":2: a has no bcrypt hash", -EINVAL},
	{"basic_auth_users:\n  a:\n", ":2: a has no bcrypt hash", -EINVAL},
	{"basic_auth_users:\n  a: [" HASH "]\n", ":2: a has no bcrypt hash", -EINVAL},
	{"basic_auth_users:\n  a: " HASH "x\n", ":2: a has no bcrypt hash", -EINVAL},
	{"basic_auth_users:\n  a: $2x$10$" SALT_AND_HASH "\n", "a has no bcrypt hash", -EINVAL},
	{"basic_auth_users:\n  a: $6y$10$" SALT_AND_HASH "\n", "a has no bcrypt hash", -EINVAL},
	{"basic_auth_users:\n  a: $2y$1x$" SALT_AND_HASH "\n", "a has no bcrypt hash", -EINVAL},
	{"basic_auth_users:\n  a: $2y$03$" SALT_AND_HASH "\n", "a has no bcrypt hash", -EINVAL},
	{"basic_auth_users:\n  a: $2y$13$" SALT_AND_HASH "\n", "cost above 12", -EINVAL},
	{"basic_auth_users:\n  a: " HASH "\n  a: " HASH "\n", ":3: a is given twice", -EINVAL},
	{"a: b: c\n", ":1: ", -EINVAL},
	{"{}\n---\nbasic_auth_users:\n  a: " HASH "\n", ": only one document", -EINVAL},
	{"{}\n---\n]\n", ":3: ", -EINVAL},
};

static void is_refused(void **state)
{
	struct http_config config;
	char said[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		config = (struct http_config){.nr_users = 7};
		assert_int_equal(load(bad[i].text, &config, said, sizeof(said)), bad[i].err);
		if (!strstr(said, bad[i].said))
			fail_msg("%s: wanted %s, got %s", bad[i].text, bad[i].said, said);
		assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1); /* one line */
		assert_int_equal(config.nr_users, 7);			       /* untouched */
	}
}

static void no_file(void **state)
{
	struct http_config config;

	(void)state;
	assert_int_equal(http_config_load("/nonexistent/web.yml", &config), -ENOENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(asks_nothing),
		TEST(tls_and_users),
		TEST(is_refused),
		TEST(no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
