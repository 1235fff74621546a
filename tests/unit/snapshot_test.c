// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cleanup.h"
#include "model/snapshot.h"
#include "recorded.h"
#include "test.h"

static int load(const char *text, size_t len, struct snapshot *snap)
{
	autofclose FILE *in = fmemopen((void *)(uintptr_t)text, len, "r");

	assert_non_null(in);
	return read_snapshot(in, snap);
}

static int load_text(const char *text)
{
	struct snapshot snap;
	int err = load(text, strlen(text), &snap);

	if (!err)
		snapshot_free(&snap);
	return err;
}

/* Saved, loaded and saved again it is the same. */
static void assert_round_trip(const struct snapshot *snap)
{
	autofree char *first = NULL, *second = NULL;
	size_t first_len = 0, second_len = 0;
	struct snapshot again;
	FILE *out = open_memstream(&first, &first_len);

	assert_int_equal(recording_add_snapshot(out, snap), 0);
	fclose(out);
	assert_int_equal(load(first, first_len, &again), 0);
	out = open_memstream(&second, &second_len);
	assert_int_equal(recording_add_snapshot(out, &again), 0);
	fclose(out);
	assert_string_equal(first, second);
	snapshot_free(&again);
}

static void test_round_trip(void **state)
{
	struct bin bins[] = {{3, 1}, {231, 0xffffffff}};
	struct thief_time thieves[] = {{UINT64_MAX, 5}, {1, 6}};
	struct thread_counts threads[] = {
		{.role = ROLE_VCPU,
		 .index = 3,
		 .name = "CPU 3/KVM",
		 .tid = 12,
		 .start = 1,
		 .dead = true,
		 .run_ns = 2,
		 .steal_ns = 3,
		 .waiting_ns = 4,
		 .run_delay_ns = 5,
		 .cause_ns = {[CAUSE_PHANTOM] = 6},
		 .merged = 7,
		 .thieves = thieves,
		 .nr_thieves = 2,
		 .waits[WAIT_PREEMPT] =
			 {.count = 8, .sum_ns = 9, .max_ns = 10, .bins = bins, .nr_bins = 2}},
		{.role = ROLE_VHOST, .index = -1, .name = "", .tid = 13},
	};
	struct domain_counts domain = {.name = "caf\xe9\n\"",
				       .uuid = "u",
				       .pid = 9,
				       .start = 8,
				       .manager = "lxd",
				       .accel = "tcg",
				       .skew_ns = 7,
				       .threads = threads,
				       .nr_threads = 2};
	struct actor actors[] = {
		{.key = 1, .kind = ACTOR_HOST, .pid = 5, .comm = "sh", .unit = "a.slice"},
		{.key = UINT64_MAX,
		 .kind = ACTOR_THREAD,
		 .pid = 6,
		 .comm = "x",
		 .domain = "d",
		 .domain_pid = 7,
		 .role = ROLE_IOTHREAD,
		 .index = -1},
	};
	struct snapshot snap = {.time_ns = 1,
				.mono_ns = 2,
				.host = {.cpus = 4, .user = 5, .guest_nice = 6},
				.domains = &domain,
				.nr_domains = 1,
				.actors = actors,
				.nr_actors = 2,
				.trace = {.merged = 1, .has_bpf_cost = true, .bpf_runs = 3}};

	(void)state;
	assert_round_trip(&snap);
}

static void test_values_arrive(void **state)
{
	static const char text[] =
		"{\"schema\":\"stealscope.snapshot/1\",\"mono_ns\":77,\"future\":[1],"
		"\"actors\":[{\"key\":5,\"kind\":\"kernel\",\"pid\":2,\"comm\":\"kthreadd\"}],"
		"\"domains\":[{\"name\":{\"hex\":\"e90a\"},\"pid\":9,\"manager\":\"qemu\","
		"\"accel\":\"kvm\",\"threads\":[{\"role\":\"vcpu\",\"name\":\"t\",\"tid\":10,"
		"\"cause_ns\":{\"vm\":4},\"waits\":{\"wakeup\":{\"bins\":[[1,2],[2,4294967295]]}}}]"
		"}]"
		"}\n";
	struct snapshot snap;

	(void)state;
	assert_int_equal(load(text, sizeof(text) - 1, &snap), 0);
	assert_int_equal(snap.mono_ns, 77);
	assert_int_equal(snap.nr_actors, 1);
	assert_int_equal(snap.actors[0].key, 5);
	assert_string_equal(snap.actors[0].comm, "kthreadd");
	assert_string_equal(snap.domains[0].name, "\xe9\n");
	assert_null(snap.domains[0].uuid);
	assert_int_equal(snap.domains[0].threads[0].index, -1);
	assert_int_equal(snap.domains[0].threads[0].cause_ns[CAUSE_VM], 4);
	assert_int_equal(snap.domains[0].threads[0].waits[WAIT_WAKEUP].bins[1].count, 0xffffffff);
	snapshot_free(&snap);
}

