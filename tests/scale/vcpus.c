// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Virtual machines of KVM that come and go: vcpus GUESTS VCPUS RUNS
 *
 * One after the other, each of its vCPUs in a thread of its own that enters the guest RUNS times
 * (it does nothing but port output), says its last words (lastwords.h) and ends. Begins at the
 * first byte of its input, prints "done" at the end, and then waits for its input to end.
 */
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "lastwords.h"

#define MAX_VCPUS 64
#define MEMORY 4096

struct vcpu {
	int fd;
	long runs;
	size_t state_size;
	pthread_t thread;
};

static void *run(void *arg)
{
	struct vcpu *vcpu = arg;

	for (long i = 0; i < vcpu->runs; i++)
		ioctl(vcpu->fd, KVM_RUN, 0);
	last_words();
	return NULL;
}

/* Real mode, at address 0. */
static int reset(int fd)
{
	struct kvm_regs regs = {.rflags = 2};
	struct kvm_sregs sregs;

	if (ioctl(fd, KVM_GET_SREGS, &sregs))
		return -1;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	return ioctl(fd, KVM_SET_SREGS, &sregs) || ioctl(fd, KVM_SET_REGS, &regs) ? -1 : 0;
}

static int start(int vm, unsigned int index, long runs, struct vcpu *vcpu)
{
	*vcpu = (struct vcpu){.fd = ioctl(vm, KVM_CREATE_VCPU, index), .runs = runs};
	if (vcpu->fd < 0 || reset(vcpu->fd))
		return -1;
	return pthread_create(&vcpu->thread, NULL, run, vcpu) ? -1 : 0;
}

static int guest(int kvm, void *memory, unsigned int nr, long runs)
{
	struct kvm_userspace_memory_region region = {.memory_size = MEMORY,
						     .userspace_addr = (__u64)memory};
	int vm = ioctl(kvm, KVM_CREATE_VM, 0);
	struct vcpu vcpus[MAX_VCPUS];

	if (vm < 0 || ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region))
		return -1;
	for (unsigned int i = 0; i < nr; i++) {
		if (start(vm, i, runs, &vcpus[i]))
			return -1;
	}
	for (unsigned int i = 0; i < nr; i++) {
		pthread_join(vcpus[i].thread, NULL);
		close(vcpus[i].fd);
	}
	close(vm);
	return 0;
}

int main(int argc, char **argv)
{
	static const char code[] = {'\xe6', 0x10, '\xeb', '\xfc'}; /* 1: out %al, $0x10; jmp 1b */
	long guests = argc == 4 ? atol(argv[1]) : 0, vcpus = argc == 4 ? atol(argv[2]) : 0;
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	void *memory =
		mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char byte;

	if (guests < 1 || vcpus < 1 || vcpus > MAX_VCPUS || kvm < 0 || memory == MAP_FAILED)
		return 2;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	memcpy(memory, code, sizeof(code));
	if (read(STDIN_FILENO, &byte, 1) != 1)
		return 1;
	for (long i = 0; i < guests; i++) {
		if (guest(kvm, memory, (unsigned int)vcpus, atol(argv[3])))
			return 1;
	}
	dprintf(STDOUT_FILENO, "done\n");
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
