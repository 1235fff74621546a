// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>

#include "bucket.h"
#include "model/totals.h"
#include "test.h"

#define SEC 1000000000ULL
#define MAX_DOMAINS 40

/* A report of one second; its domains have one vCPU each unless a test says otherwise. */
struct fixture {
	struct thread_report threads[MAX_DOMAINS][4];
	struct domain_report domains[MAX_DOMAINS];
	struct actor actors[MAX_DOMAINS];
	struct thief thieves[MAX_DOMAINS + 2];
	char names[MAX_DOMAINS][16];
	struct report report;
	struct totals totals;
	uint64_t now;
};

static void begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->report.domains = f->domains;
	f->report.interval_ns = SEC;
	f->now = 1000 * SEC;
}

static struct domain_report *add_domain(struct fixture *f, const char *name, const char *uuid,
					pid_t pid)
{
	size_t i = f->report.nr_domains++;
	struct domain_report *domain = &f->domains[i];

	f->threads[i][0] = (struct thread_report){.role = ROLE_VCPU, .tid = pid + 1};
	*domain = (struct domain_report){.name = name,
					 .uuid = uuid,
					 .pid = pid,
					 .start = (uint64_t)pid * 10,
					 .manager = "qemu",
					 .accel = "kvm",
					 .threads = f->threads[i],
					 .nr_threads = 1};
	return domain;
}

/* Its vCPU 0 lost so much to @cause. */
static void lose(struct domain_report *domain, enum cause cause, uint64_t ns)
{
	domain->threads[0].own.cause_ns[cause] = ns;
	domain->vcpus.cause_ns[cause] = ns;
}

/* The report is added and the next one begun. */
static void end_interval(struct fixture *f)
{
	f->now += SEC;
	assert_int_equal(totals_add(&f->totals, &f->report, f->now), 0);
	f->report.nr_domains = 0;
}

static const struct domain_total *find(const struct fixture *f, const char *label)
{
	for (size_t i = 0; i < f->totals.nr_domains; i++) {
		if (!strcmp(f->totals.domains[i]->label, label))
			return f->totals.domains[i];
	}
	return NULL;
}

/* The only one of an interval that is next to nothing. */
static void come(struct fixture *f, const char *name, pid_t pid, uint64_t uid)
{
	add_domain(f, name, NULL, pid)->uid = uid;
	f->now -= SEC - 1000;
	end_interval(f);
}

static void test_reports_add_up(void **state)
{
	struct fixture f;
	struct domain_report *web;
	const struct domain_total *total;

	(void)state;
	begin(&f);
	for (int i = 0; i < 2; i++) {
		web = add_domain(&f, "web", NULL, 100);
		web->nr_threads = 3;
		web->threads[1] = (struct thread_report){.role = ROLE_VCPU, .index = 1};
		web->threads[2] = (struct thread_report){.role = ROLE_IOTHREAD, .index = -1};
		web->threads[1].own.run_ns = 7;
		web->threads[1].waiting_ns = 40 - (uint64_t)i;
		web->roles[ROLE_IOTHREAD].steal_ns = 5;
		web->nr_role_threads[ROLE_IOTHREAD] = 1;
		web->skew_ns = 3;
		web->unwatched = 9 - (uint64_t)i;
		lose(web, CAUSE_QUOTA, 10);
		f.report.trace.merged = 2;
		end_interval(&f);
	}
	total = find(&f, "web");
	assert_int_equal(total->nr_vcpus, 2);
	assert_int_equal(total->vcpus[0].cause_ns[CAUSE_QUOTA], 20);
	assert_int_equal(total->vcpus[1].run_ns, 14);
	assert_int_equal(total->vcpus[1].waiting_ns, 39);
	assert_int_equal(total->cause_ns[CAUSE_QUOTA], 20);
	assert_int_equal(total->role_steal_ns[ROLE_IOTHREAD], 10);
	assert_true(total->has_role[ROLE_IOTHREAD]);
	assert_false(total->has_role[ROLE_VHOST]);
	assert_int_equal(total->skew_ns, 6);
	assert_int_equal(total->unwatched, 8);
	assert_int_equal(f.totals.trace.merged, 4);
	totals_free(&f.totals);
}

