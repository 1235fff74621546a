// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The loop of the commands, over recordings. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cmd/session.h"
#include "model/recording.h"
#include "source/file.h"
#include "test.h"

struct seen {
	size_t reports, domains, waits;
	uint64_t steal_ns, interval_ns;
	uint64_t stop_after;   /* so many reports, by session_stop() */
	uint64_t signal_after; /* by SIGINT */
	int err;	       /* what the callback returns */
	struct session *session;
};

static int on_start(struct session *session, int *ret_fd, void *data)
{
	struct seen *seen = data;

	(void)ret_fd;
	seen->session = session;
	return 0;
}

static int on_report(const struct report *report, void *data)
{
	struct seen *seen = data;

	seen->reports++;
	seen->domains += report->nr_domains;
	seen->interval_ns += report->interval_ns;
	for (size_t i = 0; i < report->nr_domains; i++)
		seen->steal_ns += report->domains[i].vcpus.steal_ns;
	if (seen->reports == seen->stop_after)
		session_stop(seen->session);
	if (seen->reports == seen->signal_after)
		raise(SIGINT);
	return seen->err;
}

static void on_wait(const struct long_wait *wait, void *data)
{
	struct seen *seen = data;

	assert_int_equal(wait->cause_ns[CAUSE_VM], 7);
	seen->waits++;
}

/* The counters of two domains at the @second of a tracing session that @began then. */
static void add_snapshot(FILE *out, uint64_t began, uint64_t second)
{
	struct thread_counts threads[] = {{.role = ROLE_VCPU,
					   .index = 0,
					   .name = "CPU 0/KVM",
					   .tid = 11,
					   .steal_ns = second * 1000,
					   .cause_ns = {[CAUSE_HOST] = second * 1000}}};
	struct domain_counts domains[] = {
		{.name = "web",
		 .pid = 10,
		 .manager = "qemu",
		 .accel = "kvm",
		 .threads = threads,
		 .nr_threads = 1},
		{.name = "db", .pid = 20, .manager = "qemu", .accel = "kvm"}};
	struct snapshot snap = {.time_ns = second * 1000000000,
				.mono_ns = second * 1000000000,
				.began_ns = began,
				.domains = domains,
				.nr_domains = 2};

	assert_int_equal(recording_add_snapshot(out, &snap), 0);
}

static void add_wait(FILE *out, const char *domain)
{
	struct actor actor = {.kind = ACTOR_THREAD,
			      .pid = 21,
			      .comm = "CPU 0/KVM",
			      .domain = "db",
			      .domain_pid = 20,
			      .role = ROLE_VCPU};
	struct long_wait wait = {.domain = domain,
				 .name = "CPU 0/KVM",
				 .pid = 10,
				 .tid = 11,
				 .cpu = 3,
				 .kind = WAIT_PREEMPT,
				 .wait_ns = 7,
				 .cause_ns = {[CAUSE_VM] = 7},
				 .thieves = {{.cause = CAUSE_VM, .actor = &actor, .ns = 7}},
				 .nr_thieves = 1};

	assert_int_equal(recording_add_wait(out, &wait), 0);
}

struct fixture {
	char path[32], copy[32];
	FILE *out;
	struct globs domains;
	struct seen seen;
	uint64_t count;
	bool record;
};

static void temp_file(char path[static 32])
{
	int fd;

	snprintf(path, 32, "/tmp/session_test.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	temp_file(f->path);
	temp_file(f->copy);
	f->out = fopen(f->path, "we");
	assert_non_null(f->out);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	fclose(f->out);
	unlink(f->path);
	unlink(f->copy);
	globs_free(&f->domains);
	free(f);
	return 0;
}

static int run(struct fixture *f, bool waits)
{
	const struct session_ops ops = {
		.report = on_report, .start = on_start, .wait = waits ? on_wait : NULL};
	struct session_config config = {
		.domains = &f->domains, .count = f->count, .record = f->record ? f->copy : NULL};
	int err;

	assert_int_equal(source_file_open(f->path, &config.source), 0);
	err = session_run(&config, &ops, &f->seen);
	source_close(config.source);
	return err;
}

static void test_each_interval(void **state)
{
	struct fixture *f = *state;

	for (uint64_t second = 1; second <= 4; second++)
		add_snapshot(f->out, 1, second);
	assert_int_equal(run(f, false), 0);
	assert_int_equal(f->seen.reports, 3);
	assert_int_equal(f->seen.steal_ns, 3000);
	assert_int_equal(f->seen.interval_ns, 3000000000);
}

static void test_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(run(f, false), 0);
	add_snapshot(f->out, 1, 1);
	assert_int_equal(run(f, false), 0);
	assert_int_equal(f->seen.reports, 0);
}

