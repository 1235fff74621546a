// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which unit a cgroup's id is of: by a process in it, by a search, and never by a mere number. */
#include <sys/stat.h>

#include "fakeproc.h"

#include "base/cleanup.h"

#include "host/units.h"
#include "slot.h"

static struct fake fake;
static struct units *units;

/* A directory below the fake host's cgroup2 mount; returns its id. */
static uint64_t make_cgroup(const char *path)
{
	autofree char *full = fake_path(&fake, path);
	struct stat st;

	assert_int_equal(mkdir(full, 0755), 0);
	assert_int_equal(stat(full, &st), 0);
	return st.st_ino;
}

static int setup(void **state)
{
	char mountinfo[512];

	(void)state;
	fake_new(&fake);
	make_cgroup("cg2");
	make_cgroup("cg1");
	fake_file(&fake, "proc/self/mountinfo",
		  fakef(mountinfo,
			"30 20 0:26 / %s/cg2 rw - cgroup2 cgroup2 rw\n"
			"31 20 0:27 / %s/cg1 rw - cgroup cgroup rw,cpu,cpuacct\n",
			fake.root, fake.root));
	assert_int_equal(units_new(fake.proc, &units), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	units_free(units);
	fake_free(&fake);
	return 0;
}

static void assert_unit(uint64_t cgroup, pid_t pid, const char *want)
{
	autofree char *unit = units_find(units, cgroup, pid);

	if (want)
		assert_string_equal(unit, want);
	else
		assert_null(unit);
}

static void process(pid_t pid, const char *cgroup)
{
	struct fake_process p = {.pid = pid, .comm = "a", .start = 1, .cgroup = cgroup};

	fake_process(&fake, &p);
}

static void by_a_process(void **state)
{
	uint64_t slice = make_cgroup("cg2/system.slice"), service, legacy;

	(void)state;
	service = make_cgroup("cg2/system.slice/nginx.service");
	legacy = make_cgroup("cg1/batch");
	process(7, "4:cpu,cpuacct:/batch\n0::/system.slice/nginx.service\n");
	assert_unit(service, 7, "nginx.service");
	assert_unit(legacy | CGROUP_V1, 7, "/batch");
	assert_unit(0, 7, NULL);
	/* the number was used again, by a process elsewhere */
	assert_unit(slice, 7, NULL);
}

static void by_search(void **state)
{
	uint64_t deep;

	(void)state;
	make_cgroup("cg2/machine.slice");
	deep = make_cgroup("cg2/machine.slice/libpod-12.scope");
	assert_unit(deep, 999, "libpod-12.scope");
}

static void gone(void **state)
{
	autofree char *path = fake_path(&fake, "cg2/x.service");
	uint64_t cgroup = make_cgroup("cg2/x.service");

	(void)state;
	assert_int_equal(rmdir(path), 0);
	process(7, "0::/x.service\n");
	assert_unit(cgroup, 7, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(by_a_process, setup, teardown),
		cmocka_unit_test_setup_teardown(by_search, setup, teardown),
		cmocka_unit_test_setup_teardown(gone, setup, teardown),
	};

	return cmocka_run_group_tests_name("units", tests, NULL, NULL);
}
