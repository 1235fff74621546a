// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which threads a domain has, what each does, and which vCPU it is. */
#include "fakehost.h"

#include "host/task.h"

static void syscall_of(pid_t pid, pid_t tid, const char *text)
{
	char path[64];

	fake_file(&fake, fakef(path, "proc/%d/task/%d/syscall", pid, tid), text);
}

/* LXD gives its threads no names: 23916 and 23917 are the vCPUs. */
static void lxd_tree(void)
{
	static const pid_t others[] = {23911, 23915, 23916, 23917, 23921};
	char *cmdline = fixture("lxd-cont0.cmdline.txt");
	struct fake_process p = {.pid = 23910,
				 .comm = "qemu-system-x86",
				 .start = 500,
				 .cmdline = cmdline,
				 .exe = "/snap/lxd/25505/bin/qemu-system-x86_64"};

	fake_process(&fake, &p);
	fake_fd(&fake, 23910, 9, "anon_inode:kvm-vm");
	fake_fd(&fake, 23910, 30, "anon_inode:kvm-vcpu:0");
	fake_fd(&fake, 23910, 31, "anon_inode:kvm-vcpu:1");
	syscall_of(23910, 23910, "271 0x1 0x2 0x3 0x4 0x5 0x6 0x7 0x8\n");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		fake_thread(&fake, 23910, others[i], "qemu-system-x86", 501, 0);
		syscall_of(23910, others[i], "202 0x1 0x80 0x3 0x4 0x5 0x6 0x7 0x8\n");
	}
	free(cmdline);
}

static void lxd_by_kvm_run(void **state)
{
	(void)state;
	lxd_tree();
	syscall_of(23910, 23917, "16 0x1f 0xae80 0x0 0x0 0x0 0x0 0x7 0x8\n");
	syscall_of(23910, 23916, "16 0x1e 0xae80 0x0 0x0 0x0 0x0 0x7 0x8\n");
	/* a kernel helper in the process shows its creator's system call */
	fake_thread(&fake, 23910, 23900, "kvm-nx-lpage-re", 501, TASK_USER_WORKER);
	syscall_of(23910, 23900, "16 0x1e 0xae80 0x0 0x0 0x0 0x0 0x7 0x8\n");
	scan();
	assert_string_equal(registry_find(reg, 23910)->name, "cont0");
	assert_string_equal(registry_find(reg, 23910)->manager, "lxd");
	check_thread(23910, 23916, ROLE_VCPU, 0);
	check_thread(23910, 23917, ROLE_VCPU, 1);
	assert_true(thread_of(23910, 23917)->index_sure);
	check_thread(23910, 23900, ROLE_EMULATOR, -1);
	check_thread(23910, 23911, ROLE_EMULATOR, -1);
}

static void lxd_by_elimination(void **state)
{
	(void)state;
	lxd_tree();
	syscall_of(23910, 23916, "running\n");
	syscall_of(23910, 23917, "running\n");
	syscall_of(23910, 23921, "running\n"); /* three run, two are vCPUs: no telling */
	scan();
	check_thread(23910, 23916, ROLE_EMULATOR, -1);
	syscall_of(23910, 23921, "202 0x1 0x80 0x3 0x4 0x5 0x6 0x7 0x8\n");
	scan();
	check_thread(23910, 23916, ROLE_VCPU, 0);
	check_thread(23910, 23917, ROLE_VCPU, 1);
	assert_false(thread_of(23910, 23917)->index_sure);
	/* what KVM says later counts more */
	syscall_of(23910, 23916, "16 0x1f 0xae80 0x0 0x0 0x0 0x0 0x7 0x8\n");
	scan();
	check_thread(23910, 23916, ROLE_VCPU, 1);
	check_thread(23910, 23917, ROLE_VCPU, 0);
	assert_true(thread_of(23910, 23916)->index_sure);
	assert_false(thread_of(23910, 23917)->index_sure);
}

static void libvirt_status(void **state)
{
	static const char xml[] = "<!-- WARNING -->\n<domstatus state='running' pid='14185'>\n"
				  "<vcpus><vcpu id='0' pid='14191'/><vcpu id='1' pid='14192'/>"
				  "</vcpus><domain><vcpu id='7' pid='14185'/></domain></domstatus>";

	(void)state;
	kvm_process(14185, 100, "web-01");
	fake_thread(&fake, 14185, 14191, "qemu-system-x86", 101, 0);
	fake_thread(&fake, 14185, 14192, "qemu-system-x86", 101, 0);
	fake_file(&fake, "run/web-01.xml", xml);
	kvm_process(14200, 100, "web-0"); /* the file of an earlier one */
	fake_file(&fake, "run/web-0.xml",
		  "<domstatus pid='14185'><vcpu id='0' pid='14201'/></domstatus>");
	fake_thread(&fake, 14200, 14201, "qemu-system-x86", 101, 0);
	scan();
	check_thread(14185, 14191, ROLE_VCPU, 0);
	check_thread(14185, 14192, ROLE_VCPU, 1);
	check_thread(14185, 14185, ROLE_EMULATOR, -1);
	check_thread(14200, 14201, ROLE_EMULATOR, -1);
}