/* A vCPU whose thread is another one now, or whose number was learned late, is one series. */
static void test_vcpus_come_in_any_order(void **state)
{
	static const int order[] = {2, -1, 0, 1, 2};
	struct fixture f;
	const struct domain_total *total;

	(void)state;
	begin(&f);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		struct domain_report *web = add_domain(&f, "web", NULL, 100);

		web->threads[0].index = order[i];
		web->threads[0].own.run_ns = 1;
		end_interval(&f);
	}
	total = find(&f, "web");
	assert_int_equal(total->nr_vcpus, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(total->vcpus[i].index, (int)i - 1);
		assert_int_equal(total->vcpus[i].run_ns, i == 3 ? 2 : 1);
	}
	totals_free(&f.totals);
}

static void test_histogram_edges(void **state)
{
	struct fixture f;
	struct bin64 bins[2 * TOTALS_EDGES];
	struct domain_report *web;
	const struct domain_total *total;

	(void)state;
	begin(&f);
	for (unsigned int i = 0; i < TOTALS_EDGES; i++) {
		uint32_t at = bucket_of(TOTALS_EDGE_NS(i));

		assert_int_equal(bucket_ge(at), TOTALS_EDGE_NS(i)); /* no bucket straddles it */
		bins[2 * i] = (struct bin64){at - 1, 1};
		bins[2 * i + 1] = (struct bin64){at, 100};
	}
	web = add_domain(&f, "web", NULL, 100);
	web->vcpus.waits[WAIT_PREEMPT] =
		(struct hist){.sum_ns = 77, .bins = bins, .nr_bins = ARRAY_SIZE(bins)};
	end_interval(&f);
	total = find(&f, "web");
	assert_int_equal(total->waits[WAIT_PREEMPT].sum_ns, 77);
	assert_int_equal(total->waits[WAIT_PREEMPT].counts[0], 1);
	for (unsigned int i = 1; i < TOTALS_EDGES; i++)
		assert_int_equal(total->waits[WAIT_PREEMPT].counts[i], 101);
	assert_int_equal(total->waits[WAIT_PREEMPT].counts[TOTALS_EDGES], 100);
	assert_int_equal(total->waits[WAIT_WAKEUP].counts[0], 0);
	totals_free(&f.totals);
}

/* Old and new process in one report: the counter goes on, under one name. */
static void test_restart_within_an_interval(void **state)
{
	struct fixture f;
	const struct domain_total *total;

	(void)state;
	begin(&f);
	lose(add_domain(&f, "web", "u", 100), CAUSE_VM, 10);
	end_interval(&f);
	lose(add_domain(&f, "web", "u", 200), CAUSE_VM, 1);
	lose(add_domain(&f, "web", "u", 100), CAUSE_VM, 5);
	f.domains[1].threads[0].dead = true;
	end_interval(&f);
	assert_int_equal(f.totals.nr_domains, 1);
	total = find(&f, "web");
	assert_int_equal(total->cause_ns[CAUSE_VM], 16);
	assert_int_equal(total->pid, 200);
	assert_false(total->gone);
	totals_free(&f.totals);
}

static void test_restart_after_a_while(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	lose(add_domain(&f, "web", NULL, 100), CAUSE_VM, 10);
	end_interval(&f);
	end_interval(&f);
	assert_true(find(&f, "web")->gone);
	lose(add_domain(&f, "web", NULL, 200), CAUSE_VM, 1);
	end_interval(&f);
	assert_int_equal(f.totals.nr_domains, 1);
	assert_int_equal(find(&f, "web")->cause_ns[CAUSE_VM], 11);
	assert_false(find(&f, "web")->gone);
	totals_free(&f.totals);
}

