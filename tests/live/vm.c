// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A process that is a virtual machine until it is told to be something else:
 *
 *	vm THREADS [PROGRAM ARGUMENT…]
 *
 * Its main thread runs a vCPU that does nothing but loop; THREADS more sleep, each of which ends at
 * a SIGUSR2 of its own. At SIGUSR1 the main thread calls exec, or ends the process if there is no
 * PROGRAM. Ends with its parent.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define MEMORY 4096

static struct kvm_run *run;

static void leave_guest(int number)
{
	(void)number;
	run->immediate_exit = 1;
}

static void end_thread(int number)
{
	(void)number;
	pthread_exit(NULL);
}

static void *idle(void *arg)
{
	sigset_t set;

	(void)arg;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (;;)
		pause();
	return NULL;
}

static int start_threads(long nr)
{
	pthread_t thread;

	for (long i = 0; i < nr; i++)
		if (pthread_create(&thread, NULL, idle, NULL))
			return -1;
	return 0;
}

/* A vCPU in real mode at address 0, where it jumps to itself. Its descriptor, or -1. */
static int vcpu_new(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm, vcpu, size;
	char *memory =
		mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region region = {.memory_size = MEMORY,
						     .userspace_addr = (__u64)memory};
	struct kvm_regs regs = {.rflags = 2};
	struct kvm_sregs sregs;

	if (kvm < 0 || memory == MAP_FAILED)
		return -1;
	memcpy(memory, "\xeb\xfe", 2); /* 1: jmp 1b */
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (vm < 0 || ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region))
		return -1;
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (vcpu < 0 || ioctl(vcpu, KVM_GET_SREGS, &sregs))
		return -1;
	run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	if (run == MAP_FAILED || ioctl(vcpu, KVM_SET_SREGS, &sregs) ||
	    ioctl(vcpu, KVM_SET_REGS, &regs))
		return -1;
	return vcpu;
}

int main(int argc, char **argv)
{
	struct sigaction leave = {.sa_handler = leave_guest}, end = {.sa_handler = end_thread};
	int vcpu;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	vcpu = argc < 2 ? -1 : vcpu_new();
	if (vcpu < 0 || sigaction(SIGUSR1, &leave, NULL) || sigaction(SIGUSR2, &end, NULL) ||
	    start_threads(atol(argv[1])))
		return EXIT_FAILURE;
	while (!run->immediate_exit)
		ioctl(vcpu, KVM_RUN, 0);
	if (argc > 2)
		execvp(argv[2], argv + 2);
	return argc > 2 ? EXIT_FAILURE : EXIT_SUCCESS;
}
