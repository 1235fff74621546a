// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which processes are domains, from when until when, and what they are called. */
#include "fakehost.h"

#include "base/cleanup.h"
#include "host/exe.h"
#include "host/vm/manager.h"
#include "host/procfs.h"

static void openstack(void **state)
{
	static const pid_t vcpus[] = {4031, 4032, 4037, 4038, 4039, 4040, 4041, 4042};
	char *cmdline = fixture("openstack-instance-00001782.cmdline.txt"), comm[16];
	struct fake_process p = {.pid = 3986,
				 .comm = "qemu-kvm",
				 .start = 500,
				 .cmdline = cmdline,
				 .exe = "/usr/libexec/qemu-kvm"};
	struct domain *domain;

	(void)state;
	fake_process(&fake, &p);
	fake_fd(&fake, 3986, 12, "anon_inode:kvm-vm");
	fake_thread(&fake, 3986, 4023, "IO mon_iothread", 501, 0);
	fake_thread(&fake, 3986, 4049, "vnc_worker", 501, 0);
	for (int i = 0; i < 8; i++)
		fake_thread(&fake, 3986, vcpus[i], fakef(comm, "CPU %d/KVM", i), 502, 0);
	scan();
	assert_int_equal(living(), 1);
	domain = registry_find(reg, 3986);
	assert_string_equal(domain->name, "instance-00001782");
	assert_string_equal(domain->uuid, "6f2ade4b-2732-4202-b750-48daee771b06");
	assert_string_equal(domain->manager, "openstack");
	assert_string_equal(domain->accel, "kvm");
	assert_int_equal(domain->start, 500);
	assert_int_equal(domain->nr_threads, 11);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(domain->threads[i].tid, vcpus[i]); /* by index */
		check_thread(3986, vcpus[i], ROLE_VCPU, i);
		assert_false(domain->threads[i].index_sure);
	}
	check_thread(3986, 3986, ROLE_EMULATOR, -1);
	check_thread(3986, 4023, ROLE_EMULATOR, -1);
	assert_int_equal(registry_thread_start(reg, domain, &domain->threads[0]), 502);
	free(cmdline);
}

static void impostor(void **state)
{
	char exe[128];
	struct fake_process p = {.pid = 700,
				 .comm = "qemu-system-x86",
				 .start = 100,
				 .cmdline = "qemu\n-name\nguest=prod,debug-threads=on\n-accel\ntcg",
				 .exe = fakef(exe, "%s/qemu-system-x86_64", fake.root)};

	(void)state;
	fake_file(&fake, "qemu-system-x86_64", "#!/bin/sh\n"); /* below /tmp: not only root's */
	fake_process(&fake, &p);
	fake_thread(&fake, 700, 701, "CPU 0/KVM", 100, 0);
	p.pid = 710; /* claims the real path, runs another file */
	p.exe = QEMU;
	fake_process(&fake, &p);
	fake_link(&fake, "proc/710/exe", "/usr/bin/qemu-system-x86_64 (deleted)");
	p.pid = 720;
	p.exe = "/bin/sh"; /* root's, but no QEMU */
	fake_process(&fake, &p);
	fake_thread(&fake, 720, 721, "CPU 0/TCG", 100, 0);
	fake_fd(&fake, 720, 5, "/tmp/anon_inode:kvm-vm");
	scan();
	assert_int_equal(living(), 0);
}

/* The path is root's alone, but another file is what runs: a mount in a private namespace. */
static void exe_elsewhere(void **state)
{
	autoclose int dir = -1;

	(void)state;
	fake_link(&fake, "exe", "/usr/bin/env");
	dir = proc_open(AT_FDCWD, fake.root);
	assert_true(exe_is_roots(dir, "/usr/bin/env"));
	assert_false(exe_is_roots(dir, "/usr/bin/sort"));
	assert_false(exe_is_roots(dir, "/usr/bin/env (deleted)"));
	assert_false(exe_is_roots(dir, "usr/bin/env"));
	assert_false(exe_is_roots(dir, ""));
}

