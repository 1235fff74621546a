// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What holds for every rendering of the golden snapshots, and how renderers fail. */
#include <glob.h>
#include <jansson.h>
#include <signal.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "bucket.h"
#include "render/render.h"
#include "render/text.h"
#include "recorded.h"
#include "test.h"

typedef int renderer(const struct report *report, const struct render_options *options);
typedef void checker(const json_t *line);

static json_int_t integer(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	assert_true(json_is_integer(value));
	return json_integer_value(value);
}

static void check_hist(const json_t *hist)
{
	const json_t *buckets = json_object_get(hist, "buckets");
	json_int_t count = 0, end = 0;

	for (size_t i = 0; i < json_array_size(buckets); i++) {
		const json_t *bucket = json_array_get(buckets, i);
		const json_t *lt = json_array_get(bucket, 1);

		assert_true(json_integer_value(json_array_get(bucket, 0)) >= end);
		if (json_is_integer(lt))
			end = json_integer_value(lt);
		count += json_integer_value(json_array_get(bucket, 2));
	}
	assert_int_equal(count, integer(hist, "count"));
	assert_true(integer(hist, "p50_ns") <= integer(hist, "p90_ns"));
	assert_true(integer(hist, "p90_ns") <= integer(hist, "p99_ns"));
	assert_true(integer(hist, "p99_ns") <= integer(hist, "p999_ns"));
	assert_true(integer(hist, "p999_ns") <= integer(hist, "max_ns"));
}

/* Causes sum to the steal, and the thieves of a cause to the cause. */
static void check_stats(const json_t *who)
{
	json_t *causes = json_object_get(who, "cause_ns"), *cause_ns;
	const json_t *thieves = json_object_get(who, "thieves");
	json_int_t sum = 0, sum_waits = 0;
	const char *cause, *kind;
	json_t *hist;

	json_object_foreach (causes, cause, cause_ns) {
		json_int_t named = 0;

		for (size_t i = 0; i < json_array_size(thieves); i++) {
			const json_t *thief = json_array_get(thieves, i);

			if (!strcmp(json_string_value(json_object_get(thief, "cause")), cause))
				named += integer(thief, "ns");
		}
		assert_true(!named || named == json_integer_value(cause_ns));
		sum += json_integer_value(cause_ns);
	}
	assert_int_equal(json_object_size(causes), NR_CAUSES);
	assert_int_equal(sum, integer(who, "steal_ns"));
	json_object_foreach (json_object_get(who, "waits"), kind, hist) {
		check_hist(hist);
		sum_waits += integer(hist, "sum_ns");
	}
	assert_int_equal(sum_waits, integer(who, "steal_ns"));
}

static void check_hist_line(const json_t *line)
{
	const json_t *domains = json_object_get(line, "domains");

	assert_string_equal(json_string_value(json_object_get(line, "schema")),
			    "stealscope.hist/1");
	for (size_t d = 0; d < json_array_size(domains); d++) {
		const json_t *domain = json_array_get(domains, d);
		const json_t *threads = json_object_get(domain, "threads");
		const json_t *roles = json_object_get(domain, "roles");

		assert_int_equal(!!threads + !!roles + !!json_object_get(domain, "steal_ns"), 1);
		for (size_t t = 0; t < json_array_size(threads); t++)
			check_stats(json_array_get(threads, t));
		for (size_t r = 0; r < json_array_size(roles); r++)
			check_stats(json_array_get(roles, r));
		if (!threads && !roles)
			check_stats(domain);
	}
}

/* Worst first. */
static void check_blame_line(const json_t *line)
{
	const json_t *rows = json_object_get(line, "blame");
	double last = 100;

	assert_string_equal(json_string_value(json_object_get(line, "schema")),
			    "stealscope.blame/1");
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		double pct = json_number_value(json_object_get(row, "pct"));

		assert_true(pct <= last);
		last = pct;
		assert_true(integer(row, "ns") > 0);
	}
}

static void check_report(const struct report *report, renderer *render, checker *check)
{
	for (enum report_by by = 0; by < NR_REPORT_BY; by++) {
		autofree char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);
		struct render_options options = {.out = out, .by = by};
		json_t *line;

		assert_non_null(out);
		assert_int_equal(render(report, &options), 0);
		assert_int_equal(fclose(out), 0);
		assert_ptr_equal(strchr(text, '\n'), text + size - 1);
		line = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(line);
		check(line);
		json_decref(line);
	}
}

static void check_scene(const char *path, renderer *render, checker *check)
{
	FILE *in = fopen(path, "re");
	struct snapshot from, to;
	struct report report;
	int err;

	assert_non_null(in);
	assert_int_equal(read_snapshot(in, &from), 0);
	while (!(err = read_snapshot(in, &to))) {
		assert_int_equal(report_build(&from, &to, &report), 0);
		snapshot_free(&from);
		from = to;
		check_report(&report, render, check);
		report_free(&report);
	}
	assert_int_equal(err, -ENODATA);
	snapshot_free(&from);
	fclose(in);
}

static void check_scenes(renderer *render, checker *check)
{
	glob_t scenes;

	assert_int_equal(glob("tests/golden/*.snap.jsonl", 0, NULL, &scenes), 0);
	for (size_t i = 0; i < scenes.gl_pathc; i++)
		check_scene(scenes.gl_pathv[i], render, check);
	globfree(&scenes);
}

static void test_hist_json(void **state)
{
	(void)state;
	check_scenes(render_hist_json, check_hist_line);
}

static void test_blame_json(void **state)
{
	(void)state;
	check_scenes(render_blame_json, check_blame_line);
}