#define HEAD "{\"schema\":\"stealscope.snapshot/1\","
#define DOMAIN "\"domains\":[{\"name\":\"d\",\"pid\":9,\"manager\":\"m\",\"accel\":\"a\","
#define THREAD DOMAIN "\"threads\":[{\"role\":\"vcpu\",\"name\":\"t\",\"tid\":1,"

static void test_hostile_input(void **state)
{
	static const char *const bad[] = {
		"\n",
		"[]",
		"{}",
		"{\"schema\":\"stealscope.snapshot/2\"}",
		"{\"schema\":7}",
		HEAD,
		HEAD "\"time_ns\":-1}",
		HEAD "\"time_ns\":\"1\"}",
		HEAD "\"time_ns\":99999999999999999999}",
		HEAD "\"domains\":7}",
		HEAD "\"domains\":[7]}",
		HEAD "\"domains\":[{}]}",
		HEAD "\"actors\":[{\"key\":1}]}",
		HEAD
		"\"actors\":[{\"key\":1,\"kind\":\"thread\",\"domain\":\"d\",\"role\":\"x\"}]}",
		HEAD "\"actors\":[{\"key\":2,\"kind\":\"idle\"},{\"key\":1,\"kind\":\"idle\"}]}",
		HEAD "\"actors\":[{\"key\":2,\"kind\":\"idle\"},{\"key\":2,\"kind\":\"idle\"}]}",
		HEAD DOMAIN "\"start\":1.5}]}",
		HEAD DOMAIN "\"uuid\":{\"hex\":\"a\"}}]}",
		HEAD DOMAIN "\"uuid\":{\"hex\":\"zz\"}}]}",
		HEAD DOMAIN "\"uuid\":{\"hex\":\"00\"}}]}",
		HEAD DOMAIN "\"uuid\":[]}]}",
		HEAD DOMAIN "\"uuid\":\"a\\u0000b\"}]}",
		HEAD DOMAIN "\"threads\":[{\"role\":\"boss\",\"name\":\"t\",\"tid\":1}]}]}",
		HEAD THREAD "\"index\":-2}]}]}",
		HEAD THREAD "\"index\":2147483648}]}]}",
		HEAD THREAD "\"dead\":1}]}]}",
		HEAD THREAD "\"thieves\":[[1]]}]}]}",
		HEAD THREAD "\"thieves\":[[1,-1]]}]}]}",
		HEAD THREAD "\"waits\":{\"wakeup\":{\"bins\":{}}}}]}]}",
		HEAD THREAD "\"waits\":{\"wakeup\":{\"bins\":[[232,1]]}}}]}]}",
		HEAD THREAD "\"waits\":{\"wakeup\":{\"bins\":[[-1,1]]}}}]}]}",
		HEAD THREAD "\"waits\":{\"wakeup\":{\"bins\":[[1,4294967296]]}}}]}]}",
		HEAD THREAD "\"waits\":{\"wakeup\":{\"bins\":[[1,1],[1,1]]}}}]}]}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(load_text(bad[i]), -EINVAL);
	/* What they would be without the fault. */
	assert_int_equal(load_text(HEAD "\"time_ns\":1}"), 0);
	assert_int_equal(load_text(HEAD THREAD "\"index\":2}]}]}"), 0);
}

/* Every cut and every changed byte of a real line: refused or read, never a crash. */
static void test_damaged_input(void **state)
{
	autofclose FILE *in = fopen("tests/golden/churn.snap.jsonl", "re");
	autofree char *line = NULL;
	size_t size = 0;
	ssize_t len;

	(void)state;
	assert_non_null(in);
	len = getline(&line, &size, in);
	assert_true(len > 0);
	for (ssize_t i = 0; i < len - 1; i++) {
		char saved = line[i];

		line[i] = '\0';
		if (i)
			assert_int_equal(load_text(line), -EINVAL);
		line[i] = '7';
		(void)load_text(line);
		line[i] = saved;
	}
}

static void test_end_of_file(void **state)
{
	autofclose FILE *in = fopen("/dev/null", "re");
	struct snapshot snap;

	(void)state;
	assert_int_equal(read_snapshot(in, &snap), -ENODATA);
}

static void test_full_disk(void **state)
{
	autofclose FILE *full = fopen("/dev/full", "we");
	struct snapshot snap = {0};

	(void)state;
	assert_int_equal(recording_add_snapshot(full, &snap), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_values_arrive),
		cmocka_unit_test(test_hostile_input), cmocka_unit_test(test_damaged_input),
		cmocka_unit_test(test_end_of_file),   cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
