// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What `list` prints, to the letter. */
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "render/render.h"
#include "test.h"

#define NO_LIMIT .quota_us = -1, .period_us = -1

/* No two figures are alike, so that none can stand for another. */
static struct listed_thread threads[] = {
	{.role = ROLE_VCPU,
	 .index = 3,
	 .tid = 9005,
	 .comm = "CPU 3/KVM",
	 .cpus_allowed = "2-3,5",
	 .cpu = 5,
	 .numa_node = 1,
	 .cgroup = "/vm/vcpu3",
	 .quota_us = 33333,
	 .period_us = 50000,
	 .quota_vcpus = 1,
	 .weight = 512},
	{.role = ROLE_VCPU,
	 .index = -1,
	 .tid = 9006,
	 .comm = "qemu",
	 .cpus_allowed = "?",
	 .cpu = -1,
	 .numa_node = -1,
	 NO_LIMIT,
	 .weight = -1},
	{.role = ROLE_IOTHREAD,
	 .index = -1,
	 .name = "disk1",
	 .tid = 9007,
	 .comm = "IO disk1",
	 .cpus_allowed = "0",
	 .cpu = 0,
	 .numa_node = 0,
	 .cgroup = "/vm",
	 .quota_us = 1600000,
	 .period_us = 100000,
	 .quota_vcpus = 32,
	 .weight = 100},
};

static struct listed_domain domains[] = {
	{.name = "web-01",
	 .uuid = "0623b6b0-5d4c-4f6b-9d3a-2f1b7c8e9a01",
	 .pid = 8989,
	 .uid = 64055,
	 .manager = "libvirt",
	 .accel = "kvm",
	 .threads = threads,
	 .nr_threads = ARRAY_SIZE(threads)},
	{.name = "b", .pid = 7, .manager = "qemu", .accel = "tcg"},
};

static const struct inventory inventory = {.domains = domains, .nr_domains = ARRAY_SIZE(domains)};

typedef int renderer(const struct inventory *inventory, const struct render_options *options);

static void check(renderer *render, const struct inventory *list, const char *want)
{
	autofree char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct render_options options = {.out = out};

	assert_non_null(out);
	assert_int_equal(render(list, &options), 0);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, want);
}

static void as_text(void **state)
{
	(void)state;
	check(render_list_text, &inventory,
	      "web-01  (libvirt, kvm, pid 8989, uuid 0623b6b0-5d4c-4f6b-9d3a-2f1b7c8e9a01)\n"
	      "  ROLE            TID  NAME            CPUS     LAST      QUOTA WEIGHT  CGROUP\n"
	      "  vcpu 3         9005  CPU 3/KVM       2-3,5       5      66.7%    512  /vm/vcpu3\n"
	      "  vcpu           9006  qemu            ?           -          -      -  \n"
	      "  iothread       9007  disk1           0           0 1600.0%/32    100  /vm\n"
	      "\n"
	      "b  (qemu, tcg, pid 7)\n"
	      "  ROLE            TID  NAME            CPUS     LAST      QUOTA WEIGHT  CGROUP\n");
}

static void as_json(void **state)
{
	(void)state;
	check(render_list_json, &inventory,
	      "{\"schema\":\"stealscope.list/1\",\"domains\":["
	      "{\"name\":\"web-01\",\"uuid\":\"0623b6b0-5d4c-4f6b-9d3a-2f1b7c8e9a01\","
	      "\"pid\":8989,\"uid\":64055,\"manager\":\"libvirt\",\"accel\":\"kvm\",\"threads\":["
	      "{\"role\":\"vcpu\",\"index\":3,\"tid\":9005,\"comm\":\"CPU 3/KVM\","
	      "\"cpus_allowed\":\"2-3,5\",\"cpu\":5,\"numa_node\":1,\"cgroup\":\"/vm/vcpu3\","
	      "\"quota_us\":33333,\"period_us\":50000,\"quota_vcpus\":1,\"weight\":512},"
	      "{\"role\":\"vcpu\",\"index\":null,\"tid\":9006,\"comm\":\"qemu\","
	      "\"cpus_allowed\":\"?\",\"cpu\":null,\"numa_node\":null,\"cgroup\":null,"
	      "\"quota_us\":null,\"period_us\":null,\"quota_vcpus\":null,\"weight\":null},"
	      "{\"role\":\"iothread\",\"name\":\"disk1\",\"tid\":9007,\"comm\":\"IO disk1\","
	      "\"cpus_allowed\":\"0\",\"cpu\":0,\"numa_node\":0,\"cgroup\":\"/vm\","
	      "\"quota_us\":1600000,\"period_us\":100000,\"quota_vcpus\":32,\"weight\":100}]},"
	      "{\"name\":\"b\",\"uuid\":null,\"pid\":7,\"uid\":0,\"manager\":\"qemu\",\"accel\":"
	      "\"tcg\","
	      "\"threads\":[]}]}\n");
}

static void without_domains(void **state)
{
	const struct inventory none = {0};

	(void)state;
	check(render_list_text, &none,
	      "\nNo virtual machines are running. New ones are picked up "
	      "automatically.\n");
	check(render_list_json, &none, "{\"schema\":\"stealscope.list/1\",\"domains\":[]}\n");
}

static void full_disk(void **state)
{
	renderer *const renderers[] = {render_list_text, render_list_json};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(renderers); i++) {
		autofclose FILE *full = fopen("/dev/full", "we");
		const struct render_options options = {.out = full};

		assert_non_null(full);
		assert_int_equal(renderers[i](&inventory, &options), -ENOSPC);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_text),
		cmocka_unit_test(as_json),
		cmocka_unit_test(without_domains),
		cmocka_unit_test(full_disk),
	};

	return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
