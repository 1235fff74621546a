// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The command line: what each option means, and what is refused with which words and status. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/options.h"
#include "test.h"

static const struct command commands[] = {
	{"first", "the default", "",
	 GROUP_DOMAIN | GROUP_JSON | GROUP_BY | GROUP_TRACE | GROUP_INPUT | GROUP_INTERVAL, NULL},
	{"second", "another", "More of it.", GROUP_DOMAIN | GROUP_WATCH | GROUP_ROWS | GROUP_BATCH,
	 NULL},
	{"third", "the exporter", "", GROUP_EXPORT | GROUP_INTERVAL, NULL},
};
static const struct command_table table = {commands, ARRAY_SIZE(commands)};

#define MAX_ARGS 16

/* @line's words, parsed; they stay valid until the next call. */
static int parse(const char *line, struct options *ret)
{
	static char words[256], program[] = "stealscope";
	char *argv[MAX_ARGS + 2] = {program}, *save = NULL;
	int argc = 1;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		assert_true(argc <= MAX_ARGS);
		argv[argc++] = word;
	}
	return options_parse(argc, argv, &table, ret);
}

static struct options parsed(const char *line)
{
	struct options options;

	assert_int_equal(parse(line, &options), 0);
	return options;
}

/* Its exit status, and what it says in @said. argp ends the program by itself. */
static int status_of(const char *line, char *said, size_t size)
{
	int pipes[2], status;
	size_t len = 0;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		struct options options;

		dup2(pipes[1], STDOUT_FILENO);
		dup2(pipes[1], STDERR_FILENO);
		close(pipes[0]);
		_exit(parse(line, &options) ? EXIT_USAGE : 77);
	}
	close(pipes[1]);
	while ((got = read(pipes[0], said + len, size - 1 - len)) > 0)
		len += (size_t)got;
	said[len] = '\0';
	close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_defaults(void **state)
{
	struct options options = parsed("");

	(void)state;
	assert_string_equal(options.command->name, "first");
	assert_int_equal(options.interval_ns, 0);
	assert_int_equal(options.count, 0);
	assert_int_equal(options.over_ns, 10000000);
	assert_int_equal(options.rate, 100);
	assert_int_equal(options.rows, 40);
	assert_int_equal(options.color, COLOR_AUTO);
	assert_null(options.input);
	assert_true(globs_match(&options.domains, "any"));
	options_free(&options);
}

static void test_commands(void **state)
{
	struct options options = parsed("second -n 0 -b --over 1.5 --rate 7");

	(void)state;
	assert_string_equal(options.command->name, "second");
	assert_int_equal(options.rows, 0);
	assert_true(options.batch);
	assert_int_equal(options.over_ns, 1500000); /* without a unit, milliseconds */
	assert_int_equal(options.rate, 7);
	options_free(&options);
	options = parsed("third --listen :1 --web-config w --textfile t --user u --compat libvirt");
	assert_string_equal(options.listen, ":1");
	assert_string_equal(options.web_config, "w");
	assert_string_equal(options.textfile, "t");
	assert_string_equal(options.user, "u");
	assert_true(options.compat_libvirt);
	options_free(&options);
}