static void tcg(void **state)
{
	struct fake_process p = {.pid = 800,
				 .comm = "qemu-system-x86",
				 .start = 100,
				 .cmdline = "qemu\n-name\nguest=t,debug-threads=on\n-accel\ntcg",
				 .exe = QEMU};

	(void)state;
	if (access(QEMU, X_OK))
		skip();
	fake_process(&fake, &p);
	fake_thread(&fake, 800, 801, "CPU 0/TCG", 100, 0);
	fake_thread(&fake, 800, 802, "CPU 1/TCG", 100, 0);
	p.pid = 810; /* one thread for all vCPUs; no name option */
	p.cmdline = "qemu\n-M\npc";
	fake_process(&fake, &p);
	fake_thread(&fake, 810, 811, "ALL CPUs/TCG", 100, 0);
	p.pid = 820; /* wants KVM and has not got it (yet) */
	p.cmdline = "qemu\n-name\nk\n-machine\npc,accel=kvm";
	fake_process(&fake, &p);
	scan();
	assert_string_equal(registry_find(reg, 800)->accel, "tcg");
	check_thread(800, 802, ROLE_VCPU, 1);
	assert_string_equal(registry_find(reg, 810)->name, "qemu-810");
	check_thread(810, 811, ROLE_VCPU, 0);
	assert_null(registry_find(reg, 820));
	fake_fd(&fake, 820, 9, "anon_inode:kvm-vm");
	scan();
	assert_string_equal(registry_find(reg, 820)->accel, "kvm");
	/* a package upgrade replaces the file; the domain stays what it is */
	fake_link(&fake, "proc/800/exe", QEMU " (deleted)");
	for (int i = 0; i < 20; i++)
		scan();
	assert_int_equal(living(), 3);
}

/* What libvirt starts to learn what a QEMU can do. */
static void probes(void **state)
{
	struct fake_process p = {.pid = 830,
				 .comm = "qemu-system-x86",
				 .start = 100,
				 .cmdline = "qemu\n-S\n-machine\nnone,accel=kvm:tcg\n-daemonize",
				 .exe = QEMU};

	(void)state;
	if (access(QEMU, X_OK))
		skip();
	fake_process(&fake, &p);
	fake_fd(&fake, 830, 9, "anon_inode:kvm-vm");
	p.pid = 840;
	p.cmdline = "qemu\n-S\n-machine\nnone,accel=tcg\n-daemonize";
	fake_process(&fake, &p);
	scan();
	assert_int_equal(living(), 0);
	/* what KVM runs is a domain, whatever its command line says */
	fake_thread(&fake, 830, 831, "CPU 0/KVM", 100, 0);
	assert_int_equal(registry_sighted(reg, 830, 831, 0), 0);
	assert_int_equal(living(), 1);
}

static void restart(void **state)
{
	struct domain *domains;
	size_t nr;

	(void)state;
	kvm_process(900, 100, "web-1");
	fake_thread(&fake, 900, 901, "CPU 0/KVM", 100, 0);
	kvm_process(950, 100, "web-10");
	scan();
	assert_string_equal(registry_find(reg, 900)->name, "web-1");
	assert_string_equal(registry_find(reg, 950)->name, "web-10");
	/* the same number is another process now */
	fake_remove(&fake, "proc/900");
	kvm_process(900, 200, "web-10");
	fake_remove(&fake, "proc/950");
	scan();
	assert_int_equal(living(), 1);
	assert_int_equal(registry_find(reg, 900)->start, 200);
	assert_string_equal(registry_find(reg, 900)->name, "web-10");
	assert_null(thread_of(900, 901));
	domains = registry_domains(reg, &nr);
	assert_int_equal(nr, 3); /* the old ones wait to be reaped */
	assert_true(domains[0].gone && !domains[1].gone && domains[2].gone);
	registry_reap(reg);
	registry_domains(reg, &nr);
	assert_int_equal(nr, 1);
	assert_non_null(registry_find(reg, 900));
}

static void reused_by_no_domain(void **state)
{
	struct fake_process p = {
		.pid = 900, .comm = "bash", .start = 200, .exe = "/bin/bash", .cmdline = "bash"};

	(void)state;
	kvm_process(900, 100, "web-1");
	scan();
	fake_remove(&fake, "proc/900");
	fake_process(&fake, &p);
	scan();
	assert_int_equal(living(), 0);
}

