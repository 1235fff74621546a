// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "bucket.h"
#include "model/report.h"
#include "test.h"

#define MS 1000000ULL
#define SEC (1000 * MS)

/* Two snapshots of a domain "web" with vCPU 0, one second apart; a test changes what it is about.
 */
struct fixture {
	struct thread_counts before[4], after[4];
	struct domain_counts old[2], new[2];
	struct actor actors[8];
	struct snapshot from, to;
	struct report report;
};

static void begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->before[0] = (struct thread_counts){
		.role = ROLE_VCPU, .name = "CPU 0/KVM", .tid = 101, .start = 7};
	for (size_t i = 1; i < 4; i++)
		f->before[i] = (struct thread_counts){.role = ROLE_VCPU,
						      .index = (int)i,
						      .name = "CPU n/KVM",
						      .tid = 101 + (pid_t)i,
						      .start = 7};
	memcpy(f->after, f->before, sizeof(f->after));
	f->old[0] = (struct domain_counts){.name = "web",
					   .pid = 100,
					   .start = 5,
					   .manager = "qemu",
					   .accel = "kvm",
					   .threads = f->before,
					   .nr_threads = 1};
	f->old[1] = (struct domain_counts){
		.name = "db", .pid = 200, .start = 6, .manager = "qemu", .accel = "kvm"};
	memcpy(f->new, f->old, sizeof(f->new));
	f->new[0].threads = f->after;
	f->from = (struct snapshot){.mono_ns = 10 * SEC, .domains = f->old, .nr_domains = 1};
	f->to = (struct snapshot){.mono_ns = 11 * SEC,
				  .time_ns = 1,
				  .domains = f->new,
				  .nr_domains = 1,
				  .actors = f->actors};
}

static const struct stats *build(struct fixture *f)
{
	assert_int_equal(report_build(&f->from, &f->to, &f->report), 0);
	return &f->report.domains[0].threads[0].own;
}

static void assert_pct(double got, double want)
{
	assert_true(got > want - 1e-6 && got < want + 1e-6);
}

static void test_counters_grow(void **state)
{
	struct fixture f;
	const struct stats *own;

	(void)state;
	begin(&f);
	f.before[0].run_ns = 3 * SEC;
	f.before[0].steal_ns = f.before[0].cause_ns[CAUSE_VM] = 2 * SEC;
	f.after[0].run_ns = 3 * SEC + 500 * MS;
	f.after[0].steal_ns = 2 * SEC + 250 * MS;
	f.after[0].cause_ns[CAUSE_VM] = 2 * SEC + 200 * MS;
	f.after[0].cause_ns[CAUSE_QUOTA] = 50 * MS;
	f.after[0].run_delay_ns = 77;
	f.old[0].skew_ns = 5;
	f.new[0].skew_ns = 25;
	own = build(&f);
	assert_int_equal(f.report.interval_ns, SEC);
	assert_int_equal(own->run_ns, 500 * MS);
	assert_int_equal(own->steal_ns, 250 * MS);
	assert_pct(own->steal_pct, 25);
	assert_int_equal(own->cause_ns[CAUSE_VM], 200 * MS);
	assert_int_equal(own->cause_ns[CAUSE_QUOTA], 50 * MS);
	assert_int_equal(f.report.domains[0].skew_ns, 20);
	assert_int_equal(f.report.domains[0].threads[0].run_delay_ns, 77);
	report_free(&f.report);
}

static void test_without_a_first_snapshot(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.after[0].steal_ns = f.after[0].cause_ns[CAUSE_VM] = 5;
	assert_int_equal(report_build(NULL, &f.to, &f.report), 0);
	assert_int_equal(f.report.interval_ns, 0);
	assert_int_equal(f.report.domains[0].threads[0].own.steal_ns, 5);
	assert_pct(f.report.domains[0].vcpus.steal_pct, 0);
	report_free(&f.report);
}

