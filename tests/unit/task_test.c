// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fakeproc.h"

#include "base/cleanup.h"
#include "host/cpu.h"
#include "host/vm/role.h"
#include "host/task.h"

#define TAIL                                                                                     \
	" S 2 1 1 0 -1 2129984 1 2 3 4 5 6 7 8 20 -5 21 0 8989 9 10 18446744073709551615 11 12 " \
	"777 14 15 0 0 0 0 0 0 0 -1 3 0 0 0 0 0 0 0 0 888 0 0 0 0\n"

static int parse_stat(const char *text, struct task_stat *ret)
{
	return task_parse_stat(text, strlen(text), ret);
}

static void stat_fields(void **state)
{
	struct task_stat stat;

	(void)state;
	assert_int_equal(parse_stat("4031 (CPU 0/KVM)" TAIL, &stat), 0);
	assert_int_equal(stat.pid, 4031);
	assert_string_equal(stat.comm, "CPU 0/KVM");
	assert_int_equal(stat.state, 'S');
	assert_int_equal(stat.ppid, 2);
	assert_int_equal(stat.flags, 2129984);
	assert_int_equal(stat.threads, 21);
	assert_int_equal(stat.start, 8989);
	assert_int_equal(stat.processor, 3);
	assert_int_equal(stat.start_stack, 777);
	assert_int_equal(stat.arg_start, 888);
}

static void stat_hostile_comm(void **state)
{
	struct task_stat stat;

	(void)state;
	assert_int_equal(parse_stat("7 (a) R 1 (b\n) x)" TAIL, &stat), 0);
	assert_string_equal(stat.comm, "a) R 1 (b\n) x");
	assert_int_equal(stat.start, 8989);
	assert_int_equal(parse_stat("7 (\x1b[31m)" TAIL, &stat), 0);
	assert_string_equal(stat.comm, "\x1b[31m");
	assert_int_equal(parse_stat("7 ()" TAIL, &stat), 0);
	assert_string_equal(stat.comm, "");
	/* kernel threads show up to 63 characters */
	assert_int_equal(parse_stat("7 (kworker/u8:2-events_unbound)" TAIL, &stat), 0);
	assert_string_equal(stat.comm, "kworker/u8:2-ev");
}

static void stat_broken(void **state)
{
	static const char *const bad[] = {"",	       "7",	   "7 (a",
					  "7 (a)",     "7 (a) S",  ")(",
					  "7 )a( S 1", "(a)" TAIL, "7 (a) S 1 2 3 4 5\n"};
	struct task_stat stat = {.pid = 42};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_stat(bad[i], &stat), -EINVAL);
	assert_int_equal(stat.pid, 42);
}

static void syscalls(void **state)
{
	struct task_syscall call;

	(void)state;
	assert_int_equal(
		task_parse_syscall("16 0x1f 0xae80 0x0 0x0 0x5613d0d80290 0xffffffffffffffff 0x7 "
				   "0x8\n",
				   &call),
		0);
	assert_int_equal(call.nr, 16);
	assert_int_equal(call.args[1], 0xae80);
	assert_true(call.args[5] == UINT64_MAX);
	assert_false(call.running);
	assert_int_equal(task_parse_syscall("running\n", &call), 0);
	assert_true(call.running);
	assert_int_equal(role_kvm_run_fd(&call), -1);
	assert_int_equal(task_parse_syscall("-1 0x7 0x8\n", &call), 0);
	assert_int_equal(call.nr, -1);
	assert_int_equal(role_kvm_run_fd(&call), -1);
}

static void syscalls_broken(void **state)
{
	static const char *const bad[] = {
		"",	"\n", "run", "16", "16 0x1", "16 1 2 3 4 5 6", "16 0x1 0x2 0x3 0x4 0x5 \n",
		"x 0x1"};
	struct task_syscall call = {.nr = 42};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(task_parse_syscall(bad[i], &call), -EINVAL);
	assert_int_equal(call.nr, 42);
}

