// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The textfile in a directory that others may write to. What they put there at the worst moment,
 * after the way was cleared, is put there by ld's --wrap=unlink.
 */
#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/export_textfile.h"

static char dir[32], path[64], new_path[64], victim[64];
static int (*intrude)(void); /* once, after the next unlink() */

int __real_unlink(const char *name);
int __wrap_unlink(const char *name);

int __wrap_unlink(const char *name)
{
	int (*once)(void) = intrude;
	int ret = __real_unlink(name), saved = errno;

	intrude = NULL;
	if (once)
		assert_int_equal(once(), 0);
	errno = saved;
	return ret;
}

static void put(const char *where, const char *text)
{
	FILE *file = fopen(where, "we");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void assert_content(const char *where, const char *want)
{
	char got[64] = "";
	FILE *file = fopen(where, "re");

	assert_non_null(file);
	got[fread(got, 1, sizeof(got) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(got, want);
}

/* A file of its own with @want in it, which anybody may read; and no other is left beside. */
static void assert_written(const char *want)
{
	struct dirent **names;
	struct stat st;
	int nr;

	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_nlink, 1);
	assert_content(path, want);
	nr = scandir(dir, &names, NULL, NULL);
	assert_int_equal(nr, 4); /* ., .., the file, the victim */
	while (nr--)
		free(names[nr]);
	free(names);
}

static int export(const char *text)
{
	return export_textfile(path, text, strlen(text));
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/textfile-XXXXXX");
	if (!mkdtemp(dir) || chmod(dir, 01777))
		return -1;
	snprintf(path, sizeof(path), "%s/steal.prom", dir);
	snprintf(new_path, sizeof(new_path), "%s/steal.prom.new", dir);
	snprintf(victim, sizeof(victim), "%s/victim", dir);
	intrude = NULL;
	put(victim, "precious");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(new_path);
	rmdir(new_path);
	unlink(victim);
	return rmdir(dir);
}

static void is_written_and_replaced(void **state)
{
	mode_t mask = umask(077);

	(void)state;
	assert_int_equal(export("one"), 0);
	umask(mask);
	assert_written("one");
	assert_int_equal(export("2"), 0);
	assert_written("2");
}

static int link_at_new(void)
{
	return symlink(victim, new_path);
}

static int hard_link_at_new(void)
{
	return link(victim, new_path);
}

static int dangling_at_new(void)
{
	return symlink("/tmp/nowhere/file", new_path);
}

static int fifo_at_new(void)
{
	return mkfifo(new_path, 0666);
}

static int file_at_new(void)
{
	put(new_path, "theirs");
	return 0;
}

static int (*const intruders[])(void) = {link_at_new, hard_link_at_new, dangling_at_new,
					 fifo_at_new, file_at_new};

/* In the place of the file under way: removed, not followed. */
static void what_lies_there_is_removed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(intruders); i++) {
		assert_int_equal(intruders[i](), 0);
		assert_int_equal(export("steal"), 0);
		assert_written("steal");
		assert_content(victim, "precious");
	}
}

/* A moment later: refused, and the file of before stays. */
static void what_comes_in_between_is_refused(void **state)
{
	(void)state;
	assert_int_equal(export("before"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(intruders); i++) {
		intrude = intruders[i];
		assert_int_equal(export("steal"), -EEXIST);
		assert_null(intrude);
		assert_written("before");
		assert_content(victim, "precious");
	}
	assert_int_equal(export("after"), 0);
	assert_written("after");
}

/* In the place of the file itself: replaced, not written through. */
static void a_link_to_elsewhere_is_replaced(void **state)
{
	(void)state;
	assert_int_equal(symlink(victim, path), 0);
	assert_int_equal(export("steal"), 0);
	assert_written("steal");
	assert_content(victim, "precious");
}

static void a_directory_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(mkdir(new_path, 0755), 0);
	assert_int_equal(export("steal"), -EISDIR);
	assert_int_equal(access(path, F_OK), -1);
}

static void no_directory_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(export_textfile("/nonexistent/steal.prom", "x", 1), -ENOENT);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(is_written_and_replaced),		TEST(what_lies_there_is_removed),
		TEST(what_comes_in_between_is_refused), TEST(a_link_to_elsewhere_is_replaced),
		TEST(a_directory_is_an_error),		TEST(no_directory_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