static void libvirt_status_of_a_user(void **state)
{
	char path[128];

	(void)state;
	kvm_process(14185, 100, "web-01");
	fake_thread(&fake, 14185, 14191, "qemu-system-x86", 101, 0);
	fake_file(&fake, "run/web-01.xml",
		  "<domstatus pid='14185'><vcpu id='0' pid='14191'/></domstatus>");
	assert_int_equal(chmod(fakef(path, "%s/run/web-01.xml", fake.root), 0666), 0);
	scan();
	check_thread(14185, 14191, ROLE_EMULATOR, -1);
}

static void thread_cgroup(pid_t pid, pid_t tid, const char *dir)
{
	char path[64], text[256];

	fake_file(&fake, fakef(path, "proc/%d/task/%d/cgroup", pid, tid),
		  fakef(text,
			"3:cpu,cpuacct:/machine.slice/machine-qemu\\x2d1\\x2dsles12sp3.scope/"
			"%s\n0::/\n",
			dir));
}

static void libvirt_cgroups(void **state)
{
	(void)state;
	kvm_process(5355, 100, "sles12sp3");
	thread_cgroup(5355, 5355, "emulator");
	for (pid_t tid = 5421; tid <= 5423; tid++)
		fake_thread(&fake, 5355, tid, "qemu-system-x86", 101, 0);
	thread_cgroup(5355, 5421, "iothread4");
	thread_cgroup(5355, 5422, "vcpu0");
	thread_cgroup(5355, 5423, "vcpu1");
	fake_thread(&fake, 5355, 5424, "kvm-nx-lpage-re", 501, TASK_USER_WORKER);
	thread_cgroup(5355, 5424, "vcpu0"); /* of the vCPU that ran first */
	scan();
	check_thread(5355, 5422, ROLE_VCPU, 0);
	check_thread(5355, 5423, ROLE_VCPU, 1);
	check_thread(5355, 5421, ROLE_IOTHREAD, -1);
	assert_string_equal(thread_of(5355, 5421)->name, "iothread4");
	check_thread(5355, 5355, ROLE_EMULATOR, -1);
	check_thread(5355, 5424, ROLE_EMULATOR, -1);
}

/* vhost-PID outside the process, up to 6.3, and in it, from 6.4 on. */
static void vhost(void **state)
{
	struct fake_process kthread = {
		.pid = 5418, .ppid = 2, .comm = "vhost-5355", .start = 120, .flags = TASK_KTHREAD};
	struct fake_process user = {
		.pid = 5419, .ppid = 1, .comm = "vhost-5355", .start = 120, .exe = "/bin/sh"};

	(void)state;
	kvm_process(5355, 100, "a");
	fake_thread(&fake, 5355, 5360, "vhost-5355", 110, TASK_USER_WORKER);
	fake_thread(&fake, 5355, 5361, "vhost-5355", 110, 0); /* a name anyone can take */
	fake_process(&fake, &kthread);
	fake_process(&fake, &user);
	scan();
	check_thread(5355, 5418, ROLE_VHOST, -1);
	check_thread(5355, 5360, ROLE_VHOST, -1);
	check_thread(5355, 5361, ROLE_EMULATOR, -1);
	assert_null(thread_of(5355, 5419));
	scan();
	check_thread(5355, 5418, ROLE_VHOST, -1);
	assert_int_equal(registry_find(reg, 5355)->nr_threads, 4);
	fake_remove(&fake, "proc/5418");
	scan();
	assert_null(thread_of(5355, 5418));
}

static void hotplug(void **state)
{
	struct domain *domain;

	(void)state;
	kvm_process(900, 100, "web-1");
	fake_thread(&fake, 900, 901, "CPU 0/KVM", 100, 0);
	scan();
	domain = registry_find(reg, 900);
	domain->threads[0].watched = true; /* the tracer's: survives scans */
	fake_thread(&fake, 900, 902, "CPU 1/KVM", 150, 0);
	scan();
	check_thread(900, 902, ROLE_VCPU, 1);
	assert_true(thread_of(900, 901)->watched);
	fake_remove(&fake, "proc/900/task/902");
	scan();
	assert_null(thread_of(900, 902));
	assert_int_equal(registry_find(reg, 900)->nr_threads, 3);
	registry_reap(reg);
	assert_int_equal(registry_find(reg, 900)->nr_threads, 2);
	assert_true(thread_of(900, 901)->watched);
}

static void tid_reuse(void **state)
{
	(void)state;
	kvm_process(900, 100, "web-1");
	fake_thread(&fake, 900, 901, "CPU 0/KVM", 100, 0);
	fake_thread(&fake, 900, 902, "CPU 1/KVM", 100, 0);
	scan();
	thread_of(900, 901)->watched = true;
	thread_of(900, 902)->watched = true;
	fake_remove(&fake, "proc/900/task/901");
	fake_thread(&fake, 900, 901, "IO disk1", LATER, 0);
	fake_remove(&fake, "proc/900/task/902"); /* only the kernel's inode was dropped */
	fake_thread(&fake, 900, 902, "CPU 1/KVM", 100, 0);
	scan();
	check_thread(900, 901, ROLE_IOTHREAD, -1);
	assert_string_equal(thread_of(900, 901)->name, "disk1");
	assert_false(thread_of(900, 901)->watched);
	assert_true(thread_of(900, 902)->watched);
	assert_int_equal(registry_find(reg, 900)->nr_threads, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(lxd_by_kvm_run),  T(lxd_by_elimination),
		T(libvirt_status),  T(libvirt_status_of_a_user),
		T(libvirt_cgroups), T(vhost),
		T(hotplug),	    T(tid_reuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
