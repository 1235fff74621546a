// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "thief_table.h"

#define NOBODY NR_THIEVES

static struct thief_table table;

static int setup(void **state)
{
	(void)state;
	memset(&table, 0xff, sizeof(table)); /* what a slot's table held before */
	thief_table_empty(&table);
	table.spare = 0;
	srand(1);
	return 0;
}

static void add(__u64 key, __u64 ns)
{
	const struct actor_name name = {.cgroup = key};

	thief_table_add(&table, key, 7, &name, ns);
}

static __u32 find(__u64 key)
{
	__u32 at = 0;

	while (at < table.nr && table.key[at] != key)
		at++;
	return at < table.nr ? at : NOBODY;
}

static __u64 total(void)
{
	__u64 sum = 0;

	for (__u32 at = 0; at < table.nr; at++)
		sum += table.ns[at];
	return sum;
}

/* The @nth key that is looked for from @home on. */
static __u64 key_from(__u32 home, int nth)
{
	__u64 key = 0;

	while (nth >= 0)
		nth -= thief_home(++key) == home;
	return key;
}

static void each_once(void **state)
{
	(void)state;
	for (int round = 0; round < 3; round++)
		for (__u64 key = 1; key <= NR_THIEVES; key++)
			add(key, key);
	assert_int_equal(table.nr, NR_THIEVES);
	for (__u64 key = 1; key <= NR_THIEVES; key++) {
		assert_int_not_equal(find(key), NOBODY);
		assert_int_equal(table.ns[find(key)], 3 * key);
		assert_int_equal(table.name[find(key)].cgroup, key);
	}
}

static void smallest_goes(void **state)
{
	(void)state;
	for (__u64 key = 1; key <= NR_THIEVES; key++)
		add(key, key == 5 ? 1 : 10 + key);
	add(100, 50);
	assert_int_equal(find(100), NOBODY);
	table.spare = 1;
	add(100, 50);
	add(101, 1000);
	assert_int_equal(table.ns[find(100)], 50);
	assert_int_equal(find(5), NOBODY);
	assert_int_equal(find(101), NOBODY);
	add(100, 2);
	assert_int_equal(table.ns[find(100)], 52);
}

static __u32 places_taken(void)
{
	__u32 taken = 0;

	for (__u32 place = 0; place < THIEF_PLACES; place++)
		taken += table.place[place] != 0;
	return taken;
}

/* Nobody is in it twice, has more than his own, or keeps a place when he has gone. */
static void coming_and_going(void **state)
{
	__u64 had[200] = {0}, all = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		__u64 key = 1 + (__u64)rand() % 199, ns = 1 + (__u64)rand() % 100;

		table.spare = rand() % 2;
		add(key, ns);
		had[key] += ns;
		all += ns;
		for (__u32 at = 0; at < table.nr; at++)
			assert_int_equal(find(table.key[at]), at);
		assert_int_equal(places_taken(), table.nr);
	}
	for (__u32 at = 0; at < table.nr; at++)
		assert_true(table.ns[at] <= had[table.key[at]]);
	assert_true(total() <= all);
}

/* More of one home than there are places for: who came first stay what they were. */
static void crowded_home(void **state)
{
	(void)state;
	table.spare = 4;
	for (int nth = 0; nth <= (int)THIEF_PROBES; nth++)
		add(key_from(THIEF_PLACES - 2, nth), 10);
	assert_int_equal(table.nr, THIEF_PROBES);
	assert_int_equal(find(key_from(THIEF_PLACES - 2, THIEF_PROBES)), NOBODY);
	for (int nth = 0; nth < (int)THIEF_PROBES; nth++)
		assert_int_equal(table.ns[find(key_from(THIEF_PLACES - 2, nth))], 10);
}

static void many_processes(void **state)
{
	const struct actor_name name = {.comm = "sed"};

	(void)state;
	thief_table_add(&table, 1, 100, &name, 1);
	thief_table_add(&table, 1, 100, &name, 1);
	assert_int_equal(table.process[0], 100);
	thief_table_add(&table, 1, 101, &name, 1);
	assert_int_equal(table.process[0], 100 | ACTOR_MANY);
	thief_table_add(&table, 2, 102 | ACTOR_MANY, &name, 1);
	thief_table_add(&table, 2, 102, &name, 1);
	assert_int_equal(table.process[1], 102 | ACTOR_MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_once, setup),
		cmocka_unit_test_setup(smallest_goes, setup),
		cmocka_unit_test_setup(coming_and_going, setup),
		cmocka_unit_test_setup(crowded_home, setup),
		cmocka_unit_test_setup(many_processes, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
