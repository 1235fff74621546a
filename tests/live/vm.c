// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A process that is a virtual machine until it is told to be something else:
 *
 *	vm [-f DESCRIPTORS] [-r] THREADS [PROGRAM ARGUMENT…]
 *
 * Its main thread runs a vCPU that does nothing but loop; THREADS more sleep, each of which ends at
 * a SIGUSR2 of its own. At SIGUSR1 the main thread calls exec, or ends the process if there is no
 * PROGRAM. Ends with its parent.
 *
 * -f: before it has anything to do with KVM it opens so many files.
 * -r: one more thread renames itself without end, on the first CPU that the process may use.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define MEMORY 4096
#define STACK 65536

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

static void *rename_self(void *arg)
{
	cpu_set_t all, first;
	int cpu = 0;

	sched_getaffinity(0, sizeof(all), &all);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&first);
	CPU_SET(cpu, &first);
	sched_setaffinity(0, sizeof(first), &first);
	for (;;) {
		prctl(PR_SET_NAME, "this");
		prctl(PR_SET_NAME, "that");
	}
	return arg;
}

static int start_threads(long nr, bool renames)
{
	pthread_attr_t attr;
	pthread_t thread;

	if (pthread_attr_init(&attr) || pthread_attr_setstacksize(&attr, STACK))
		return -1;
	for (long i = 0; i < nr; i++)
		if (pthread_create(&thread, &attr, idle, NULL))
			return -1;
	return renames ? pthread_create(&thread, &attr, rename_self, NULL) : 0;
}

static int open_files(rlim_t nr)
{
	struct rlimit limit = {.rlim_cur = nr + 64, .rlim_max = nr + 64};

	if (nr && setrlimit(RLIMIT_NOFILE, &limit))
		return -1;
	while (nr--)
		if (dup(STDERR_FILENO) < 0)
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
	int vcpu, option;
	bool renames = false;
	rlim_t files = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while ((option = getopt(argc, argv, "+f:r")) != -1) {
		if (option == 'f')
			files = strtoul(optarg, NULL, 10);
		else if (option == 'r')
			renames = true;
		else
			return EXIT_FAILURE;
	}
	argv += optind;
	if (!*argv || open_files(files))
		return EXIT_FAILURE;
	vcpu = vcpu_new();
	if (vcpu < 0 || sigaction(SIGUSR1, &leave, NULL) || sigaction(SIGUSR2, &end, NULL) ||
	    start_threads(atol(*argv++), renames))
		return EXIT_FAILURE;
	while (!run->immediate_exit)
		ioctl(vcpu, KVM_RUN, 0);
	if (*argv)
		execvp(*argv, argv);
	return *argv ? EXIT_FAILURE : EXIT_SUCCESS;
}
