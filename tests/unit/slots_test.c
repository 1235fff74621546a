// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The lives of slots: the tracer's books and the table of watched threads, without a kernel side.
 */
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/task.h"
#include "trace/tracer_parts.h"
#include "trace/watched.h"

#define NR_CELLS 64

static struct control control;
static struct skew_cell cells[NR_CELLS];
static uint64_t queue[CHUNK_SLOTS];
static struct tracer tracer;
static struct watched_table table;
static struct registry *registry;

static int setup(void **state)
{
	(void)state;
	memset(&control, 0, sizeof(control));
	memset(cells, 0, sizeof(cells));
	tracer = (struct tracer){.control = &control,
				 .slots_fd = memfd_create("slots", MFD_CLOEXEC),
				 .free_queue = queue,
				 .cells = cells,
				 .nr_cells = NR_CELLS,
				 .nr_slots = CHUNK_SLOTS,
				 .free_mask = CHUNK_SLOTS - 1,
				 .reserve = 4};
	return tracer.slots_fd < 0 || ftruncate(tracer.slots_fd, CHUNK_BYTES) ||
	       slots_init(&tracer) || watched_init(&table) || registry_new("/proc", &registry);
}

static int teardown(void **state)
{
	(void)state;
	registry_free(registry);
	watched_free(&table);
	slots_free(&tracer);
	return close(tracer.slots_fd);
}

static struct slot *slot_at(uint32_t index)
{
	return (struct slot *)tracer_slot(&tracer, index);
}

/* As the kernel side adopts a thread. Its slot's number. */
static uint32_t adopt(pid_t tid, uint64_t start)
{
	uint32_t index = (uint32_t)queue[control.free_head++ & tracer.free_mask];
	struct slot *slot = slot_at(index);
	uint32_t generation = (uint32_t)slot->key >> SLOT_BITS;

	slot->key = actor_key(CLASS_DOMAIN, 1, generation << SLOT_BITS | index);
	slot->tid = (uint32_t)tid;
	slot->tgid = 1;
	slot->start_boottime = start * TICK_NS;
	slot->vcpu = -1;
	slot->run_ns = 1;
	slot->state = SLOT_SLEEPING;
	return index;
}

/* The latest reference to a slot finds it neither free nor as its heir's. */
static void references(void **state)
{
	uint32_t first = adopt(4711, 1), ref = key_ref(slot_at(first)->key), i;

	(void)state;
	assert_int_equal(tracer_adopted(&tracer), first);
	slot_at(first)->steal_ns = 5;
	tracer_retire(&tracer, first);
	assert_int_not_equal(key_ref(slot_at(first)->key), ref);
	assert_int_equal(key_slot(slot_at(first)->key), first); /* a hook may be at it */
	assert_int_equal(key_class(slot_at(first)->key), CLASS_DOMAIN);
	for (i = 0; i < 3 * SLOT_GENERATIONS; i++) {
		ref = key_ref(slot_at(first)->key);
		tracer_release(&tracer, first);
		assert_int_equal(key_slot(slot_at(first)->key), 0);
		assert_int_equal(slot_at(first)->steal_ns, 0);
		while (adopt(4711, 1) != first)
			tracer_release(&tracer, tracer_adopted(&tracer));
		assert_int_not_equal(key_ref(slot_at(first)->key), ref);
		assert_int_equal(tracer_adopted(&tracer), first);
	}
}

static void join_cell(uint32_t index, uint32_t cell, enum slot_state counted)
{
	struct slot *slot = slot_at(index);

	slot->cell = cell;
	slot->vcpu = 0;
	slot->counted = counted;
	cells[cell].owner = ((uint32_t)1 | cells[cell].owner) + CELL_MEMBER;
	cells[cell].vcpus++;
	cells[cell].states += counted == SLOT_WAITING ? 1ULL << 32 : counted == SLOT_RUNNING;
}