static void test_count_stop_signal(void **state)
{
	struct fixture *f = *state;

	for (uint64_t second = 1; second <= 9; second++)
		add_snapshot(f->out, 1, second);
	f->count = 4;
	assert_int_equal(run(f, false), 0);
	assert_int_equal(f->seen.reports, 4);
	f->count = 0;
	f->seen = (struct seen){.stop_after = 2};
	assert_int_equal(run(f, false), 0);
	assert_int_equal(f->seen.reports, 2);
	f->seen = (struct seen){.signal_after = 3};
	assert_int_equal(run(f, false), 0);
	assert_int_equal(f->seen.reports, 3);
}

static void test_domains(void **state)
{
	struct fixture *f = *state;

	add_snapshot(f->out, 1, 1);
	add_wait(f->out, "web");
	add_wait(f->out, "db");
	add_snapshot(f->out, 1, 2);
	assert_int_equal(globs_add(&f->domains, "w*"), 0);
	assert_int_equal(run(f, true), 0);
	assert_int_equal(f->seen.domains, 1);
	assert_int_equal(f->seen.waits, 1);
}

/* What is between the last snapshot of one tracer and the first of the next is nobody's. */
static void test_two_tracers(void **state)
{
	struct fixture *f = *state;

	add_snapshot(f->out, 1, 1);
	add_snapshot(f->out, 1, 2);
	add_snapshot(f->out, 9, 10);
	add_snapshot(f->out, 9, 11);
	assert_int_equal(run(f, false), 0);
	assert_int_equal(f->seen.reports, 2);
	assert_int_equal(f->seen.steal_ns, 2000);
	assert_int_equal(f->seen.interval_ns, 2000000000);
}

static void test_broken_line(void **state)
{
	struct fixture *f = *state;

	add_snapshot(f->out, 1, 1);
	add_snapshot(f->out, 1, 2);
	fputs("{\"schema\":\"stealscope.snapshot/1\",\"domains\":7}\n", f->out);
	fflush(f->out);
	assert_int_equal(run(f, false), -EBADMSG);
	assert_int_equal(f->seen.reports, 1);
}

static void test_output_fails(void **state)
{
	struct fixture *f = *state;

	add_snapshot(f->out, 1, 1);
	add_snapshot(f->out, 1, 2);
	add_snapshot(f->out, 1, 3);
	f->seen.err = -ENOSPC;
	assert_int_equal(run(f, false), -ENOSPC);
	assert_int_equal(f->seen.reports, 1);
	f->seen = (struct seen){.err = -EPIPE};
	assert_int_equal(run(f, false), 0);
	assert_int_equal(f->seen.reports, 1);
}

/* Snapshots and waits, each in its place. */
static void test_recorded_again(void **state)
{
	struct fixture *f = *state;
	autofclose FILE *first = NULL, *second = NULL;
	char a[4096], b[4096];

	add_snapshot(f->out, 1, 1);
	add_wait(f->out, "web");
	add_snapshot(f->out, 1, 2);
	f->record = true;
	assert_int_equal(run(f, true), 0);
	first = fopen(f->path, "re");
	second = fopen(f->copy, "re");
	for (int line = 0; line < 3; line++) {
		assert_non_null(fgets(a, sizeof(a), first));
		assert_non_null(fgets(b, sizeof(b), second));
		assert_string_equal(a, b);
	}
	assert_null(fgets(b, sizeof(b), second));
}

static void test_cannot_record(void **state)
{
	struct fixture *f = *state;

	add_snapshot(f->out, 1, 1);
	f->record = true;
	snprintf(f->copy, sizeof(f->copy), "/nonexistent/copy");
	assert_int_equal(run(f, false), -ENOENT);
}

static void test_no_such_file(void **state)
{
	struct source *source;

	(void)state;
	assert_int_equal(source_file_open("/nonexistent/recording", &source), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_interval),     TEST(test_nothing),
		TEST(test_count_stop_signal), TEST(test_domains),
		TEST(test_two_tracers),	      TEST(test_broken_line),
		TEST(test_output_fails),      TEST(test_recorded_again),
		TEST(test_cannot_record),     cmocka_unit_test(test_no_such_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
