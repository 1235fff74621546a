// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the kernel side has to tell: marks, words and waits, and how often a process is looked at.
 */
#include "test.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "trace/news.h"
#include "trace/tracer_parts.h"

static struct control control;
static uint64_t marks[CHUNK_SLOTS / 64], callers[NR_CALLERS];
static struct wait_event events[4];
static struct tracer tracer;
static struct news_list list;

static int setup(void **state)
{
	(void)state;
	memset(&control, 0, sizeof(control));
	memset(marks, 0, sizeof(marks));
	memset(callers, 0, sizeof(callers));
	memset(&list, 0, sizeof(list));
	tracer = (struct tracer){.control = &control,
				 .slots_fd = memfd_create("slots", MFD_CLOEXEC),
				 .marks = marks,
				 .callers = callers,
				 .events = events,
				 .event_mask = 3,
				 .nr_slots = CHUNK_SLOTS};
	return tracer.slots_fd < 0 || ftruncate(tracer.slots_fd, CHUNK_BYTES);
}

static int teardown(void **state)
{
	(void)state;
	slots_free(&tracer);
	return close(tracer.slots_fd);
}

/* As the kernel side does. */
static void tell(uint32_t index, uint32_t what)
{
	struct slot *slot = slots_at(&tracer, index);

	slot->tgid = 1000 + index;
	slot->tid = 2000 + index;
	slot->vcpu = (int32_t)index;
	if (!(slot->news & what))
		marks[index / 64] |= 1ULL << (index & 63);
	slot->news |= what;
}

static void expect(uint32_t what, pid_t process, int vcpu)
{
	struct tracer_news news;

	assert_true(tracer_news(&tracer, &news));
	assert_int_equal(news.what, what);
	assert_int_equal(news.process, process);
	assert_int_equal(news.tid, process + 1000);
	assert_int_equal(news.vcpu, vcpu);
}

/* A mark that is set again is one; each is taken once; the first and the last slot have one, too.
 */
static void marked(void **state)
{
	struct tracer_news news;

	(void)state;
	for (int i = 0; i < 5000; i++)
		tell(7, NEWS_RENAME);
	tell(1, NEWS_VCPU);
	tell(7, NEWS_DEAD);
	tell(CHUNK_SLOTS - 1, NEWS_THREAD);
	expect(NEWS_VCPU, 1001, 1);
	expect(NEWS_RENAME | NEWS_DEAD, 1007, 7);
	expect(NEWS_THREAD, 1000 + CHUNK_SLOTS - 1, CHUNK_SLOTS - 1);
	assert_false(tracer_news(&tracer, &news));
}

/* Whoever is renamed without end is told of once until it is looked at. */
static void lasting(void **state)
{
	struct tracer_news news;

	(void)state;
	tell(7, NEWS_RENAME);
	expect(NEWS_RENAME, 1007, 7);
	tell(7, NEWS_RENAME);
	assert_false(tracer_news(&tracer, &news));
	for (int i = 0; i < 2; i++) {
		tell(7, NEWS_VCPU);
		expect(NEWS_RENAME | NEWS_VCPU, 1007, 7);
		assert_false(tracer_news(&tracer, &news));
	}
	tracer_looking(&tracer, 7);
	tell(7, NEWS_RENAME);
	expect(NEWS_RENAME, 1007, 7);
}

/* A slot that was given back since, and one that never is anybody's. */
static void nobodys(void **state)
{
	struct tracer_news news;

	(void)state;
	tell(3, NEWS_RENAME);
	memset(slots_at(&tracer, 3), 0, sizeof(struct slot));
	tell(0, NEWS_RENAME);
	tell(4, NEWS_RENAME);
	expect(NEWS_RENAME, 1004, 4);
	assert_false(tracer_news(&tracer, &news));
}

/* Every part of a word that is as large as can be comes out as it went in. */
static void called(void **state)
{
	pid_t pid = (1 << CALLER_PID_BITS) - 1;
	struct tracer_news news;

	(void)state;
	callers[3] = caller_word(4711, 5711, 5, NEWS_VCPU | NEWS_EXEC);
	callers[NR_CALLERS - 1] = caller_word(pid, pid, -1, NEWS_EXEC);
	tell(5, NEWS_DEAD);
	expect(NEWS_DEAD, 1005, 5);
	expect(NEWS_VCPU | NEWS_EXEC, 4711, 5);
	assert_true(tracer_news(&tracer, &news));
	assert_int_equal(news.process, pid);
	assert_int_equal(news.tid, pid);
	assert_int_equal(news.vcpu, -1);
	assert_int_equal(news.what, NEWS_EXEC);
	assert_false(tracer_news(&tracer, &news));
	control.callers_lost = 2;
	assert_int_equal(tracer_news_lost(&tracer), 2);
	assert_int_equal(tracer_news_lost(&tracer), 0);
}