/* The rows of a victim sum to its steal. */
static void test_blame_sums(void **state)
{
	FILE *in = fopen("tests/golden/two-vms.snap.jsonl", "re");
	struct snapshot from, to;
	struct report report;

	(void)state;
	assert_non_null(in);
	assert_int_equal(read_snapshot(in, &from), 0);
	assert_int_equal(read_snapshot(in, &to), 0);
	assert_int_equal(report_build(&from, &to, &report), 0);
	for (enum report_by by = 0; by < NR_REPORT_BY; by++) {
		autofree struct blame *rows = NULL;
		size_t nr;

		assert_int_equal(rank_blame(&report, by, &rows, &nr), 0);
		assert_true(nr > 0);
		for (size_t i = 0; i < nr; i++) {
			uint64_t sum = 0;

			for (size_t j = 0; j < nr; j++)
				sum += rows[j].victim == rows[i].victim ? rows[j].ns : 0;
			assert_int_equal(sum, rows[i].victim->steal_ns);
		}
	}
	report_free(&report);
	snapshot_free(&from);
	snapshot_free(&to);
	fclose(in);
}

/* A wait of an hour is in the last bucket, which has no upper edge. */
static void test_last_bucket_is_open(void **state)
{
	const struct bin64 bin = {NR_BUCKETS - 1, 1};
	struct thread_report thread = {.name = "t"};
	struct domain_report domain = {
		.name = "d", .manager = "m", .accel = "kvm", .threads = &thread, .nr_threads = 1};
	const struct report report = {.domains = &domain, .nr_domains = 1};
	autofree char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct render_options options = {.out = out};

	(void)state;
	thread.own.waits[WAIT_PREEMPT] =
		(struct hist){.count = 1, .max_ns = 3600000000000ULL, .bins = &bin, .nr_bins = 1};
	assert_int_equal(render_hist_json(&report, &options), 0);
	fclose(out);
	assert_non_null(strstr(text, "\"buckets\":[[64424509440,null,1]]"));
}

/* The line of what the host did; no two figures are alike, so that none can stand for another. */
static void test_host_line(void **state)
{
	struct report report = {.time_ns = 1795244401000000000, .interval_ns = 1000000000};
	autofree char *text = NULL, *json = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct render_options options = {.out = out};

	(void)state;
	report.host = (struct host_report){.cpus = 16,
					   .user = 1.1,
					   .nice = 2.2,
					   .guest = 4.4,
					   .system = 8.8,
					   .irq = 10.1,
					   .softirq = 10.2,
					   .iowait = 12.4,
					   .idle = 20.8,
					   .steal = 30};
	text_head(&options, &report);
	fclose(out);
	assert_string_equal(strchr(text, '\n') + 1,
			    "16 CPUs %:  usr 3.3  sys 8.8  guest 4.4  irq 20.3  io 12.4  idle 20.8"
			    "  steal 30.0\n"
			    "this host is itself a VM and loses 30.0 % to its hypervisor\n");
	options.out = out = open_memstream(&json, &size);
	assert_int_equal(render_hist_json(&report, &options), 0);
	fclose(out);
	assert_non_null(strstr(json, "\"host\":{\"cpus\":16,\"user_pct\":1.100,\"nice_pct\":2.200,"
				     "\"guest_pct\":4.400,\"system_pct\":8.800,"
				     "\"irq_pct\":10.100,\"softirq_pct\":10.200,"
				     "\"iowait_pct\":12.400,\"idle_pct\":20.800,"
				     "\"steal_pct\":30.000}"));
}

static renderer *const renderers[] = {render_hist_text, render_hist_json, render_blame_text,
				      render_blame_json};

static void test_full_disk(void **state)
{
	const struct report report = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(renderers); i++) {
		autofclose FILE *full = fopen("/dev/full", "we");
		const struct render_options options = {.out = full};

		assert_non_null(full);
		assert_int_equal(renderers[i](&report, &options), -ENOSPC);
	}
}

static void test_closed_pipe(void **state)
{
	const struct report report = {0};

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < ARRAY_SIZE(renderers); i++) {
		autofclose FILE *out = NULL;
		struct render_options options = {0};
		int fds[2];

		assert_int_equal(pipe(fds), 0);
		close(fds[0]);
		options.out = out = fdopen(fds[1], "w");
		assert_int_equal(renderers[i](&report, &options), -EPIPE);
	}
}

static void test_durations(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{0, "0ns"},
		{999, "999ns"},
		{1000, "1.0us"},
		{1049, "1.0us"},
		{1050, "1.1us"},
		{9949, "9.9us"},
		{9950, "10us"},
		{999499, "999us"},
		{999500, "1.0ms"},
		{9950000, "10ms"},
		{999500000, "1.0s"},
		{999499999999, "999s"},
		{999500000000, "1000s"},
		{9999499999999, "9999s"},
		{9999500000000, "3h"},
		{UINT64_MAX, "5124096h"},
	};
	char buf[DURATION_SIZE];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(text_duration(buf, cases[i].ns), cases[i].text);
}

static void test_percentages(void **state)
{
	char buf[DURATION_SIZE];

	(void)state;
	assert_string_equal(text_pct(buf, 0), "0.0");
	assert_string_equal(text_pct(buf, 1e-9), "<0.1");
	assert_string_equal(text_pct(buf, 0.05), "0.1");
	assert_string_equal(text_pct(buf, 9.96), "10.0");
	assert_string_equal(text_pct(buf, 33.333), "33.3");
	assert_string_equal(text_pct(buf, 800), "800.0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hist_json),  cmocka_unit_test(test_blame_json),
		cmocka_unit_test(test_blame_sums), cmocka_unit_test(test_last_bucket_is_open),
		cmocka_unit_test(test_full_disk),  cmocka_unit_test(test_closed_pipe),
		cmocka_unit_test(test_durations),  cmocka_unit_test(test_percentages),
		cmocka_unit_test(test_host_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