/* A wait of 3 s of which 2.5 s were before the interval. */
static void test_wait_that_began_before(void **state)
{
	struct fixture f;
	const struct stats *own;

	(void)state;
	begin(&f);
	f.before[0].waiting_ns = 2500 * MS;
	f.after[0].steal_ns = f.after[0].cause_ns[CAUSE_VM] = 3 * SEC;
	own = build(&f);
	assert_int_equal(own->steal_ns, 3 * SEC);
	assert_pct(own->steal_pct, 50);
	report_free(&f.report);
}

static void test_wait_that_is_not_over(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.before[0].waiting_ns = 5 * SEC;
	f.after[0].waiting_ns = 6 * SEC;
	assert_pct(build(&f)->steal_pct, 100);
	assert_int_equal(f.report.domains[0].threads[0].waiting_ns, 6 * SEC);
	report_free(&f.report);
}

static void test_percent_is_clipped(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.before[0].waiting_ns = SEC; /* lost: never negative */
	assert_pct(build(&f)->steal_pct, 0);
	report_free(&f.report);
	f.after[0].steal_ns = 9 * SEC;
	assert_pct(build(&f)->steal_pct, 100);
	report_free(&f.report);
}

static void test_causes_always_sum(void **state)
{
	struct fixture f;
	const struct stats *own;

	(void)state;
	begin(&f);
	f.after[0].steal_ns = 100;
	f.after[0].cause_ns[CAUSE_VM] = 60;
	own = build(&f);
	assert_int_equal(own->cause_ns[CAUSE_UNKNOWN], 40);
	report_free(&f.report);
	f.after[0].cause_ns[CAUSE_VM] = 90;
	f.after[0].cause_ns[CAUSE_PHANTOM] = 30;
	own = build(&f);
	assert_int_equal(own->cause_ns[CAUSE_VM], 90);
	assert_int_equal(own->cause_ns[CAUSE_PHANTOM], 10);
	report_free(&f.report);
}

/* Same TID or PID, another start: another thread, which counts from 0. */
static void test_reused_ids(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.before[0].run_ns = 100;
	f.after[0].run_ns = 30;
	f.after[0].start = 8;
	f.old[0].skew_ns = 10;
	f.new[0].skew_ns = 4;
	f.new[0].start = 9;
	assert_int_equal(build(&f)->run_ns, 30);
	assert_int_equal(f.report.domains[0].skew_ns, 4);
	report_free(&f.report);
}

static void test_dead_thread_counts(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.new[0].nr_threads = 2;
	f.after[0].dead = true;
	f.after[0].steal_ns = f.after[0].cause_ns[CAUSE_VM] = 400 * MS;
	f.after[1].index = 0; /* unplugged and plugged again */
	f.after[1].steal_ns = f.after[1].cause_ns[CAUSE_VM] = 100 * MS;
	build(&f);
	assert_true(f.report.domains[0].threads[0].dead);
	assert_int_equal(f.report.domains[0].nr_vcpus, 1);
	assert_int_equal(f.report.domains[0].vcpus.steal_ns, 500 * MS);
	assert_pct(f.report.domains[0].vcpus.steal_pct, 50);
	assert_pct(f.report.domains[0].worst_pct, 40);
	report_free(&f.report);
}

static void test_domain_aggregates(void **state)
{
	struct bin bins[] = {{bucket_of(1000), 2}, {bucket_of(9000), 1}};
	struct fixture f;
	const struct domain_report *domain;

	(void)state;
	begin(&f);
	f.new[0].nr_threads = 3;
	for (size_t i = 0; i < 3; i++) {
		f.after[i].steal_ns = f.after[i].cause_ns[CAUSE_VM] = (i + 1) * 100 * MS;
		f.after[i].run_ns = 10;
		f.after[i].merged = 1;
		f.after[i].waits[WAIT_PREEMPT] = (struct wait_counts){.count = 3,
								      .sum_ns = 11000,
								      .max_ns = 9000 + i,
								      .bins = bins,
								      .nr_bins = 2};
	}
	f.after[2].role = ROLE_IOTHREAD;
	build(&f);
	domain = &f.report.domains[0];
	assert_int_equal(domain->nr_vcpus, 2);
	assert_pct(domain->vcpus.steal_pct, 15);
	assert_pct(domain->worst_pct, 20);
	assert_pct(domain->sum_pct, 30);
	assert_int_equal(domain->vcpus.run_ns, 20);
	assert_int_equal(domain->vcpus.merged, 2);
	assert_int_equal(domain->vcpus.waits[WAIT_PREEMPT].count, 6);
	assert_int_equal(domain->vcpus.waits[WAIT_PREEMPT].max_ns, 9001);
	assert_int_equal(domain->vcpus.waits[WAIT_PREEMPT].nr_bins, 2);
	assert_int_equal(domain->vcpus.waits[WAIT_PREEMPT].bins[0].count, 4);
	assert_int_equal(domain->roles[ROLE_IOTHREAD].steal_ns, 300 * MS);
	assert_int_equal(domain->nr_role_threads[ROLE_IOTHREAD], 1);
	assert_int_equal(domain->nr_role_threads[ROLE_EMULATOR], 0);
	report_free(&f.report);
}