static void tell_wait(uint64_t wait_ns)
{
	uint64_t pos = control.event_head++;

	events[pos & 3].wait_ns = wait_ns;
	events[pos & 3].seq = pos + 1;
}

/* A ring that was overrun tells of the latest, and how many there were before. */
static void overrun(void **state)
{
	struct wait_event event;
	uint64_t lost = 0, i;

	(void)state;
	for (i = 0; i < 7; i++)
		tell_wait(i);
	for (i = 3; i < 7; i++) {
		assert_true(tracer_wait(&tracer, &event, &lost));
		assert_int_equal(event.wait_ns, i);
	}
	assert_false(tracer_wait(&tracer, &event, &lost));
	assert_int_equal(lost, 3);
}

/* At once, for a while; without end, once a second; and nobody else waits for it. */
static void limited(void **state)
{
	unsigned int looks = 0;
	uint64_t ms;

	(void)state;
	for (ms = 0; ms < 10000; ms += 100) {
		news_add(&list, 1);
		looks += news_take(&list, SECOND + ms * 1000000) == 1;
	}
	assert_in_range(looks, NEWS_BURST + 9, NEWS_BURST + 10);
	assert_int_equal(list.nr, 1); /* it is not forgotten */
	news_add(&list, 1);
	news_add(&list, 2);
	assert_int_equal(news_take(&list, 11 * SECOND - 1), 2);
	assert_int_equal(news_take(&list, 11 * SECOND - 1), 0);
	assert_int_equal(news_take(&list, 30 * SECOND), 1);
	assert_int_equal(news_take(&list, 30 * SECOND), 0);
}

/* Looks take one part in NEWS_COST_SHARE of the time, whoever shares a place with the process. */
static void dear(void **state)
{
	const pid_t same_place = 1 + NEWS_LIMITS;
	uint64_t now = SECOND;

	(void)state;
	news_add(&list, 1);
	assert_int_equal(news_take(&list, now), 1);
	news_charge(&list, 1, NEWS_COST_BURST_NS, now); /* so much at once */
	news_add(&list, 1);
	assert_int_equal(news_take(&list, now), 1);
	news_charge(&list, 1, SECOND / 20, now);
	news_charge(&list, 1, SECOND / 20, now);
	now += NEWS_COST_SHARE * SECOND / 10;
	assert_false(news_may_look(&list, 1, true, now - 1));
	assert_true(news_may_look(&list, 1, false, now - 1)); /* it may be a new one's first vCPU */
	news_add(&list, 1);
	news_add(&list, same_place);
	news_add(&list, 2);
	assert_int_equal(news_take(&list, now - 1), 2);
	assert_int_equal(news_take(&list, now - 1), 0);
	assert_true(news_take(&list, now));
	assert_true(news_take(&list, now));
}

/* For one of its threads a process is looked at as often as there are, while they are found. */
static void vanishing(void **state)
{
	unsigned int looks = 0, i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		looks += news_may_look(&list, 1, false, SECOND);
		news_looked(&list, 1, true);
	}
	assert_int_equal(looks, 1000);
	for (looks = 0, i = 0; i < 1000; i++) {
		looks += news_may_look(&list, 1, false, SECOND);
		news_looked(&list, 1, false);
	}
	assert_int_equal(looks, 1 + NEWS_BURST);
}

static void many(void **state)
{
	(void)state;
	for (pid_t pid = 1; pid <= NEWS_MAX; pid++)
		news_add(&list, pid);
	assert_false(list.everything);
	news_add(&list, NEWS_MAX);
	assert_false(list.everything);
	news_add(&list, NEWS_MAX + 1);
	assert_true(list.everything);
	news_clear(&list);
	assert_false(list.everything);
	assert_int_equal(news_take(&list, SECOND), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(marked),  TEST(lasting), TEST(nobodys),   TEST(called), TEST(overrun),
		TEST(limited), TEST(dear),    TEST(vanishing), TEST(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