static void test_intervals(void **state)
{
	static const struct {
		const char *line;
		uint64_t interval_ns, count;
	} good[] = {
		{"2", 2000000000, 0},
		{"first 500ms 3", 500000000, 3},
		{"0.25 1", 250000000, 1},
		{"1m", 60000000000, 0},
		{"-j 1.5 2", 1500000000, 2},
		{"first 1 18446744073709551615", 1000000000, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct options options = parsed(good[i].line);

		assert_string_equal(options.command->name, "first");
		assert_int_equal(options.interval_ns, good[i].interval_ns);
		assert_int_equal(options.count, good[i].count);
		options_free(&options);
	}
}

static void test_values(void **state)
{
	struct options options = parsed("-d web* --domain db --by role --color always --ascii");

	(void)state;
	assert_true(globs_match(&options.domains, "web-01"));
	assert_true(globs_match(&options.domains, "db"));
	assert_false(globs_match(&options.domains, "db-02"));
	assert_int_equal(options.by, BY_ROLE);
	assert_true(options.by_given);
	assert_int_equal(options.color, COLOR_ALWAYS);
	assert_true(options.ascii);
	options_free(&options);
	options = parsed("-i file --record copy --max-threads 131071 --self");
	assert_string_equal(options.input, "file");
	assert_string_equal(options.record, "copy");
	assert_int_equal(options.max_threads, 131071);
	assert_true(options.self);
	options_free(&options);
}

static void test_refused(void **state)
{
	static const struct {
		const char *line, *says;
	} bad[] = {
		{"nonsense", "unknown command 'nonsense'; stealscope --help lists them"},
		{"soon 1", "unknown command 'soon'"},
		{"0", "INTERVAL: '0' is not a duration (try 10ms, 2s or 1.5)"},
		{"first soon", "INTERVAL: 'soon' is not a duration"},
		{"1 many", "COUNT: 'many' is not a number from 0 to 18446744073709551615"},
		{"1 -- -1", "COUNT: '-1' is not a number"},
		{"1 2 3", "unexpected argument '3'"},
		{"second 1", "unexpected argument '1'"},
		{"--by thread", "--by: invalid value 'thread', expected vcpu, domain or role"},
		{"--color red", "--color: invalid value 'red', expected auto, always or never"},
		{"--max-threads 131072",
		 "--max-threads: '131072' is not a number from 0 to 131071"},
		{"second --over 0", "--over: '0' is not a duration"},
		{"second --rate 1000001", "--rate: '1000001' is not a number from 0 to 1000000"},
		{"second -n -1", "--rows: '-1' is not a number"},
		{"third --compat xen", "--compat: invalid value 'xen', expected libvirt"},
		{"-i file 1", "--input: a recording has its own intervals"},
		/* options of other commands */
		{"second --json", "unrecognized option '--json'"},
		{"third -d web", "invalid option -- 'd'"},
		{"--listen :1", "unrecognized option '--listen"},
		{"-d", "option requires an argument -- 'd'"},
	};
	char said[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int status = status_of(bad[i].line, said, sizeof(said));

		if (status != EXIT_USAGE || !strstr(said, bad[i].says))
			fail_msg("'%s': status %d, '%s'", bad[i].line, status, said);
	}
}

static void test_help(void **state)
{
	char said[8192];

	(void)state;
	assert_int_equal(status_of("--help", said, sizeof(said)), 0);
	assert_non_null(strstr(said, "  first    the default (default)\n  second   another\n"));
	assert_non_null(strstr(said, "[COMMAND] [INTERVAL [COUNT]]"));
	assert_int_equal(status_of("second --help", said, sizeof(said)), 0);
	assert_non_null(strstr(said, "second: another"));
	assert_non_null(strstr(said, "More of it."));
	assert_non_null(strstr(said, "--over"));
	assert_null(strstr(said, "--json"));
	assert_null(strstr(said, "trust-exe"));
	assert_int_equal(status_of("--version", said, sizeof(said)), 0);
	assert_string_equal(said, "stealscope " VERSION "\n");
}

static void test_dump(void **state)
{
	char said[16384];

	(void)state;
	assert_int_equal(status_of("--dump-options", said, sizeof(said)), 0);
	assert_non_null(strstr(said, "command\tsecond\tanother\t\tMore of it.\n"));
	assert_non_null(strstr(said, "option\tsecond\t\t--over\tTIME\t"));
	assert_null(strstr(said, "trust-exe"));
	assert_non_null(strstr(said, "\ncause\tunknown\t"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),  cmocka_unit_test(test_commands),
		cmocka_unit_test(test_intervals), cmocka_unit_test(test_values),
		cmocka_unit_test(test_refused),	  cmocka_unit_test(test_help),
		cmocka_unit_test(test_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
