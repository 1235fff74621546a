// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/rank.h"
#include "test.h"

#define MS 1000000ULL
#define NR_ACTORS 100

/* Domain "web" (pid 100, vCPUs 0 and 1) and domain "db" (pid 200); an actor's key is its place. */
struct fixture {
	struct thread_counts before[2], after[2];
	struct thief_time old[4], new[4];
	struct domain_counts earlier, domains[2];
	struct actor actors[NR_ACTORS];
	struct snapshot from, to;
	struct report report;
};

enum { IDLE_0, IDLE_1, KTHREAD, HOG, HOG_THREAD, SIBLING, DB_VCPU, DB_VCPU_1, LATE, LATE_SELF, NR };

static void begin(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	for (int i = 0; i < 2; i++)
		f->before[i] = (struct thread_counts){
			.role = ROLE_VCPU, .index = i, .name = "v", .tid = 101 + i};
	memcpy(f->after, f->before, sizeof(f->after));
	f->before[0].thieves = f->old;
	f->after[0].thieves = f->new;
	f->domains[0] = (struct domain_counts){.name = "web",
					       .pid = 100,
					       .manager = "qemu",
					       .accel = "kvm",
					       .threads = f->after,
					       .nr_threads = 1};
	f->domains[1] =
		(struct domain_counts){.name = "db", .pid = 200, .manager = "qemu", .accel = "kvm"};
	f->earlier = f->domains[0];
	f->earlier.threads = f->before;
	f->actors[IDLE_0] = (struct actor){.kind = ACTOR_IDLE};
	f->actors[IDLE_1] = (struct actor){.kind = ACTOR_IDLE};
	f->actors[KTHREAD] = (struct actor){.kind = ACTOR_KERNEL, .pid = 2, .comm = "kthreadd"};
	f->actors[HOG] = (struct actor){.kind = ACTOR_HOST, .pid = 50, .comm = "hog"};
	f->actors[HOG_THREAD] = f->actors[HOG];
	f->actors[SIBLING] = (struct actor){
		.kind = ACTOR_THREAD, .pid = 102, .domain = "web", .domain_pid = 100, .index = 1};
	f->actors[DB_VCPU] =
		(struct actor){.kind = ACTOR_THREAD, .pid = 201, .domain = "db", .domain_pid = 200};
	f->actors[DB_VCPU_1] = f->actors[DB_VCPU];
	f->actors[LATE] = (struct actor){.kind = ACTOR_HOST, .pid = 200, .comm = "worker"};
	f->actors[LATE_SELF] = (struct actor){.kind = ACTOR_HOST, .pid = 100, .comm = "worker"};
	for (int i = 0; i < NR_ACTORS; i++)
		f->actors[i].key = (uint64_t)i;
	f->from = (struct snapshot){.domains = &f->earlier, .nr_domains = 1};
	f->to = (struct snapshot){.mono_ns = 1000 * MS,
				  .domains = f->domains,
				  .nr_domains = 2,
				  .actors = f->actors,
				  .nr_actors = NR};
}

static void lose(struct fixture *f, enum cause cause, uint64_t ns)
{
	f->after[0].cause_ns[cause] += ns;
	f->after[0].steal_ns += ns;
}

static void steal(struct fixture *f, uint64_t key, uint64_t ns)
{
	f->new[f->after[0].nr_thieves++] = (struct thief_time){key, ns};
}

static const struct domain_report *web(struct fixture *f)
{
	assert_int_equal(report_build(&f->from, &f->to, &f->report), 0);
	for (size_t i = 0; i < f->report.nr_domains; i++) {
		if (f->report.domains[i].pid == 100)
			return &f->report.domains[i];
	}
	fail();
	return NULL;
}

static const struct stats *build(struct fixture *f)
{
	return &web(f)->threads[0].own;
}

static void assert_thief(const struct stats *own, size_t i, enum cause cause, pid_t pid,
			 uint64_t ns)
{
	assert_true(i < own->nr_thieves);
	assert_int_equal(own->thieves[i].cause, cause);
	assert_int_equal(own->thieves[i].ns, ns);
	if (pid < 0)
		assert_null(own->thieves[i].actor);
	else
		assert_int_equal(own->thieves[i].actor->pid, pid);
}

