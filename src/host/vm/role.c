// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "host/vm/role.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#define KVM_RUN 0xae80

/* Names of vCPU threads: a number between prefix and suffix. */
static const struct {
	const char *prefix, *suffix;
} vcpu_names[] = {
	{"CPU ", "/KVM"},			/* QEMU, accel/kvm/kvm-accel-ops.c */
	{"CPU ", "/TCG"},			/* QEMU, accel/tcg/tcg-accel-ops-mttcg.c */
	{"fc_vcpu ", ""},			/* Firecracker, src/vmm/src/vstate/vcpu.rs */
	{"vcpu", ""},				/* Cloud Hypervisor, vmm/src/cpu.rs */
	{"crosvm_vcpu", ""}, {"kvm-vcpu-", ""}, /* kvmtool, kvm-cpu.c */
};

/* The decimal number at @s, which must be followed by exactly @suffix; -1: it is not. */
static int number_before(const char *s, const char *suffix)
{
	long value;
	char *end;

	if (*s < '0' || *s > '9')
		return -1;
	value = strtol(s, &end, 10);
	return value > INT_MAX || strcmp(end, suffix) ? -1 : (int)value;
}

static int vcpu_of_comm(const char *comm)
{
	for (size_t i = 0; i < sizeof(vcpu_names) / sizeof(vcpu_names[0]); i++) {
		size_t len = strlen(vcpu_names[i].prefix);
		int index;

		if (strncmp(comm, vcpu_names[i].prefix, len))
			continue;
		index = number_before(comm + len, vcpu_names[i].suffix);
		if (index >= 0)
			return index;
	}
	return strcmp(comm, "ALL CPUs/TCG") ? -1 : 0;
}

void role_from_comm(const char *comm, struct role_guess *ret)
{
	int index = vcpu_of_comm(comm);

	*ret = (struct role_guess){.role = ROLE_EMULATOR, .index = -1};
	if (index >= 0) {
		ret->role = ROLE_VCPU;
		ret->index = index;
	} else if (!strncmp(comm, "IO ", 3) && comm[3] && strcmp(comm, "IO mon_iothread")) {
		ret->role = ROLE_IOTHREAD;
		strncpy(ret->name, comm + 3, sizeof(ret->name) - 1);
	}
}

static bool is_libvirt_machine(const char *component, size_t len)
{
	static const char scope[] = "machine-qemu", plain[] = ".libvirt-qemu";

	return (len >= strlen(scope) && !memcmp(component, scope, strlen(scope))) ||
	       (len >= strlen(plain) &&
		!memcmp(component + len - strlen(plain), plain, strlen(plain)));
}

/* The component before @end, which is a '/' or the end of the path; NULL: there is none. */
static const char *component_before(const char *path, const char *end, size_t *ret_len)
{
	const char *slash = end > path ? memrchr(path, '/', (size_t)(end - path)) : NULL;

	if (!slash)
		return NULL;
	*ret_len = (size_t)(end - slash) - 1;
	return slash + 1;
}

bool role_from_cgroup(const char *path, struct role_guess *ret)
{
	static const char iothread[] = "iothread", vcpu[] = "vcpu", libvirt[] = "libvirt";
	struct role_guess guess = {.role = ROLE_EMULATOR, .index = -1};
	size_t leaf_len, len;
	const char *leaf = component_before(path, path + strlen(path), &leaf_len), *machine;

	if (!leaf)
		return false;
	machine = component_before(path, leaf - 1, &len);
	if (machine && len == strlen(libvirt) && !memcmp(machine, libvirt, len))
		machine = component_before(path, machine - 1, &len);
	if (!machine || !is_libvirt_machine(machine, len))
		return false;
	if (!strncmp(leaf, vcpu, strlen(vcpu))) {
		guess.role = ROLE_VCPU;
		guess.index = number_before(leaf + strlen(vcpu), "");
	} else if (!strncmp(leaf, iothread, strlen(iothread))) {
		guess.role = ROLE_IOTHREAD;
		strncpy(guess.name, leaf, sizeof(guess.name) - 1);
	} else if (strcmp(leaf, "emulator")) {
		return false;
	}
	if (guess.role == ROLE_VCPU && guess.index < 0)
		return false;
	*ret = guess;
	return true;
}

pid_t role_vhost_owner(const char *comm)
{
	static const char prefix[] = "vhost-";
	int owner;

	if (strncmp(comm, prefix, strlen(prefix)))
		return 0;
	owner = number_before(comm + strlen(prefix), "");
	return owner > 0 ? owner : 0;
}

int role_kvm_run_fd(const struct task_syscall *call)
{
	if (call->running || call->nr != SYS_ioctl || (uint32_t)call->args[1] != KVM_RUN ||
	    call->args[0] > INT_MAX)
		return -1;
	return (int)call->args[0];
}

int role_vcpu_of_link(const char *link)
{
	static const char prefix[] = "anon_inode:kvm-vcpu:";

	return strncmp(link, prefix, strlen(prefix)) ? -1
						     : number_before(link + strlen(prefix), "");
}