static void test_worst_domain_first(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.to.nr_domains = 2;
	f.new[1].threads = &f.after[1];
	f.new[1].nr_threads = 1;
	f.after[0].steal_ns = 10;
	f.after[1].steal_ns = 20 * MS;
	assert_int_equal(report_build(&f.from, &f.to, &f.report), 0);
	assert_string_equal(f.report.domains[0].name, "db");
	report_free(&f.report);
	f.after[1].steal_ns = 10; /* alike: by name */
	f.new[0].name = "aaa";
	assert_int_equal(report_build(&f.from, &f.to, &f.report), 0);
	assert_string_equal(f.report.domains[0].name, "aaa");
	report_free(&f.report);
}

static void test_host_shares(void **state)
{
	struct fixture f;
	const struct host_report *host = &f.report.host;

	(void)state;
	begin(&f);
	f.from.host = (struct host_times){.cpus = 4, .user = 1000, .idle = 500, .guest = 900};
	f.to.host = (struct host_times){.cpus = 4,
					.user = 1050,
					.nice = 10,
					.system = 5,
					.idle = 520,
					.softirq = 5,
					.steal = 10,
					.guest = 930,
					.guest_nice = 10};
	build(&f);
	assert_int_equal(host->cpus, 4);
	assert_pct(host->user, 20);
	assert_pct(host->nice, 0);
	assert_pct(host->guest, 40);
	assert_pct(host->system, 5);
	assert_pct(host->softirq, 5);
	assert_pct(host->idle, 20);
	assert_pct(host->steal, 10);
	report_free(&f.report);
}

static void test_trace_grows(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.from.trace =
		(struct trace_counts){.merged = 1, .dropped = 2, .bpf_ns = 10, .bpf_runs = 1};
	f.to.trace = (struct trace_counts){
		.merged = 4, .dropped = 2, .has_bpf_cost = true, .bpf_ns = 30, .bpf_runs = 3};
	build(&f);
	assert_int_equal(f.report.trace.merged, 3);
	assert_int_equal(f.report.trace.dropped, 0);
	assert_true(f.report.trace.has_bpf_cost);
	assert_int_equal(f.report.trace.bpf_ns, 20);
	report_free(&f.report);
}

/* The strings must outlive the snapshots. */
static void test_strings_are_copied(void **state)
{
	struct fixture f;
	char name[] = "web";

	(void)state;
	begin(&f);
	f.new[0].name = name;
	build(&f);
	name[0] = 'X';
	assert_string_equal(f.report.domains[0].name, "web");
	report_free(&f.report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters_grow),
		cmocka_unit_test(test_without_a_first_snapshot),
		cmocka_unit_test(test_wait_that_began_before),
		cmocka_unit_test(test_wait_that_is_not_over),
		cmocka_unit_test(test_percent_is_clipped),
		cmocka_unit_test(test_causes_always_sum),
		cmocka_unit_test(test_reused_ids),
		cmocka_unit_test(test_dead_thread_counts),
		cmocka_unit_test(test_domain_aggregates),
		cmocka_unit_test(test_worst_domain_first),
		cmocka_unit_test(test_host_shares),
		cmocka_unit_test(test_trace_grows),
		cmocka_unit_test(test_strings_are_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