/* A vCPU that leaves in the middle of skew ends it; the last one leaves nothing behind. */
static void skew(void **state)
{
	uint32_t runs = adopt(4711, 1), waits = adopt(4712, 1);

	(void)state;
	join_cell(runs, 3, SLOT_RUNNING);
	join_cell(waits, 3, SLOT_WAITING);
	cells[3].skew_ns = (uint64_t)-1000; /* skewed since 1 µs after boot */
	tracer_release(&tracer, waits);
	assert_int_equal(cells[3].owner, 1 | CELL_MEMBER);
	assert_int_equal(cells[3].vcpus, 1);
	assert_int_equal(cells[3].states, 1);
	assert_true((int64_t)cells[3].skew_ns > 0);
	tracer_release(&tracer, runs);
	assert_int_equal(cells[3].owner, 0);
	assert_int_equal(cells[3].vcpus, 0);
	assert_int_equal(cells[3].states, 0);
	assert_int_equal(cells[3].skew_ns, 0);
}

static void review(void)
{
	struct tracer_request *requests;

	assert_int_equal(watched_join(&table, &tracer, registry, &requests), 0);
	free(requests);
	watched_review(&table, &tracer, registry);
}

static void ripen(void)
{
	for (uint32_t i = 1; i <= table.highest; i++)
		if (table.at[i].left_ns)
			table.at[i].left_ns = 1;
}

/* A dead thread's slot is free once its counts are taken, and not before. */
static void death(void **state)
{
	uint32_t index = adopt(4711, 1);

	(void)state;
	watched_take_adopted(&table, &tracer);
	review();
	slot_at(index)->state = SLOT_DEAD;
	review();
	assert_int_equal(watched_ripe(&table, 1), 0); /* its last hook may be running */
	ripen();
	assert_int_equal(watched_ripe(&table, 1), index);
	watched_drop(&table, &tracer);
	assert_int_equal(table.nr, 1);
	table.at[index].taken = true;
	assert_int_equal(watched_ripe(&table, 1), 0);
	watched_drop(&table, &tracer);
	assert_int_equal(table.nr, 0);
	assert_int_equal(tracer_free_slots(&tracer), tracer_slots(&tracer));
}

static uint64_t own_start(void)
{
	struct task_stat stat;

	assert_int_equal(task_read_stat(AT_FDCWD, "/proc/thread-self/stat", &stat), 0);
	return stat.start;
}

/* Who lives and is in no domain is not watched; one that was just adopted is looked at first. */
static void no_domain(void **state)
{
	uint32_t index = adopt(gettid(), own_start()), ref = key_ref(slot_at(index)->key);

	(void)state;
	watched_take_adopted(&table, &tracer);
	review();
	assert_int_equal(table.nr_left, 0);
	review();
	assert_int_equal(table.nr_left, 1);
	assert_int_not_equal(key_ref(slot_at(index)->key), ref);
}

/* Gone from /proc, not known to be dead: it may still have to wait for its last switch. */
static void missed(void **state)
{
	uint32_t index = adopt(gettid(), own_start() + 1); /* another thread had the number */

	(void)state;
	watched_take_adopted(&table, &tracer);
	review();
	review();
	assert_int_equal(table.nr_left, 0);
	assert_int_equal(table.nr_missed, 1);
	table.at[index].missed_ns = 1;
	review();
	assert_int_equal(table.nr_left, 1);
	assert_int_equal(table.nr_missed, 0);
}

/* Adopted twice: the loser never ran, and nobody hears of it. */
static void void_slot(void **state)
{
	uint32_t index = adopt(4711, 1);

	(void)state;
	slot_at(index)->run_ns = 0;
	slot_at(index)->state = SLOT_DEAD;
	watched_take_adopted(&table, &tracer);
	ripen();
	assert_int_equal(watched_ripe(&table, 1), 0);
	watched_drop(&table, &tracer);
	assert_int_equal(tracer_free_slots(&tracer), tracer_slots(&tracer));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(references), T(skew), T(death), T(no_domain), T(missed), T(void_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
