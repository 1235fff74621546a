// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Scans that are told the host's threads instead of reading them. */
#include "fakeproc.h"

#include "host/subject/registry.h"
#include "host/task.h"

#define PID 100

static struct fake fake;
static struct registry *reg;

static void add_process(pid_t pid)
{
	char cmdline[] = "qemu\n-name\nguest=web,debug-threads=on\n-accel\nkvm";
	struct fake_process p = {.pid = pid,
				 .comm = "qemu-system-x86",
				 .start = 1000,
				 .cmdline = cmdline,
				 .exe = "/usr/bin/qemu-system-x86_64"};

	fake_process(&fake, &p);
	fake_fd(&fake, pid, 9, "anon_inode:kvm-vm");
}

static int setup(void **state)
{
	char dir[128];

	(void)state;
	fake_new(&fake);
	assert_int_equal(registry_new(fake.proc, &reg), 0);
	assert_int_equal(registry_libvirt_dir(reg, fakef(dir, "%s/run", fake.root)), 0);
	add_process(PID);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	registry_free(reg);
	fake_free(&fake);
	return 0;
}

/* The thread that lives; NULL if there is none. */
static struct thread *thread_of(pid_t pid, pid_t tid)
{
	struct domain *domain = registry_find(reg, pid);

	assert_non_null(domain);
	for (size_t i = 0; i < domain->nr_threads; i++) {
		if (domain->threads[i].tid == tid && !domain->threads[i].gone)
			return &domain->threads[i];
	}
	return NULL;
}

static struct census_task task(pid_t pid, pid_t tid, uint64_t start, const char *comm)
{
	struct census_task task = {.tgid = (uint32_t)pid, .tid = (uint32_t)tid, .start = start};

	snprintf(task.comm, sizeof(task.comm), "%s", comm);
	return task;
}

/* What it writes where others read its command line and its addresses is not exec; exec is,
 * announced or not. */
static void execs(void **state)
{
	struct fake_process p = {.pid = PID,
				 .comm = "qemu-system-x86",
				 .start = 1000,
				 .cmdline = "qemu\n-name\nguest=other",
				 .exe = "/usr/bin/qemu-system-x86_64",
				 .stack = 4711};
	struct census_task tasks[] = {task(PID, PID, 1000, "qemu-system-x86")};

	(void)state;
	tasks[0].execs = 7;
	assert_int_equal(registry_scan_census(reg, tasks, 1), 0);
	assert_string_equal(registry_find(reg, PID)->name, "web");
	fake_process(&fake, &p);
	for (int i = 0; i < 20; i++)
		assert_int_equal(registry_scan_census(reg, tasks, 1), 0);
	assert_string_equal(registry_find(reg, PID)->name, "web");
	tasks[0].execs = 8;
	assert_int_equal(registry_scan_census(reg, tasks, 1), 0);
	assert_string_equal(registry_find(reg, PID)->name, "other");
}

/* None of the threads but the main one is in the fake /proc: they come from the census. */
static void names_and_starts(void **state)
{
	struct census_task tasks[] = {
		task(PID + 1, PID + 1, 5, "other"),	 task(PID, PID + 12, 1002, "CPU 1/KVM"),
		task(PID, PID, 1000, "qemu-system-x86"), task(PID, PID + 11, 1001, "CPU 0/KVM"),
		task(PID - 1, PID - 1, 5, "other"),
	};

	(void)state;
	assert_int_equal(registry_scan_census(reg, tasks, 5), 0);
	assert_int_equal(registry_find(reg, PID)->nr_threads, 3);
	assert_int_equal(thread_of(PID, PID + 11)->role, ROLE_VCPU);
	assert_int_equal(thread_of(PID, PID + 12)->index, 1);
	assert_int_equal(thread_of(PID, PID + 12)->start, 1002);
	assert_int_equal(thread_of(PID, PID)->role, ROLE_EMULATOR);
}

static void follows_changes(void **state)
{
	struct census_task first[] = {
		task(PID, PID, 1000, "qemu-system-x86"),
		task(PID, PID + 11, 1001, "CPU 0/KVM"),
		task(PID, PID + 12, 1002, "worker"),
		task(PID, PID + 13, 1003, "worker"),
	};
	struct census_task then[] = {
		task(PID, PID, 1000, "qemu-system-x86"),
		task(PID, PID + 11, 2001, "CPU 0/KVM"), /* another thread of that number */
		task(PID, PID + 12, 1002, "IO disk1"),	/* renamed */
	};

	(void)state;
	assert_int_equal(registry_scan_census(reg, first, 4), 0);
	assert_int_equal(registry_scan_census(reg, then, 3), 0);
	assert_int_equal(registry_find(reg, PID)->nr_threads, 5); /* two of them gone */
	assert_int_equal(thread_of(PID, PID + 11)->start, 2001);
	assert_string_equal(thread_of(PID, PID + 12)->name, "disk1");
	assert_null(thread_of(PID, PID + 13));
	registry_reap(reg);
	assert_int_equal(registry_find(reg, PID)->nr_threads, 3);
}

/* PF_USER_WORKER makes a vhost worker, its name alone does not. */
static void vhost_by_flag(void **state)
{
	struct census_task tasks[] = {
		task(PID, PID, 1000, "qemu-system-x86"),
		task(PID, PID + 11, 1001, "vhost-100"),
		task(PID, PID + 12, 1002, "vhost-100"),
	};

	(void)state;
	tasks[1].flags = TASK_USER_WORKER;
	assert_int_equal(registry_scan_census(reg, tasks, 3), 0);
	assert_int_equal(thread_of(PID, PID + 11)->role, ROLE_VHOST);
	assert_int_equal(thread_of(PID, PID + 12)->role, ROLE_EMULATOR);
}

/* A process that the census does not have, being younger, is read; so is one looked at by itself.
 */
static void falls_back(void **state)
{
	struct census_task tasks[] = {task(PID, PID, 1000, "qemu-system-x86"),
				      task(PID, PID + 11, 1001, "CPU 0/KVM")};

	(void)state;
	fake_thread(&fake, PID, PID + 11, "CPU 0/KVM", 1001, 0);
	add_process(PID + 100);
	fake_thread(&fake, PID + 100, PID + 111, "CPU 0/KVM", 1001, 0);
	assert_int_equal(registry_scan_census(reg, tasks, 2), 0);
	assert_int_equal(thread_of(PID + 100, PID + 111)->role, ROLE_VCPU);
	assert_int_equal(registry_scan_pid(reg, PID), 1);
	assert_int_equal(registry_find(reg, PID)->nr_threads, 2); /* the same ones */
	assert_int_equal(thread_of(PID, PID + 11)->start, 1001);
}

static void survey_counts(void **state)
{
	size_t threads = 0;

	(void)state;
	assert_int_equal(registry_survey(reg, &threads), 0);
	assert_int_equal(threads, 1);
	assert_int_equal(registry_find(reg, PID)->nr_threads, 0);
	assert_int_equal(registry_scan(reg), 0);
	assert_int_equal(registry_find(reg, PID)->nr_threads, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(execs, setup, teardown),
		cmocka_unit_test_setup_teardown(names_and_starts, setup, teardown),
		cmocka_unit_test_setup_teardown(follows_changes, setup, teardown),
		cmocka_unit_test_setup_teardown(vhost_by_flag, setup, teardown),
		cmocka_unit_test_setup_teardown(falls_back, setup, teardown),
		cmocka_unit_test_setup_teardown(survey_counts, setup, teardown),
	};

	return cmocka_run_group_tests_name("census", tests, NULL, NULL);
}