/* A name and a UUID are what a process says of itself; whose it is, the kernel says. */
static void test_another_users_process(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	lose(add_domain(&f, "web", "u", 100), CAUSE_VM, 10);
	f.domains[0].uid = 1000;
	end_interval(&f);
	end_interval(&f);
	lose(add_domain(&f, "web", "u", 200), CAUSE_VM, 1);
	f.domains[0].uid = 1001;
	end_interval(&f);
	assert_int_equal(find(&f, "web")->cause_ns[CAUSE_VM], 10);
	assert_int_equal(find(&f, "web#200")->cause_ns[CAUSE_VM], 1);
	lose(add_domain(&f, "web", "u", 200), CAUSE_VM, 2);
	f.domains[0].uid = 1001;
	lose(add_domain(&f, "web", "u", 300), CAUSE_VM, 20);
	f.domains[1].uid = 1000;
	end_interval(&f);
	assert_int_equal(find(&f, "web")->cause_ns[CAUSE_VM], 30); /* it is its own again */
	assert_int_equal(find(&f, "web#200")->cause_ns[CAUSE_VM], 3);
	assert_int_equal(f.totals.nr_domains, 2);
	totals_free(&f.totals);
}

/* Whoever starts and ends very many takes the places of his own. */
static void test_the_gone_of_another_user(void **state)
{
	struct fixture f;
	char name[16];

	(void)state;
	begin(&f);
	f.report.interval_ns = 1;
	come(&f, "victim", 50, 1000);
	for (int i = 0; i < (int)TOTALS_GONE_MAX + 100; i++) {
		snprintf(name, sizeof(name), "vm-%d", i);
		come(&f, name, 100 + i, 1001);
	}
	end_interval(&f);
	assert_int_equal(f.totals.nr_domains, TOTALS_GONE_MAX);
	assert_non_null(find(&f, "victim"));
	assert_null(find(&f, "vm-100"));
	totals_free(&f.totals);
}

/* What became another program again and again is not kept under all of its names. */
static void test_many_names_of_one_process(void **state)
{
	struct fixture f;
	char name[16];

	(void)state;
	begin(&f);
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "vm-%d", i);
		add_domain(&f, name, NULL, 100);
		end_interval(&f);
	}
	assert_int_equal(f.totals.nr_domains, TOTALS_GONE_PER_PROCESS + 1);
	assert_false(find(&f, "vm-99")->gone);
	assert_true(find(&f, "vm-98")->gone);
	totals_free(&f.totals);
}

static void test_the_gone_expire(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	add_domain(&f, "web", NULL, 100);
	end_interval(&f);
	f.now += TOTALS_KEEP_NS - 2 * SEC;
	end_interval(&f);
	assert_non_null(find(&f, "web"));
	end_interval(&f);
	assert_null(find(&f, "web"));
	totals_free(&f.totals);
}

/* Thousands of short-lived domains do not pile up; the oldest go first. */
static void test_the_gone_are_bounded(void **state)
{
	struct fixture f;
	char name[16];

	(void)state;
	begin(&f);
	f.report.interval_ns = 1;
	for (int i = 0; i < (int)TOTALS_GONE_MAX + 100; i++) {
		snprintf(name, sizeof(name), "vm-%d", i);
		come(&f, name, 100 + i, 0);
	}
	end_interval(&f);
	assert_int_equal(f.totals.nr_domains, TOTALS_GONE_MAX);
	assert_null(find(&f, "vm-99"));
	assert_non_null(find(&f, "vm-100"));
	assert_non_null(find(&f, name));
	totals_free(&f.totals);
}

static void test_same_names(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	for (int i = 0; i < 2; i++) { /* and each keeps its label */
		lose(add_domain(&f, "web", NULL, 100), CAUSE_VM, 1);
		lose(add_domain(&f, "web", NULL, 200), CAUSE_VM, 2);
		lose(add_domain(&f, "web", "u", 300), CAUSE_VM, 4);
		lose(add_domain(&f, "web#200", NULL, 400), CAUSE_VM, 8);
		end_interval(&f);
	}
	assert_int_equal(f.totals.nr_domains, 4);
	assert_int_equal(find(&f, "web")->cause_ns[CAUSE_VM], 2);
	assert_int_equal(find(&f, "web#200")->cause_ns[CAUSE_VM], 4);
	assert_int_equal(find(&f, "web#300")->cause_ns[CAUSE_VM], 8);
	assert_int_equal(find(&f, "web#200#400")->cause_ns[CAUSE_VM], 16);
	totals_free(&f.totals);
}

