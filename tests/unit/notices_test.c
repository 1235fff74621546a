// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the kernel side has to tell: marks, words and waits, and how often a process is looked at.
 */
#include "test.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "trace/notices.h"
#include "trace/tracer_parts.h"

static struct control control;
static uint64_t marks[CHUNK_SLOTS / 64], callers[NR_CALLERS];
static struct wait_event events[4];
static struct tracer tracer;
static struct notice_list list;

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
	if (!(slot->notices & what))
		marks[index / 64] |= 1ULL << (index & 63);
	slot->notices |= what;
}

static void expect(uint32_t what, pid_t process, int vcpu)
{
	struct tracer_notice notice;

	assert_true(tracer_notice(&tracer, &notice));
	assert_int_equal(notice.what, what);
	assert_int_equal(notice.process, process);
	assert_int_equal(notice.tid, process + 1000);
	assert_int_equal(notice.vcpu, vcpu);
}

/* A mark that is set again is one; each is taken once; the first and the last slot have one, too.
 */
static void marked(void **state)
{
	struct tracer_notice notice;

	(void)state;
	for (int i = 0; i < 5000; i++)
		tell(7, NOTICE_RENAME);
	tell(1, NOTICE_VCPU);
	tell(7, NOTICE_DEAD);
	tell(CHUNK_SLOTS - 1, NOTICE_THREAD);
	expect(NOTICE_VCPU, 1001, 1);
	expect(NOTICE_RENAME | NOTICE_DEAD, 1007, 7);
	expect(NOTICE_THREAD, 1000 + CHUNK_SLOTS - 1, CHUNK_SLOTS - 1);
	assert_false(tracer_notice(&tracer, &notice));
}

/* Whoever is renamed without end is told of once until it is looked at. */
static void lasting(void **state)
{
	struct tracer_notice notice;

	(void)state;
	tell(7, NOTICE_RENAME);
	expect(NOTICE_RENAME, 1007, 7);
	tell(7, NOTICE_RENAME);
	assert_false(tracer_notice(&tracer, &notice));
	for (int i = 0; i < 2; i++) {
		tell(7, NOTICE_VCPU);
		expect(NOTICE_RENAME | NOTICE_VCPU, 1007, 7);
		assert_false(tracer_notice(&tracer, &notice));
	}
	tracer_looking(&tracer, 7);
	tell(7, NOTICE_RENAME);
	expect(NOTICE_RENAME, 1007, 7);
}

/* A slot that was given back since, and one that never is anybody's. */
static void nobodys(void **state)
{
	struct tracer_notice notice;

	(void)state;
	tell(3, NOTICE_RENAME);
	memset(slots_at(&tracer, 3), 0, sizeof(struct slot));
	tell(0, NOTICE_RENAME);
	tell(4, NOTICE_RENAME);
	expect(NOTICE_RENAME, 1004, 4);
	assert_false(tracer_notice(&tracer, &notice));
}

/* Every part of a word that is as large as can be comes out as it went in. */
static void called(void **state)
{
	pid_t pid = (1 << CALLER_PID_BITS) - 1;
	struct tracer_notice notice;

	(void)state;
	callers[3] = caller_word(4711, 5711, 5, NOTICE_VCPU | NOTICE_EXEC);
	callers[NR_CALLERS - 1] = caller_word(pid, pid, -1, NOTICE_EXEC);
	tell(5, NOTICE_DEAD);
	expect(NOTICE_DEAD, 1005, 5);
	expect(NOTICE_VCPU | NOTICE_EXEC, 4711, 5);
	assert_true(tracer_notice(&tracer, &notice));
	assert_int_equal(notice.process, pid);
	assert_int_equal(notice.tid, pid);
	assert_int_equal(notice.vcpu, -1);
	assert_int_equal(notice.what, NOTICE_EXEC);
	assert_false(tracer_notice(&tracer, &notice));
	control.callers_lost = 2;
	assert_int_equal(tracer_notices_lost(&tracer), 2);
	assert_int_equal(tracer_notices_lost(&tracer), 0);
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
		notices_add(&list, 1);
		looks += notices_take(&list, SECOND + ms * 1000000) == 1;
	}
	assert_in_range(looks, NOTICE_BURST + 9, NOTICE_BURST + 10);
	assert_int_equal(list.nr, 1); /* it is not forgotten */
	notices_add(&list, 1);
	notices_add(&list, 2);
	assert_int_equal(notices_take(&list, 11 * SECOND - 1), 2);
	assert_int_equal(notices_take(&list, 11 * SECOND - 1), 0);
	assert_int_equal(notices_take(&list, 30 * SECOND), 1);
	assert_int_equal(notices_take(&list, 30 * SECOND), 0);
}

/* Looks take one part in NOTICE_COST_SHARE of the time, whoever shares a place with the process. */
static void dear(void **state)
{
	const pid_t same_place = 1 + NOTICE_LIMITS;
	uint64_t now = SECOND;

	(void)state;
	notices_add(&list, 1);
	assert_int_equal(notices_take(&list, now), 1);
	notices_charge(&list, 1, NOTICE_COST_BURST_NS, now); /* so much at once */
	notices_add(&list, 1);
	assert_int_equal(notices_take(&list, now), 1);
	notices_charge(&list, 1, SECOND / 20, now);
	notices_charge(&list, 1, SECOND / 20, now);
	now += NOTICE_COST_SHARE * SECOND / 10;
	assert_false(notices_may_look(&list, 1, true, now - 1));
	assert_true(
		notices_may_look(&list, 1, false, now - 1)); /* it may be a new one's first vCPU */
	notices_add(&list, 1);
	notices_add(&list, same_place);
	notices_add(&list, 2);
	assert_int_equal(notices_take(&list, now - 1), 2);
	assert_int_equal(notices_take(&list, now - 1), 0);
	assert_true(notices_take(&list, now));
	assert_true(notices_take(&list, now));
}

/* For one of its threads a process is looked at as often as there are, while they are found. */
static void vanishing(void **state)
{
	unsigned int looks = 0, i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		looks += notices_may_look(&list, 1, false, SECOND);
		notices_looked(&list, 1, true);
	}
	assert_int_equal(looks, 1000);
	for (looks = 0, i = 0; i < 1000; i++) {
		looks += notices_may_look(&list, 1, false, SECOND);
		notices_looked(&list, 1, false);
	}
	assert_int_equal(looks, 1 + NOTICE_BURST);
}

static void many(void **state)
{
	(void)state;
	for (pid_t pid = 1; pid <= NOTICE_MAX; pid++)
		notices_add(&list, pid);
	assert_false(list.everything);
	notices_add(&list, NOTICE_MAX);
	assert_false(list.everything);
	notices_add(&list, NOTICE_MAX + 1);
	assert_true(list.everything);
	notices_clear(&list);
	assert_false(list.everything);
	assert_int_equal(notices_take(&list, SECOND), 0);
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
