// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Processes with more descriptors than are looked at at once. */
#include "fakehost.h"

#include "base/cleanup.h"

#define MANY 5000
#define KVM_VM "anon_inode:kvm-vm"

static void open_files(pid_t pid, int first, int nr)
{
	while (nr--)
		fake_fd(&fake, pid, first++, "/dev/null");
}

static int resume(bool *ret_found)
{
	int more = registry_resume(reg, ret_found);

	assert_true(more >= 0);
	return more;
}

/* They are looked at in several steps, and that ends. */
static void stranger(void **state)
{
	struct fake_process p = {
		.pid = 800, .comm = "server", .start = 1, .exe = "/usr/bin/server"};
	unsigned int steps = 0;
	bool found = false;

	(void)state;
	fake_process(&fake, &p);
	open_files(800, 3, MANY);
	scan();
	while (resume(&found))
		assert_in_range(++steps, 1, MANY);
	assert_true(steps >= 2);
	assert_false(found);
	assert_int_equal(living(), 0);
}

/* While it is not known whether it has KVM, it is not taken for one without. */
static void hidden_vm(void **state)
{
	bool found = false;

	(void)state;
	kvm_process(900, 1, "deep");
	fake_remove(&fake, "proc/900/fd/9");
	open_files(900, 10, MANY / 2);
	fake_fd(&fake, 900, 10 + MANY / 2, KVM_VM);
	open_files(900, 11 + MANY / 2, MANY / 2);
	scan();
	while (!registry_find(reg, 900))
		assert_true(resume(&found) || registry_find(reg, 900));
	assert_string_equal(registry_find(reg, 900)->accel, "kvm");
	assert_string_equal(registry_find(reg, 900)->name, "deep");
	assert_int_equal(resume(&found), 0);
	/* the descriptor that it was known by is looked at first */
	assert_int_equal(registry_scan_pid(reg, 900), 1);
	assert_int_equal(resume(&found), 0);
}

/* Its VM's descriptor has moved: it stays a domain until all have been looked at, and not longer.
 */
static void moved(void **state)
{
	bool found = false;
	char path[64];

	(void)state;
	hidden_vm(state);
	fake_remove(&fake, fakef(path, "proc/900/fd/%d", 10 + MANY / 2));
	fake_fd(&fake, 900, 9, KVM_VM);
	registry_scan_pid(reg, 900);
	while (resume(&found))
		;
	assert_non_null(registry_find(reg, 900));
	fake_remove(&fake, "proc/900/fd/9");
	fake_file(&fake, "proc/900/cmdline", ""); /* nor may it do without */
	registry_scan_pid(reg, 900);
	assert_non_null(registry_find(reg, 900));
	while (resume(&found))
		;
	assert_null(registry_find(reg, 900));
}

/* What ends, or is another process, while it is looked at keeps nobody busy. */
static void ends(void **state)
{
	struct fake_process p = {
		.pid = 800, .comm = "server", .start = 1, .exe = "/usr/bin/server"};
	bool found = false;

	(void)state;
	fake_process(&fake, &p);
	open_files(800, 3, MANY);
	scan();
	assert_int_equal(resume(&found), 1);
	p.state = 'Z';
	fake_process(&fake, &p);
	assert_int_equal(resume(&found), 0);
	p.start = 2;
	p.state = 'S';
	fake_process(&fake, &p);
	scan();
	assert_int_equal(resume(&found), 1);
	fake_remove(&fake, "proc/800/stat");
	assert_int_equal(resume(&found), 0);
	assert_false(found);
}

/* Of a list that is not complete nobody is told by elimination; who says its descriptor is known.
 */
static void unnamed(void **state)
{
	char path[64];
	bool found = false;

	(void)state;
	kvm_process(900, 1, "wide");
	fake_fd(&fake, 900, 10, "anon_inode:kvm-vcpu:0");
	open_files(900, 11, 9000);
	fake_fd(&fake, 900, 20000, "anon_inode:kvm-vcpu:1");
	fake_thread(&fake, 900, 901, "qemu-system-x86", 1, 0);
	fake_thread(&fake, 900, 902, "qemu-system-x86", 1, 0);
	fake_file(&fake, fakef(path, "proc/900/task/%d/syscall", 901), "running\n");
	fake_file(&fake, fakef(path, "proc/900/task/%d/syscall", 902),
		  "16 0x4e20 0xae80 0x0 0x0 0x0 0x0 0x7ffd0 0x7f00\n");
	scan();
	while (resume(&found))
		;
	check_thread(900, 902, ROLE_VCPU, 1);
	check_thread(900, 901, ROLE_EMULATOR, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(stranger), T(hidden_vm), T(moved), T(ends), T(unnamed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