/* One that ended keeps its series for a while; another machine of that name has another UUID. */
static void test_same_name_after_the_other(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	lose(add_domain(&f, "web", "u", 100), CAUSE_VM, 1);
	end_interval(&f);
	lose(add_domain(&f, "web", "v", 200), CAUSE_VM, 2);
	end_interval(&f);
	assert_int_equal(f.totals.nr_domains, 2);
	for (size_t i = 0; i < 2; i++)
		assert_string_equal(f.totals.domains[i]->label, "web");
	totals_free(&f.totals);
}

/* Domain 0 is the victim, the others took @ns each from it; the report names them all. */
static void steal_by_all(struct fixture *f, size_t nr, uint64_t ns)
{
	struct domain_report *victim = add_domain(f, "victim", NULL, 1);

	for (size_t i = 0; i < nr; i++) {
		snprintf(f->names[i], sizeof(f->names[i]), "thief-%zu", i);
		add_domain(f, f->names[i], NULL, 100 + (pid_t)i);
		f->actors[i] = (struct actor){
			.kind = ACTOR_THREAD, .domain = f->names[i], .domain_pid = 100 + (pid_t)i};
		f->thieves[i] =
			(struct thief){.cause = CAUSE_VM, .actor = &f->actors[i], .ns = ns - i};
	}
	victim->vcpus.thieves = f->thieves;
	victim->vcpus.nr_thieves = nr;
}

static uint64_t blamed(const struct domain_total *victim)
{
	uint64_t sum = victim->blame[0].other_ns;

	for (size_t i = 0; i < victim->blame[0].nr; i++)
		sum += victim->blame[0].rows[i].ns;
	return sum;
}

static void test_blame_is_bounded(void **state)
{
	struct fixture f;
	const struct domain_total *victim;

	(void)state;
	begin(&f);
	steal_by_all(&f, 20, SEC / 100);
	f.thieves[20] = (struct thief){.cause = CAUSE_VM, .actor = NULL, .ns = 1000};
	f.thieves[21] = (struct thief){.cause = CAUSE_HOST, .actor = NULL, .ns = 5};
	f.domains[0].vcpus.nr_thieves = 22;
	end_interval(&f);
	victim = find(&f, "victim");
	assert_int_equal(victim->blame[0].nr, TOTALS_THIEVES_MAX);
	assert_string_equal(victim->blame[0].rows[0].thief, "thief-0");
	assert_int_equal(victim->blame[0].other_ns, 4 * (SEC / 100) - 16 - 17 - 18 - 19 + 1000);
	assert_int_equal(f.totals.collapsed, 4);
	assert_int_equal(blamed(victim), 20 * (SEC / 100) - 190 + 1000);
	totals_free(&f.totals);
}

static void test_small_thieves_get_no_name(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	steal_by_all(&f, 1, SEC / 1000 - 1);
	end_interval(&f);
	assert_int_equal(find(&f, "victim")->blame[0].nr, 0);
	steal_by_all(&f, 1, SEC / 1000);
	end_interval(&f);
	assert_int_equal(find(&f, "victim")->blame[0].nr, 1);
	steal_by_all(&f, 1, 7); /* once it has one it keeps it */
	end_interval(&f);
	assert_int_equal(find(&f, "victim")->blame[0].rows[0].ns, SEC / 1000 + 7);
	assert_int_equal(find(&f, "victim")->blame[0].other_ns, SEC / 1000 - 1);
	totals_free(&f.totals);
}

