/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A registry that looks at a procfs made of files: the host of a test. */
#ifndef STEALSCOPE_FAKEHOST_H
#define STEALSCOPE_FAKEHOST_H

#include "fakeproc.h"

#include "host/subject/registry.h"

#define QEMU "/usr/bin/qemu-system-x86_64"
#define LATER ((uint64_t)1 << 60) /* clock ticks: after now, on any machine */

static struct fake fake;
static struct registry *reg;

static inline int setup(void **state)
{
	char dir[128];

	(void)state;
	fake_new(&fake);
	assert_int_equal(registry_new(fake.proc, &reg), 0);
	assert_int_equal(registry_libvirt_dir(reg, fakef(dir, "%s/run", fake.root)), 0);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	registry_free(reg);
	fake_free(&fake);
	return 0;
}

/* A process of a QEMU under KVM, without threads but the main one. */
static inline void kvm_process(pid_t pid, uint64_t start, const char *name)
{
	char cmdline[8192];
	struct fake_process p = {
		.pid = pid,
		.comm = "qemu-system-x86",
		.start = start,
		.cmdline =
			fakef(cmdline, "qemu\n-name\nguest=%s,debug-threads=on\n-accel\nkvm", name),
		.exe = QEMU,
	};

	fake_process(&fake, &p);
	fake_fd(&fake, pid, 9, "anon_inode:kvm-vm");
}

static inline size_t living(void)
{
	size_t nr, n = 0;
	struct domain *domains = registry_domains(reg, &nr);

	for (size_t i = 0; i < nr; i++)
		n += !domains[i].gone;
	return n;
}

static inline struct thread *thread_of(pid_t pid, pid_t tid)
{
	struct domain *domain = registry_find(reg, pid);

	assert_non_null(domain);
	for (size_t i = 0; i < domain->nr_threads; i++) {
		if (domain->threads[i].tid == tid && !domain->threads[i].gone)
			return &domain->threads[i];
	}
	return NULL;
}

static inline void check_thread(pid_t pid, pid_t tid, enum role role, int index)
{
	struct thread *thread = thread_of(pid, tid);

	assert_non_null(thread);
	assert_int_equal(thread->role, role);
	assert_int_equal(thread->index, index);
	assert_false(thread->watched);
}

static inline void scan(void)
{
	assert_int_equal(registry_scan(reg), 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
