// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How many slots there are, and who may have them. */
#include "test.h"

#include "share.h"
#include "slot.h"
#include "trace/capacity.h"

#define GIB (1ULL << 30)

struct table {
	uint32_t slots, free;
};

static bool take(struct table *table, struct share *share, bool is_vcpu)
{
	if (!share_allows(share, is_vcpu, table->slots, table->free))
		return false;
	table->free--;
	*(is_vcpu ? &share->vcpus : &share->others) += 1;
	return true;
}

/* As many as it gets. */
static struct share greedy(struct table *table)
{
	struct share share = {0};

	while (take(table, &share, false))
		;
	while (take(table, &share, true))
		;
	while (take(table, &share, false))
		;
	return share;
}

static void newcomer(struct table *table, unsigned int vcpus, unsigned int others)
{
	struct share share = {0};

	while (vcpus--)
		assert_true(take(table, &share, true));
	while (others--)
		assert_true(take(table, &share, false));
}

/* Whatever one has taken, the next dozens find room for all of theirs, in the smallest table. */
static void one_greedy(void **state)
{
	static const uint32_t sizes[] = {511, 1023, 4607, 131071};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct table table = {sizes[i], sizes[i]};
		struct share share = greedy(&table);

		assert_int_equal(share.others, sizes[i] / 2);
		assert_in_range(share.vcpus, 1, sizes[i] / 4);
		for (uint32_t next = 0; next < sizes[i] / 8 / 20; next++)
			newcomer(&table, 4, 12);
	}
}

/* However many are greedy, vCPUs of the next find room. */
static void all_greedy(void **state)
{
	struct table table = {4607, 4607};
	struct share share;

	(void)state;
	do
		share = greedy(&table);
	while (share.others > SHARE_FIRST_OTHERS);
	assert_in_range(table.free, 4607 / 8 - 64, 4607 / 8);
	newcomer(&table, 64, 0);
	newcomer(&table, 64, 0);
}

/* Without anybody greedy the table is of use to its last slot but the vCPUs' part. */
static void modest(void **state)
{
	struct table table = {4607, 4607};
	unsigned int domains = 0;

	(void)state;
	for (; table.free > 4607 / 8 + 24; domains++)
		newcomer(&table, 8, 12);
	assert_in_range(domains, 195, 201);
}

static void full(void **state)
{
	struct share share = {0};

	(void)state;
	assert_true(share_allows(&share, true, 1023, 1));
	assert_false(share_allows(&share, true, 1023, 0));
	assert_false(share_allows(&share, false, 1023, 0));
}

static void sizes(void **state)
{
	(void)state;
	assert_int_equal(capacity_default(0, 2, 4 * GIB), 4096);
	assert_int_equal(capacity_default(3000, 2, 16 * GIB), 6000);
	assert_int_equal(capacity_default(0, 128, 1024 * GIB), 32768); /* nobody is there yet */
	assert_int_equal(capacity_default(0, 128, 128 * GIB), 21845);
	assert_int_equal(capacity_default(20000, 128, 1024 * GIB), 40000);
	assert_int_equal(capacity_default(1000000, 2, 16 * GIB), GIB / (12 << 10));
	assert_int_equal(capacity_default(1000000, 512, 8192 * GIB), MAX_SLOTS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_greedy), cmocka_unit_test(all_greedy),
		cmocka_unit_test(modest),     cmocka_unit_test(full),
		cmocka_unit_test(sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