/* No row goes back while it is there; when a thief's goes, `other` takes it over. */
static void test_a_thief_that_is_gone(void **state)
{
	struct fixture f;
	const struct domain_total *victim;

	(void)state;
	begin(&f);
	steal_by_all(&f, 2, SEC / 2);
	end_interval(&f);
	f.now += TOTALS_KEEP_NS;
	steal_by_all(&f, 1, SEC / 2);
	end_interval(&f);
	victim = find(&f, "victim");
	assert_int_equal(victim->blame[0].nr, 1);
	assert_string_equal(victim->blame[0].rows[0].thief, "thief-0");
	assert_int_equal(victim->blame[0].rows[0].ns, SEC);
	assert_int_equal(victim->blame[0].other_ns, SEC / 2 - 1);
	totals_free(&f.totals);
}

/* A machine that is called like the row for the rest is not taken for it. */
static void test_a_thief_called_other(void **state)
{
	struct fixture f;
	const struct domain_total *victim;

	(void)state;
	begin(&f);
	steal_by_all(&f, 1, SEC / 2);
	f.domains[1].name = f.actors[0].domain = TOTALS_OTHER;
	end_interval(&f);
	victim = find(&f, "victim");
	assert_string_equal(victim->blame[0].rows[0].thief, "other#100");
	assert_int_equal(victim->blame[0].other_ns, 0);
	totals_free(&f.totals);
}

/* The host's thieves by unit, else by program; when names come and go the old ones make room. */
static void test_thieves_of_the_host(void **state)
{
	const struct blame_totals *host;
	struct fixture f;
	char name[32];

	(void)state;
	begin(&f);
	for (int i = 0; i <= (int)TOTALS_THIEVES_MAX; i++) {
		steal_by_all(&f, 1, SEC / 2);
		snprintf(name, sizeof(name), "batch-%d", i);
		f.actors[0] = (struct actor){.kind = ACTOR_HOST, .comm = name};
		f.thieves[0].cause = CAUSE_HOST;
		f.actors[1] =
			(struct actor){.kind = ACTOR_HOST, .comm = "sh", .unit = "nightly.service"};
		f.thieves[1] =
			(struct thief){.cause = CAUSE_HOST, .actor = &f.actors[1], .ns = SEC / 4};
		f.domains[0].vcpus.nr_thieves = 2;
		end_interval(&f);
	}
	host = &find(&f, "victim")->blame[1];
	assert_int_equal(totals_blamed[1], CAUSE_HOST);
	assert_int_equal(host->nr, TOTALS_THIEVES_MAX);
	assert_string_equal(host->rows[0].thief, "batch-0");
	assert_string_equal(host->rows[1].thief, "nightly.service");
	assert_int_equal(host->rows[1].ns, (TOTALS_THIEVES_MAX + 1) * (SEC / 4));
	assert_int_equal(host->other_ns, 2 * (SEC / 2));

	f.now += TOTALS_KEEP_NS;
	steal_by_all(&f, 1, SEC / 2);
	f.actors[0] = (struct actor){.kind = ACTOR_HOST, .comm = "late"};
	f.thieves[0].cause = CAUSE_HOST;
	end_interval(&f);
	host = &find(&f, "victim")->blame[1];
	assert_int_equal(host->nr, TOTALS_THIEVES_MAX);
	assert_string_equal(host->rows[TOTALS_THIEVES_MAX - 1].thief, "late");
	assert_int_equal(host->other_ns, 3 * (SEC / 2));
	totals_free(&f.totals);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reports_add_up),
		cmocka_unit_test(test_vcpus_come_in_any_order),
		cmocka_unit_test(test_histogram_edges),
		cmocka_unit_test(test_restart_within_an_interval),
		cmocka_unit_test(test_restart_after_a_while),
		cmocka_unit_test(test_another_users_process),
		cmocka_unit_test(test_the_gone_of_another_user),
		cmocka_unit_test(test_many_names_of_one_process),
		cmocka_unit_test(test_the_gone_expire),
		cmocka_unit_test(test_the_gone_are_bounded),
		cmocka_unit_test(test_same_names),
		cmocka_unit_test(test_same_name_after_the_other),
		cmocka_unit_test(test_blame_is_bounded),
		cmocka_unit_test(test_small_thieves_get_no_name),
		cmocka_unit_test(test_a_thief_that_is_gone),
		cmocka_unit_test(test_a_thief_called_other),
		cmocka_unit_test(test_thieves_of_the_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
