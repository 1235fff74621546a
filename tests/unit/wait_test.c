// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A line of `watch`, to the letter. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/cleanup.h"
#include "render/render.h"
#include "test.h"

#define MS 1000000ULL

static struct actor vcpu = {.kind = ACTOR_THREAD,
			    .pid = 41,
			    .comm = "CPU 0/KVM",
			    .domain = "db-02",
			    .domain_pid = 40,
			    .role = ROLE_VCPU,
			    .index = 0};
static struct actor iothread = {.kind = ACTOR_THREAD,
				.pid = 52,
				.comm = "IO disk",
				.domain = "db-03",
				.domain_pid = 50,
				.role = ROLE_IOTHREAD,
				.index = -1};
static struct actor emulator = {.kind = ACTOR_THREAD,
				.pid = 70,
				.comm = "qemu",
				.domain = "web-01",
				.domain_pid = 70,
				.role = ROLE_EMULATOR,
				.index = -1};
static struct actor stress = {.kind = ACTOR_HOST, .pid = 60, .comm = "stress"};
static struct actor kworker = {.kind = ACTOR_KERNEL, .pid = 61, .comm = "kworker/0:1"};

/* 100 ms: the thieves of three causes, in the order of their size and not of their cause. */
static const struct long_wait example = {
	.time_ns = 1795244401123456789,
	.domain = "web-01",
	.uuid = "0623b6b0-5d4c-4f6b-9d3a-2f1b7c8e9a01",
	.pid = 70,
	.role = ROLE_VCPU,
	.index = 2,
	.name = "CPU 2/KVM",
	.tid = 72,
	.cpu = 5,
	.kind = WAIT_PREEMPT,
	.wait_ns = 100 * MS,
	.cause_ns = {[CAUSE_QUOTA] = 4 * MS,
		     [CAUSE_VM] = 30 * MS,
		     [CAUSE_SELF] = 5 * MS,
		     [CAUSE_HOST] = 50 * MS,
		     [CAUSE_KERNEL] = 10 * MS,
		     [CAUSE_UNKNOWN] = 1 * MS},
	.thieves = {{.cause = CAUSE_HOST, .actor = &stress, .ns = 41 * MS},
		    {.cause = CAUSE_VM, .actor = &vcpu, .ns = 23 * MS},
		    {.cause = CAUSE_KERNEL, .actor = &kworker, .ns = 10 * MS},
		    {.cause = CAUSE_VM, .actor = &iothread, .ns = 7 * MS},
		    {.cause = CAUSE_SELF, .actor = &emulator, .ns = 5 * MS}},
	.nr_thieves = 5,
};

typedef int renderer(const struct long_wait *wait, const struct render_options *options);

static void check(renderer *render, const struct long_wait *wait, const char *want)
{
	autofree char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct render_options options = {.out = out};

	assert_non_null(out);
	assert_int_equal(render(wait, &options), 0);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, want);
}

static int utc(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	return 0;
}

/* Causes by size, in each its own thieves and what remains of it. */
static void as_text(void **state)
{
	(void)state;
	check(render_wait_text, &example,
	      "07:00:01.123 web-01/vcpu 2        cpu 5   preempt  100ms "
	      " host 50ms (stress (pid 60) 41%, others 9%)"
	      " vm 30ms (db-02/vcpu 0 23%, db-03/iothread 7%)"
	      " kernel 10ms (kworker/0:1 (pid 61) 10%)"
	      " self 5.0ms (web-01/emulator 5%) quota 4.0ms unknown 1.0ms\n");
}

/* Three names in a cause; causes below a thousandth are left out, and a thief bigger than his. */
static void at_the_edges(void **state)
{
	struct long_wait wait = {
		.domain = "d",
		.role = ROLE_EMULATOR,
		.index = -1,
		.kind = WAIT_WAKEUP,
		.wait_ns = 100 * MS,
		.cause_ns = {[CAUSE_HOST] = 999 * MS / 10, [CAUSE_IDLE] = MS / 10 - 1},
		.thieves = {{.cause = CAUSE_HOST, .actor = &stress, .ns = 200 * MS},
			    {.cause = CAUSE_HOST, .actor = &stress, .ns = 40 * MS},
			    {.cause = CAUSE_HOST, .actor = &stress, .ns = 30 * MS},
			    {.cause = CAUSE_HOST, .actor = &stress, .ns = 20 * MS},
			    {.cause = CAUSE_HOST, .actor = &stress, .ns = 9 * MS}},
		.nr_thieves = 5,
	};

	(void)state;
	check(render_wait_text, &wait,
	      "00:00:00.000 d/emulator           cpu 0   wakeup   100ms "
	      " host 100ms (stress (pid 60) 40%, stress (pid 60) 30%, stress (pid 60) 20%,"
	      " others 10%)\n");
	wait.cause_ns[CAUSE_HOST] = 905 * MS / 10; /* what is left is not worth a word */
	wait.cause_ns[CAUSE_IDLE] = 95 * MS / 10;
	check(render_wait_text, &wait,
	      "00:00:00.000 d/emulator           cpu 0   wakeup   100ms "
	      " host 91ms (stress (pid 60) 40%, stress (pid 60) 30%, stress (pid 60) 20%)"
	      " idle 9.5ms\n");
}

static void as_json(void **state)
{
	(void)state;
	check(render_wait_json, &example,
	      "{\"schema\":\"stealscope.watch/1\",\"time\":\"2026-11-21T07:00:01.123Z\","
	      "\"victim\":{\"domain\":\"web-01\","
	      "\"uuid\":\"0623b6b0-5d4c-4f6b-9d3a-2f1b7c8e9a01\",\"pid\":70,"
	      "\"role\":\"vcpu\",\"index\":2,\"tid\":72},\"cpu\":5,\"kind\":\"preempt\","
	      "\"wait_ns\":100000000,\"cause_ns\":{\"quota\":4000000,\"vm\":30000000,"
	      "\"self\":5000000,\"host\":50000000,\"kernel\":10000000,\"idle\":0,\"phantom\":0,"
	      "\"unknown\":1000000},\"thieves\":["
	      "{\"cause\":\"host\",\"pid\":60,\"comm\":\"stress\",\"ns\":41000000},"
	      "{\"cause\":\"vm\",\"domain\":\"db-02\",\"pid\":40,\"role\":\"vcpu\",\"index\":0,"
	      "\"tid\":41,\"comm\":\"CPU 0/KVM\",\"ns\":23000000},"
	      "{\"cause\":\"kernel\",\"pid\":61,\"comm\":\"kworker/0:1\",\"ns\":10000000},"
	      "{\"cause\":\"vm\",\"domain\":\"db-03\",\"pid\":50,\"role\":\"iothread\","
	      "\"tid\":52,\"comm\":\"IO disk\",\"ns\":7000000},"
	      "{\"cause\":\"self\",\"domain\":\"web-01\",\"pid\":70,\"role\":\"emulator\","
	      "\"tid\":70,\"comm\":\"qemu\",\"ns\":5000000}]}\n");
}

static void full_disk(void **state)
{
	renderer *const renderers[] = {render_wait_text, render_wait_json};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(renderers); i++) {
		autofclose FILE *full = fopen("/dev/full", "we");
		const struct render_options options = {.out = full};

		assert_non_null(full);
		assert_int_equal(renderers[i](&example, &options), -ENOSPC);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_text),
		cmocka_unit_test(at_the_edges),
		cmocka_unit_test(as_json),
		cmocka_unit_test(full_disk),
	};

	return cmocka_run_group_tests_name("wait", tests, utc, NULL);
}