static void kvm_run(void **state)
{
	struct task_syscall call;

	(void)state;
	task_parse_syscall("16 0x1f 0xae80 0x0 0x0 0x0 0x0 0x7 0x8\n", &call);
	assert_int_equal(role_kvm_run_fd(&call), 31);
	task_parse_syscall("16 0x1f 0xae81 0x0 0x0 0x0 0x0 0x7 0x8\n", &call);
	assert_int_equal(role_kvm_run_fd(&call), -1);
	task_parse_syscall("1 0x1f 0xae80 0x0 0x0 0x0 0x0 0x7 0x8\n", &call);
	assert_int_equal(role_kvm_run_fd(&call), -1);
	assert_int_equal(role_vcpu_of_link("anon_inode:kvm-vcpu:12"), 12);
	assert_int_equal(role_vcpu_of_link("anon_inode:kvm-vcpu:"), -1);
	assert_int_equal(role_vcpu_of_link("anon_inode:kvm-vcpu-stats:1"), -1);
	assert_int_equal(role_vcpu_of_link("/anon_inode:kvm-vcpu:1"), -1);
}

static void status(void **state)
{
	static const char text[] =
		"Name:\ta\\nTgid:\t1\nTgid:\t5355\nPid:\t5422\nNSpid:\t5422\t17\n"
		"Cpus_allowed:\tc\nCpus_allowed_list:\t2-3,5\nMems_allowed:\t1\n";
	autofree char *cpus = task_parse_cpus_allowed(text);

	(void)state;
	assert_string_equal(cpus, "2-3,5");
	assert_int_equal(task_parse_tgid(text), 5355);
	assert_int_equal(task_parse_pidns_depth(text), 2);
	assert_int_equal(task_parse_pidns_depth("Name:\ta\nNSpid:\t1\n"), 1);
	assert_int_equal(task_parse_pidns_depth("Name:\ta\n"), 0);
	assert_null(task_parse_cpus_allowed("Name:\ta\n"));
	assert_int_equal(task_parse_tgid(""), 0);
}