/* QEMU names a thread after it started, and opens /dev/kvm after exec. */
static void named_late(void **state)
{
	struct fake_process p = {.pid = 900,
				 .comm = "libvirtd",
				 .start = 1,
				 .stack = 5,
				 .exe = "/usr/sbin/libvirtd",
				 .cmdline = "libvirtd"};

	(void)state;
	fake_process(&fake, &p);
	scan();
	assert_int_equal(living(), 0);
	p.stack = 6; /* exec */
	p.exe = QEMU;
	p.cmdline = "qemu\n-name\nguest=web-1\n-accel\nkvm";
	fake_process(&fake, &p);
	scan();
	assert_int_equal(living(), 0);
	fake_fd(&fake, 900, 9, "anon_inode:kvm-vm");
	scan();
	assert_string_equal(registry_find(reg, 900)->name, "web-1");
	fake_thread(&fake, 900, 901, "libvirtd", LATER, 0);
	scan();
	check_thread(900, 901, ROLE_EMULATOR, -1);
	fake_file(&fake, "proc/900/task/901/comm", "CPU 0/KVM\n");
	scan();
	check_thread(900, 901, ROLE_VCPU, 0);
}

/* QEMU forks to run a network script: the child holds the VM's file until it calls exec. */
static void fork_of_domain(void **state)
{
	struct fake_process p = {.pid = 901,
				 .ppid = 900,
				 .comm = "qemu-system-x86",
				 .start = 150,
				 .stack = (uint64_t)900 << 12,
				 .exe = QEMU,
				 .cmdline = "qemu\n-name\nguest=web-1\n-accel\nkvm"};

	(void)state;
	kvm_process(900, 100, "web-1");
	fake_process(&fake, &p);
	fake_fd(&fake, 901, 9, "anon_inode:kvm-vm");
	scan();
	assert_non_null(registry_find(reg, 900));
	assert_null(registry_find(reg, 901));
}

static void vanishing(void **state)
{
	struct fake_process zombie = {
		.pid = 904, .comm = "qemu-system-x86", .start = 100, .state = 'Z'};
	char path[128];

	(void)state;
	kvm_process(900, 100, "web-1");
	fake_thread(&fake, 900, 901, "CPU 0/KVM", 100, 0);
	assert_int_equal(mkdir(fakef(path, "%s/902", fake.proc), 0755), 0);
	assert_int_equal(mkdir(fakef(path, "%s/900/task/903", fake.proc), 0755), 0);
	fake_link(&fake, "proc/905", "/nonexistent");
	fake_process(&fake, &zombie);
	kvm_process(906, 100, "half"); /* gone after its stat was read */
	fake_remove(&fake, "proc/906/task");
	fake_file(&fake, "proc/notapid", "");
	scan();
	assert_int_equal(living(), 1);
	assert_int_equal(registry_find(reg, 900)->nr_threads, 2);
	fake_remove(&fake, "proc/900/stat");
	scan();
	assert_int_equal(living(), 0);
}

/* Its memory is gone, its files are not yet; it may have been one of libvirt's probes. */
static void dies_while_looked_at(void **state)
{
	const struct fake_process p = {
		.pid = 900, .comm = "qemu-system-x86", .start = 100, .exe = QEMU};

	(void)state;
	fake_process(&fake, &p);
	fake_fd(&fake, 900, 9, "anon_inode:kvm-vm");
	scan();
	assert_int_equal(living(), 0);
}

static void dies_as_zombie(void **state)
{
	struct fake_process p = {.pid = 900, .comm = "qemu-system-x86", .start = 100, .state = 'Z'};

	(void)state;
	kvm_process(900, 100, "web-1");
	scan();
	fake_stat(&fake, "proc/900/stat", &p);
	scan();
	assert_int_equal(living(), 0);
}

static void hostile_names(void **state)
{
	char name[NAME_BYTES_MAX + 1];

	(void)state;
	memset(name, 'n', sizeof(name));
	name[NAME_BYTES_MAX] = '\0';
	kvm_process(900, 100, "x");
	fake_thread(&fake, 900, 901, "a\n) S 1 (\x1b[2J", 100, 0);
	kvm_process(910, 100, name);
	scan();
	assert_string_equal(thread_of(900, 901)->comm, "a\n) S 1 (\x1b[2J");
	assert_string_equal(registry_find(reg, 910)->name, name);
}

