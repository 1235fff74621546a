// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "test.h"

#include <string.h>

#include "model/departed.h"

#define MAX 4096

static struct departed_domain *domain_of(struct departed *departed, pid_t pid, const char *name)
{
	struct departed_domain *domain = departed_find(departed, pid, 100);

	if (domain)
		return domain;
	domain = departed_new(departed);
	assert_non_null(domain);
	domain->counts = (struct domain_counts){.name = arena_strdup(&departed->arena, name),
						.pid = pid,
						.start = 100,
						.manager = "qemu",
						.accel = "kvm"};
	return domain;
}

/* A vCPU 0 with one wait of @ns, which @thief took. */
static void add(struct departed *departed, struct departed_domain *domain, pid_t tid, uint64_t ns,
		uint64_t thief, bool seen)
{
	struct bin *bins = arena_array(&departed->arena, 1, sizeof(*bins));
	struct thief_time *thieves = arena_array(&departed->arena, 1, sizeof(*thieves));
	struct thread_counts thread = {.role = ROLE_VCPU,
				       .tid = tid,
				       .start = 200,
				       .name = arena_strdup(&departed->arena, "CPU 0/KVM"),
				       .dead = true,
				       .run_ns = 10,
				       .steal_ns = ns,
				       .thieves = thieves,
				       .nr_thieves = 1};

	*bins = (struct bin){5, 1};
	*thieves = (struct thief_time){thief, ns};
	thread.cause_ns[CAUSE_HOST] = ns;
	thread.waits[WAIT_WAKEUP] = (struct wait_counts){1, ns, ns, bins, 1};
	assert_int_equal(departed_add(departed, domain, &thread, seen), 0);
}

static void snap_new(struct snapshot *snap, size_t room)
{
	*snap = (struct snapshot){0};
	snap->domains = arena_array(&snap->arena, room, sizeof(*snap->domains));
	assert_non_null(snap->domains);
}

/* Threads of a domain that lives go to it; a domain that is gone is in the snapshot once more. */
static void moved(void **state)
{
	struct thread_counts lives = {.role = ROLE_EMULATOR, .index = -1, .tid = 7};
	struct departed departed = {.max = MAX};
	struct snapshot snap;

	(void)state;
	add(&departed, domain_of(&departed, 7, "web-1"), 9, 30, 1, true);
	add(&departed, domain_of(&departed, 7, "web-1"), 8, 20, 1, true);
	add(&departed, domain_of(&departed, 5, "db-02"), 6, 40, 2, true);
	snap_new(&snap, 1 + departed.nr_domains);
	snap.domains[snap.nr_domains++] = (struct domain_counts){
		.name = "web-1", .pid = 7, .start = 100, .threads = &lives, .nr_threads = 1};
	assert_int_equal(departed_move(&departed, &snap), 0);
	assert_null(departed.domains);
	assert_null(departed.arena.blocks);
	assert_int_equal(snap.nr_domains, 2);
	assert_int_equal(snap.domains[0].nr_threads, 3);
	assert_int_equal(snap.domains[0].threads[0].tid, 8);
	assert_int_equal(snap.domains[0].threads[1].steal_ns, 30);
	assert_int_equal(snap.domains[0].threads[2].tid, 7);
	assert_string_equal(snap.domains[1].name, "db-02");
	assert_int_equal(snap.domains[1].threads[0].thieves[0].ns, 40);
	assert_int_equal(departed_move(&departed, &snap), 0); /* nothing */
	assert_int_equal(snap.nr_domains, 2);
	snapshot_free(&snap);
}

/* However many come and go, what is kept is bounded, and nothing of it is lost. */
static void bounded(void **state)
{
	struct departed departed = {.max = MAX};
	struct departed_domain *domain = domain_of(&departed, 7, "web-1");
	const struct thread_counts *sum;
	struct snapshot snap;

	(void)state;
	for (pid_t tid = 1; tid <= MAX; tid++)
		add(&departed, domain, tid, 1, 1, false);
	for (int i = 0; i < 1000; i++)
		add(&departed, domain, 100000 + i, 30 + i % 2, (uint64_t)i % 2 + 1, false);
	add(&departed, domain, 200000, 7, 1, true); /* its difference to the last one is needed */
	assert_int_equal(departed.nr_threads, MAX + 2);
	snap_new(&snap, departed.nr_domains);
	assert_int_equal(departed_move(&departed, &snap), 0);
	assert_int_equal(snap.domains[0].nr_threads, MAX + 2);
	sum = &snap.domains[0].threads[MAX];
	assert_int_equal(sum->tid, 100999);
	assert_int_equal(sum->run_ns, 10000);
	assert_int_equal(sum->steal_ns, 30500);
	assert_int_equal(sum->cause_ns[CAUSE_HOST], 30500);
	assert_int_equal(sum->waits[WAIT_WAKEUP].count, 1000);
	assert_int_equal(sum->waits[WAIT_WAKEUP].sum_ns, 30500);
	assert_int_equal(sum->waits[WAIT_WAKEUP].max_ns, 31);
	assert_int_equal(sum->waits[WAIT_WAKEUP].nr_bins, 1);
	assert_int_equal(sum->waits[WAIT_WAKEUP].bins[0].count, 1000);
	assert_int_equal(sum->nr_thieves, 2);
	assert_int_equal(sum->thieves[0].ns + sum->thieves[1].ns, 30500);
	assert_int_equal(snap.domains[0].threads[MAX + 1].steal_ns, 7);
	snapshot_free(&snap);
}

/* Only the names of the smallest are lost. */
static void many_thieves(void **state)
{
	struct departed departed = {.max = MAX};
	struct departed_domain *domain = domain_of(&departed, 7, "web-1");
	const struct thread_counts *sum;
	struct snapshot snap;

	(void)state;
	departed.max = 0;
	for (uint64_t thief = 1; thief <= 1000; thief++)
		add(&departed, domain, 1, thief, thief, false);
	snap_new(&snap, departed.nr_domains);
	assert_int_equal(departed_move(&departed, &snap), 0);
	sum = &snap.domains[0].threads[0];
	assert_int_equal(sum->steal_ns, 500500);
	for (size_t i = 0; i < sum->nr_thieves; i++)
		assert_true(sum->thieves[i].ns > 1000 - sum->nr_thieves);
	snapshot_free(&snap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moved),
		cmocka_unit_test(bounded),
		cmocka_unit_test(many_thieves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