static void comm_roles(void **state)
{
	static const struct {
		const char *comm;
		enum role role;
		int index;
		const char *name;
	} good[] = {
		{"CPU 0/KVM", ROLE_VCPU, 0, ""},
		{"CPU 127/KVM", ROLE_VCPU, 127, ""},
		{"CPU 3/TCG", ROLE_VCPU, 3, ""},
		{"ALL CPUs/TCG", ROLE_VCPU, 0, ""},
		{"fc_vcpu 1", ROLE_VCPU, 1, ""},
		{"vcpu2", ROLE_VCPU, 2, ""},
		{"crosvm_vcpu4", ROLE_VCPU, 4, ""},
		{"kvm-vcpu-5", ROLE_VCPU, 5, ""},
		{"IO disk1", ROLE_IOTHREAD, -1, "disk1"},
		{"IO iothread10", ROLE_IOTHREAD, -1, "iothread10"},
		{"IO mon_iothread", ROLE_EMULATOR, -1, ""},
		{"IO ", ROLE_EMULATOR, -1, ""},
		{"CPU 0/KVMx", ROLE_EMULATOR, -1, ""},
		{"CPU /KVM", ROLE_EMULATOR, -1, ""},
		{"CPU -1/KVM", ROLE_EMULATOR, -1, ""},
		{"vcpu", ROLE_EMULATOR, -1, ""},
		{"vcpu99999999999", ROLE_EMULATOR, -1, ""},
		{"qemu-system-x86", ROLE_EMULATOR, -1, ""},
		{"kvm-nx-lpage-re", ROLE_EMULATOR, -1, ""},
		{"", ROLE_EMULATOR, -1, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct role_guess guess;

		role_from_comm(good[i].comm, &guess);
		assert_int_equal(guess.role, good[i].role);
		assert_int_equal(guess.index, good[i].index);
		assert_string_equal(guess.name, good[i].name);
	}
	assert_int_equal(role_vhost_owner("vhost-5355"), 5355);
	assert_int_equal(role_vhost_owner("vhost-"), 0);
	assert_int_equal(role_vhost_owner("vhost-5355x"), 0);
	assert_int_equal(role_vhost_owner("xvhost-5355"), 0);
}

static void cpu_times(void **state)
{
	static const char text[] = "cpu  10 20 30 40 50 60 70 80 90 100\n"
				   "cpu0 1 2 3 4 5 6 7 8 9 10\ncpu3 1 2 3 4 5 6 7 8 9 10\n"
				   "intr 1 2 3\nctxt 5\nbtime 7\n";
	struct cpu_times times;

	(void)state;
	assert_int_equal(cpu_parse_times(text, 100, &times), 0);
	assert_int_equal(times.cpus, 2);
	assert_int_equal(times.user, 100000000);
	assert_int_equal(times.nice, 200000000);
	assert_int_equal(times.system, 300000000);
	assert_int_equal(times.idle, 400000000);
	assert_int_equal(times.iowait, 500000000);
	assert_int_equal(times.irq, 600000000);
	assert_int_equal(times.softirq, 700000000);
	assert_int_equal(times.steal, 800000000);
	assert_int_equal(times.guest, 900000000);
	assert_int_equal(times.guest_nice, 1000000000);
	assert_int_equal(cpu_parse_times("cpu0 1 2\n", 100, &times), -EINVAL);
	assert_int_equal(cpu_parse_times("cpu  1 2 3\n", 100, &times), -EINVAL);
	assert_int_equal(cpu_parse_times("", 100, &times), -EINVAL);
	/* centuries of ticks do not overflow on the way */
	assert_int_equal(cpu_parse_times("cpu  1000000000000 0 0 0 0 0 0 0 0 0\n", 100, &times), 0);
	assert_int_equal(times.user, 10000000000000000000ULL);
}

static void numa_node(void **state)
{
	struct fake fake;
	char sys[128];

	(void)state;
	fake_new(&fake);
	fake_file(&fake, "sys/devices/system/cpu/cpu3/node_extra", "");
	fake_link(&fake, "sys/devices/system/cpu/cpu3/node1", "../../node/node1");
	fake_file(&fake, "sys/devices/system/cpu/cpu4/online", "1");
	fakef(sys, "%s/sys", fake.root);
	assert_int_equal(cpu_numa_node(sys, 3), 1);
	assert_int_equal(cpu_numa_node(sys, 4), -ENOENT);
	assert_int_equal(cpu_numa_node(sys, 5), -ENOENT);
	fake_free(&fake);
}

static void check_possible(struct fake *fake, const char *list, int end)
{
	char sys[128];

	fake_file(fake, "sys/devices/system/cpu/possible", list);
	assert_int_equal(cpu_possible_end(fakef(sys, "%s/sys", fake->root)), end);
}

static void possible_cpus(void **state)
{
	static const char *const bad[] = {"",
					  "\n",
					  "x",
					  "-3",
					  "0-",
					  "0-x",
					  "3-1",
					  "0,",
					  "0-3,\n",
					  "0-3 4",
					  "2,1",
					  "0-3,2",
					  " 0",
					  "0-3-4",
					  "0-99999999999",
					  "99999999999999999999999"};
	struct fake fake;
	char sys[128];

	(void)state;
	fake_new(&fake);
	assert_int_equal(cpu_possible_end(fakef(sys, "%s/sys", fake.root)), -ENOENT);
	check_possible(&fake, "0\n", 1);
	check_possible(&fake, "0-1\n", 2);
	check_possible(&fake, "0-3,8-11\n", 12); /* eight CPUs */
	check_possible(&fake, "0,4,64\n", 65);
	check_possible(&fake, "2-5", 6);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		check_possible(&fake, bad[i], -EINVAL);
	fake_free(&fake);
	/* where a package is built there may be no /sys */
	if (!access("/sys/devices/system/cpu/possible", R_OK))
		assert_true(cpu_possible_end("/sys") >= sysconf(_SC_NPROCESSORS_CONF));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stat_fields),	   cmocka_unit_test(stat_hostile_comm),
		cmocka_unit_test(stat_broken),	   cmocka_unit_test(syscalls),
		cmocka_unit_test(syscalls_broken), cmocka_unit_test(kvm_run),
		cmocka_unit_test(status),	   cmocka_unit_test(comm_roles),
		cmocka_unit_test(cpu_times),	   cmocka_unit_test(numa_node),
		cmocka_unit_test(possible_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