static void test_causes_of_actors(void **state)
{
	struct fixture f;
	const struct stats *own;

	(void)state;
	begin(&f);
	lose(&f, CAUSE_VM, 40);
	lose(&f, CAUSE_SELF, 30);
	lose(&f, CAUSE_KERNEL, 20);
	lose(&f, CAUSE_IDLE, 10);
	lose(&f, CAUSE_QUOTA, 99);
	steal(&f, IDLE_0, 10);
	steal(&f, KTHREAD, 20);
	steal(&f, SIBLING, 30);
	steal(&f, DB_VCPU, 40);
	own = build(&f);
	assert_int_equal(own->nr_thieves, 4);
	assert_thief(own, 0, CAUSE_VM, 201, 40);
	assert_thief(own, 1, CAUSE_SELF, 102, 30);
	assert_thief(own, 2, CAUSE_KERNEL, 2, 20);
	assert_thief(own, 3, CAUSE_IDLE, 0, 10);
	report_free(&f.report);
}

/* A key keeps what it had, is evicted and counts from 0 again, or is new; places may change. */
/* Thieves are kept per interval: what an earlier snapshot says of them does not count. */
static void test_of_the_interval(void **state)
{
	struct fixture f;
	const struct stats *own;

	(void)state;
	begin(&f);
	f.old[0] = (struct thief_time){KTHREAD, 100};
	f.old[1] = (struct thief_time){DB_VCPU, 7};
	f.before[0].nr_thieves = 2;
	lose(&f, CAUSE_KERNEL, 150);
	lose(&f, CAUSE_HOST, 60);
	steal(&f, HOG, 60);
	steal(&f, KTHREAD, 150);
	own = build(&f);
	assert_int_equal(own->nr_thieves, 2);
	assert_thief(own, 0, CAUSE_KERNEL, 2, 150);
	assert_thief(own, 1, CAUSE_HOST, 50, 60);
	report_free(&f.report);
}

static void test_one_to_the_operator(void **state)
{
	struct fixture f;
	const struct stats *own;

	(void)state;
	begin(&f);
	lose(&f, CAUSE_HOST, 30);
	lose(&f, CAUSE_IDLE, 7);
	steal(&f, HOG, 10);
	steal(&f, HOG_THREAD, 20);
	steal(&f, IDLE_0, 3);
	steal(&f, IDLE_1, 4);
	own = build(&f);
	assert_int_equal(own->nr_thieves, 2);
	assert_thief(own, 0, CAUSE_HOST, 50, 30);
	assert_thief(own, 1, CAUSE_IDLE, 0, 7);
	report_free(&f.report);
}

/* Processes that are domains: their time moves from `host`, the sum stays. */
static void test_seen_before_registered(void **state)
{
	struct fixture f;
	const struct stats *own;

	(void)state;
	begin(&f);
	lose(&f, CAUSE_HOST, 100);
	steal(&f, LATE, 50);
	steal(&f, LATE_SELF, 30);
	own = build(&f);
	assert_int_equal(own->cause_ns[CAUSE_VM], 50);
	assert_int_equal(own->cause_ns[CAUSE_SELF], 30);
	assert_int_equal(own->cause_ns[CAUSE_HOST], 20);
	assert_thief(own, 0, CAUSE_VM, 200, 50);
	assert_string_equal(own->thieves[0].actor->domain, "db");
	assert_int_equal(own->thieves[0].actor->kind, ACTOR_THREAD);
	assert_thief(own, 1, CAUSE_SELF, 100, 30);
	assert_thief(own, 2, CAUSE_HOST, -1, 20);
	report_free(&f.report);
}

/* What moves is added to those whose thieves have no names. */
static void test_late_beside_nameless(void **state)
{
	struct fixture f;
	const struct stats *own;

	(void)state;
	begin(&f);
	lose(&f, CAUSE_VM, 20);
	lose(&f, CAUSE_HOST, 50);
	steal(&f, LATE, 50);
	own = build(&f);
	assert_int_equal(own->cause_ns[CAUSE_VM], 70);
	assert_int_equal(own->cause_ns[CAUSE_HOST], 0);
	assert_int_equal(own->nr_thieves, 2);
	assert_thief(own, 0, CAUSE_VM, 200, 50);
	assert_thief(own, 1, CAUSE_VM, -1, 20);
	report_free(&f.report);
}

/* Counted as `host` while it was not registered, known as a thread by now. */
static void test_registered_meanwhile(void **state)
{
	struct fixture f;
	const struct stats *own;

	(void)state;
	begin(&f);
	lose(&f, CAUSE_HOST, 100);
	lose(&f, CAUSE_VM, 10);
	steal(&f, DB_VCPU, 60);
	steal(&f, HOG, 40);
	own = build(&f);
	assert_int_equal(own->cause_ns[CAUSE_VM], 60);
	assert_int_equal(own->cause_ns[CAUSE_HOST], 50);
	assert_thief(own, 0, CAUSE_VM, 201, 60);
	assert_thief(own, 1, CAUSE_HOST, 50, 40);
	assert_thief(own, 2, CAUSE_HOST, -1, 10);
	report_free(&f.report);
}

