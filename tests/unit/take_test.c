// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the loader takes of a slot while a hook writes to it: all of a wait, or nothing. */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bucket.h"
#include "trace/tracer_parts.h"

#define INDEX 1
#define TAKES 20000
#define LONG_NS 20000000

static struct control control;
static uint64_t queue[CHUNK_SLOTS];
static struct tracer tracer;
static struct slot *slot;
static atomic_bool stop;
static atomic_int due; /* waits that end during one look */

static int setup(void **state)
{
	(void)state;
	tracer = (struct tracer){.control = &control,
				 .slots_fd = memfd_create("slots", MFD_CLOEXEC),
				 .free_queue = queue,
				 .nr_slots = CHUNK_SLOTS,
				 .free_mask = CHUNK_SLOTS - 1};
	if (tracer.slots_fd < 0 || ftruncate(tracer.slots_fd, CHUNK_BYTES) || slots_init(&tracer))
		return -1;
	slot = (struct slot *)tracer_slot(&tracer, INDEX);
	stop = false;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	slots_free(&tracer);
	return close(tracer.slots_fd);
}

static void lock(void)
{
	__atomic_store_n(&slot->seq, slot->seq + 1, __ATOMIC_SEQ_CST);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void unlock(void)
{
	__atomic_store_n(&slot->seq, slot->seq + 1, __ATOMIC_RELEASE);
}

/* As the kernel side counts a wait (bpf/wait.h), and blames it on one. */
static void count(uint64_t wait)
{
	uint64_t epoch = __atomic_load_n(&slot->epoch, __ATOMIC_RELAXED);
	struct slot_interval *interval = &slot->interval[epoch & 1];
	struct slot_waits *waits = &slot->waits[0];

	if (interval->epoch != epoch) {
		memset(interval, 0, sizeof(*interval));
		interval->epoch = epoch;
	}
	waits->count++;
	waits->sum_ns += wait;
	waits->buckets[bucket_of(wait)]++;
	if (wait > interval->max_ns[0])
		interval->max_ns[0] = wait;
	interval->thieves.nr = 1;
	interval->thieves.key[0] = 1;
	interval->thieves.ns[0] += wait;
}

/* So that one is now before the other, now after, now between. */
static void spin(void)
{
	for (volatile int runs = rand() % 1000; runs > 0; runs--)
		;
}

static void *busy_hook(void *unused)
{
	while (!stop) {
		if (!due)
			continue;
		due--;
		spin();
		lock();
		count(1 + (uint64_t)rand() % 1000000);
		unlock();
	}
	return unused;
}

/* Its CPU is taken from it in the middle of a wait's account. */
static void *stopped_hook(void *unused)
{
	const struct timespec pause = {.tv_nsec = LONG_NS};

	for (int i = 0; i < 5; i++) {
		lock();
		slot->waits[0].count++;
		nanosleep(&pause, NULL);
		slot->waits[0].sum_ns += LONG_NS;
		slot->waits[0].buckets[bucket_of(LONG_NS)]++;
		unlock();
	}
	stop = true;
	return unused;
}

static uint64_t buckets(const struct slot_waits *waits)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < NR_BUCKETS; i++)
		sum += waits->buckets[i];
	return sum;
}

static uint32_t highest(const struct slot_waits *now, const struct slot_waits *before)
{
	uint32_t bucket = NR_BUCKETS;

	while (bucket-- > 0)
		if (now->buckets[bucket] != before->buckets[bucket])
			return bucket;
	return 0;
}

/* Each wait's longest and thieves come with its count, in no interval before or after. */
static void intervals(void **state)
{
	static struct slot before, now;
	struct slot_interval ended;
	pthread_t hook;

	(void)state;
	assert_int_equal(tracer_take(&tracer, INDEX, &before, &ended), 0);
	assert_int_equal(pthread_create(&hook, NULL, busy_hook, NULL), 0);
	for (int i = 0; i < TAKES; i++) {
		uint64_t sum, grown;

		due = 4;
		spin();
		assert_int_equal(tracer_take(&tracer, INDEX, &now, &ended), 0);
		assert_int_equal(buckets(&now.waits[0]), now.waits[0].count);
		sum = ended.thieves.nr ? ended.thieves.ns[0] : 0;
		grown = now.waits[0].sum_ns - before.waits[0].sum_ns;
		assert_int_equal(sum, grown);
		assert_int_equal(bucket_of(ended.max_ns[0]),
				 grown ? highest(&now.waits[0], &before.waits[0]) : 0);
		before = now;
	}
	stop = true;
	pthread_join(hook, NULL);
}

static void stopped(void **state)
{
	struct slot_interval ended;
	static struct slot now;
	pthread_t hook;

	(void)state;
	assert_int_equal(pthread_create(&hook, NULL, stopped_hook, NULL), 0);
	while (!stop) {
		assert_int_equal(tracer_take(&tracer, INDEX, &now, &ended), 0);
		assert_int_equal(buckets(&now.waits[0]), now.waits[0].count);
		assert_int_equal(now.waits[0].sum_ns, now.waits[0].count * LONG_NS);
	}
	pthread_join(hook, NULL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(intervals), T(stopped)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