static void sighted(void **state)
{
	struct fake_process p = {
		.pid = 900, .comm = "myvmm", .start = 100, .exe = "/opt/myvmm", .cmdline = "myvmm"};

	(void)state;
	fake_process(&fake, &p);
	fake_thread(&fake, 900, 901, "worker", 100, 0);
	fake_thread(&fake, 900, 902, "CPU 2/KVM", 100, 0);
	scan();
	assert_int_equal(living(), 0);
	assert_int_equal(registry_sighted(reg, 900, 901, 3), 0);
	assert_string_equal(registry_find(reg, 900)->name, "myvmm-900");
	assert_string_equal(registry_find(reg, 900)->accel, "kvm");
	check_thread(900, 901, ROLE_VCPU, 3);
	assert_true(thread_of(900, 901)->index_sure);
	/* QEMU's own number, where KVM's is an APIC id */
	assert_int_equal(registry_sighted(reg, 900, 902, 4), 0);
	check_thread(900, 902, ROLE_VCPU, 2);
	scan(); /* KVM's word holds for a moment, whatever is found */
	check_thread(900, 901, ROLE_VCPU, 3);
	fake_fd(&fake, 900, 7, "anon_inode:kvm-vcpu:3");
	for (int i = 0; i < 20; i++)
		scan();
	check_thread(900, 901, ROLE_VCPU, 3);
	assert_int_equal(registry_sighted(reg, 900, 999, 0), -ESRCH);
	assert_int_equal(registry_sighted(reg, 999, 999, 0), -ESRCH);
	fake_remove(&fake, "proc/900/fd/7"); /* it has no KVM any more */
	scan();
	scan();
	assert_int_equal(living(), 0);
	assert_int_equal(registry_sighted(reg, 900, 901, 3), 0);
	assert_int_equal(living(), 1);
}

/* A sight that had to wait: the process was looked at since, and is not again. */
static void sighted_before(void **state)
{
	struct fake_process p = {
		.pid = 900, .comm = "myvmm", .start = 100, .exe = "/opt/myvmm", .cmdline = "myvmm"};

	(void)state;
	fake_process(&fake, &p);
	assert_int_equal(registry_sighted_before(reg, 900, 900, 0), -ESRCH);
	assert_int_equal(living(), 0);
	fake_thread(&fake, 900, 901, "worker", 100, 0);
	assert_int_equal(registry_sighted(reg, 900, 900, 0), 0);
	assert_int_equal(registry_sighted_before(reg, 900, 901, 3), 0);
	check_thread(900, 901, ROLE_VCPU, 3);
	fake_thread(&fake, 900, 902, "worker", 100, 0);
	assert_int_equal(registry_sighted_before(reg, 900, 902, 4), -ESRCH);
	assert_int_equal(registry_find(reg, 900)->nr_threads, 2);
}

/* KVM's word was about the program that ran then. */
static void sighted_exec(void **state)
{
	struct fake_process p = {
		.pid = 900, .comm = "myvmm", .start = 100, .exe = "/opt/myvmm", .cmdline = "myvmm"};

	(void)state;
	fake_process(&fake, &p);
	fake_thread(&fake, 900, 901, "worker", 100, 0);
	assert_int_equal(registry_sighted(reg, 900, 901, 3), 0);
	assert_int_equal(living(), 1);
	p.comm = "sleep";
	p.exe = "/bin/sleep";
	p.stack = 4711;
	fake_process(&fake, &p);
	assert_int_equal(registry_scan_pid(reg, 900), 0);
	assert_int_equal(living(), 0);
}

/* What a process writes over its command line and its comm says nothing: only exec makes another
 * one. */
static void keeps_its_name(void **state)
{
	struct fake_process p = {.pid = 900,
				 .comm = "qemu-system-x86",
				 .start = 100,
				 .cmdline = "qemu\n-name\nguest=web-1",
				 .exe = QEMU};

	(void)state;
	fake_process(&fake, &p);
	fake_fd(&fake, 900, 12, "anon_inode:kvm-vm");
	scan();
	assert_string_equal(registry_find(reg, 900)->name, "web-1");
	p.comm = "innocent";
	p.cmdline = "qemu\n-name\nguest=web-2";
	fake_process(&fake, &p);
	for (int i = 0; i < 20; i++)
		scan();
	assert_string_equal(registry_find(reg, 900)->name, "web-1");
	p.stack = 4711;
	fake_process(&fake, &p);
	scan();
	assert_string_equal(registry_find(reg, 900)->name, "web-2");
}