/* Read a moment later than the causes: never more than the cause. */
static void test_thieves_never_exceed(void **state)
{
	struct fixture f;
	const struct stats *own;

	(void)state;
	begin(&f);
	lose(&f, CAUSE_KERNEL, 100);
	steal(&f, KTHREAD, 130);
	steal(&f, 12345, 5); /* no such actor */
	own = build(&f);
	assert_int_equal(own->nr_thieves, 1);
	assert_thief(own, 0, CAUSE_KERNEL, 2, 100);
	report_free(&f.report);
}

static void test_domain_is_bounded(void **state)
{
	static struct thief_time many[NR_ACTORS];
	struct fixture f;
	const struct stats *vcpus;
	uint64_t sum = 0;

	(void)state;
	begin(&f);
	for (int i = 0; i < NR_ACTORS; i++) {
		f.actors[i].kind = ACTOR_KERNEL;
		f.actors[i].pid = i;
		many[i] = (struct thief_time){(uint64_t)i, (uint64_t)i + 1};
		sum += (uint64_t)i + 1;
	}
	f.to.nr_actors = NR_ACTORS;
	f.domains[0].nr_threads = 2;
	for (int i = 0; i < 2; i++) {
		f.after[i].thieves = many;
		f.after[i].nr_thieves = NR_ACTORS;
		f.after[i].cause_ns[CAUSE_KERNEL] = f.after[i].steal_ns = sum;
	}
	vcpus = &web(&f)->vcpus;
	assert_int_equal(vcpus->nr_thieves, REPORT_THIEVES_MAX + 1);
	assert_thief(vcpus, 0, CAUSE_KERNEL, NR_ACTORS - 1, 2 * NR_ACTORS);
	for (size_t i = 0; i < vcpus->nr_thieves; i++)
		sum -= vcpus->thieves[i].ns / 2;
	assert_null(vcpus->thieves[REPORT_THIEVES_MAX].actor);
	assert_int_equal(sum, 0);
	report_free(&f.report);
}

/* The threads of another domain are one thief, siblings are told apart. */
static void test_rank_actors(void **state)
{
	struct fixture f;
	struct thief top[2];
	const struct stats *own;

	(void)state;
	begin(&f);
	lose(&f, CAUSE_VM, 50);
	lose(&f, CAUSE_SELF, 60);
	steal(&f, DB_VCPU, 20);
	steal(&f, DB_VCPU_1, 30);
	steal(&f, SIBLING, 60);
	own = build(&f);
	assert_int_equal(rank_actors(own, CAUSE_VM, top, 2), 1);
	assert_int_equal(top[0].ns, 50);
	assert_int_equal(rank_actors(own, CAUSE_SELF, top, 2), 1);
	assert_int_equal(top[0].actor->index, 1);
	assert_int_equal(rank_actors(own, CAUSE_HOST, top, 2), 0);
	report_free(&f.report);
}

/* Shares and what is not over yet sum to the steal shown, over either edge of the interval. */
static void test_shares(void **state)
{
	struct stats who = {.steal_ns = 3000 * MS,
			    .steal_pct = 50,
			    .cause_ns = {[CAUSE_VM] = 2000 * MS, [CAUSE_HOST] = 1000 * MS}};

	(void)state;
	assert_true(pct_share(&who, 1, 1000 * MS, 3000 * MS) == 50);
	assert_true(pct_unfinished(&who, 1, 1000 * MS) == 0);
	who.steal_ns = 200 * MS;
	assert_true(pct_share(&who, 1, 1000 * MS, 200 * MS) == 20);
	assert_true(pct_unfinished(&who, 1, 1000 * MS) == 30);
	assert_true(pct_share(&who, 1, 0, 200 * MS) == 0);
	who.steal_ns = 0;
	assert_true(pct_share(&who, 1, 1000 * MS, 0) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_causes_of_actors),
		cmocka_unit_test(test_of_the_interval),
		cmocka_unit_test(test_one_to_the_operator),
		cmocka_unit_test(test_seen_before_registered),
		cmocka_unit_test(test_late_beside_nameless),
		cmocka_unit_test(test_registered_meanwhile),
		cmocka_unit_test(test_thieves_never_exceed),
		cmocka_unit_test(test_domain_is_bounded),
		cmocka_unit_test(test_rank_actors),
		cmocka_unit_test(test_shares),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