/* The same where neither its links nor its addresses may be seen, by KVM's word alone. */
static void keeps_its_name_unprivileged(void **state)
{
	struct fake_process p = {.pid = 900,
				 .comm = "qemu-system-x86",
				 .start = 100,
				 .cmdline = QEMU "\n-name\nguest=web-1",
				 .stack = FAKE_HIDDEN};

	(void)state;
	fake_process(&fake, &p);
	assert_int_equal(registry_sighted(reg, 900, 900, 0), 0);
	p.comm = "innocent";
	p.cmdline = "sleep\n1000";
	fake_process(&fake, &p);
	scan();
	assert_non_null(registry_find(reg, 900));
	assert_string_equal(registry_find(reg, 900)->name, "web-1");
	registry_executed(reg, 900);
	assert_int_equal(registry_scan_pid(reg, 900), 0);
	assert_int_equal(living(), 0);
}

static void owner(void **state)
{
	(void)state;
	kvm_process(900, 100, "web-1");
	scan();
	assert_int_equal(registry_find(reg, 900)->uid, 1000);
}

/* A process' files go with its main thread, its vCPUs need not. */
static void main_thread_ends(void **state)
{
	(void)state;
	kvm_process(900, 100, "web-1");
	fake_thread(&fake, 900, 901, "CPU 0/KVM", 100, 0);
	scan();
	fake_remove(&fake, "proc/900/exe");
	fake_remove(&fake, "proc/900/fd");
	fake_file(&fake, "proc/900/stat",
		  "900 (qemu-system-x86) Z 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 2 0 100 0 0 1 1 1 0"
		  " 0 0 0 0 0 0 0 0 0 17 3 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
	for (int i = 0; i < 20; i++)
		scan();
	assert_int_equal(living(), 1);
}

/* The name of a domain that is gone is there as long as it is asked for. */
static void held(void **state)
{
	size_t nr;

	(void)state;
	kvm_process(900, 100, "web-1");
	scan();
	fake_remove(&fake, "proc/900");
	scan();
	registry_find_last(reg, 900)->held = true;
	registry_reap(reg);
	assert_null(registry_find(reg, 900));
	assert_string_equal(registry_find_last(reg, 900)->name, "web-1");
	kvm_process(900, 200, "web-2");
	scan();
	registry_reap(reg);
	assert_string_equal(registry_find_last(reg, 900)->name, "web-2");
	registry_domains(reg, &nr)->held = false;
	assert_int_equal(nr, 2);
	registry_reap(reg);
	registry_domains(reg, &nr);
	assert_int_equal(nr, 1);
	assert_null(registry_find_last(reg, 901));
}

/* Without CAP_SYS_PTRACE neither links nor fds can be read; KVM's word and cmdline still can. */
static void sighted_unprivileged(void **state)
{
	struct fake_process p = {
		.pid = 900, .comm = "qemu", .start = 100, .cmdline = QEMU "\n-name\nguest=web-1"};

	(void)state;
	fake_process(&fake, &p);
	fake_thread(&fake, 900, 901, "qemu", 100, 0);
	assert_int_equal(registry_sighted(reg, 900, 901, 0), 0);
	assert_string_equal(registry_find(reg, 900)->name, "web-1");
	assert_string_equal(registry_find(reg, 900)->manager, "qemu");
	check_thread(900, 901, ROLE_VCPU, 0);
}

static void one_process(void **state)
{
	(void)state;
	assert_int_equal(registry_scan_pid(reg, 900), 0);
	kvm_process(900, 100, "web-1");
	assert_int_equal(registry_scan_pid(reg, 900), 1);
	fake_file(&fake, "proc/901/status", "Name:\tx\nTgid:\t900\n"); /* a thread's number */
	assert_int_equal(registry_scan_pid(reg, 901), 1);
	assert_int_equal(living(), 1);
	fake_remove(&fake, "proc/900");
	assert_int_equal(registry_scan_pid(reg, 900), 0);
	assert_int_equal(living(), 0);
}

static void no_proc(void **state)
{
	struct registry *none = NULL;

	(void)state;
	assert_int_equal(registry_new("/nonexistent", &none), -ENOENT);
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(openstack),
		T(impostor),
		T(tcg),
		T(probes),
		T(exe_elsewhere),
		T(restart),
		T(reused_by_no_domain),
		T(named_late),
		T(fork_of_domain),
		T(vanishing),
		T(dies_while_looked_at),
		T(dies_as_zombie),
		T(hostile_names),
		T(sighted),
		T(sighted_before),
		T(sighted_exec),
		T(keeps_its_name),
		T(keeps_its_name_unprivileged),
		T(owner),
		T(main_thread_ends),
		T(held),
		T(one_process),
		T(sighted_unprivileged),
		cmocka_unit_test(no_proc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
