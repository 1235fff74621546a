// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A process that is a virtual machine until it is told to be something else:
 *
 *	vm [-f DESCRIPTORS] [-r | -R [-p]] [-u UID] [-name NAME] [-uuid UUID] THREADS [PROGRAM
 *ARGUMENT…]
 *
 * Its main thread runs a vCPU that does nothing but loop; THREADS more sleep, each of which ends at
 * a SIGUSR2 of its own. At SIGUSR1 the main thread calls exec, or ends the process if there is no
 * PROGRAM. Ends with its parent.
 *
 * -f: before it has anything to do with KVM it opens so many files.
 * -r: one more thread renames itself without end, on the first CPU that the process may use.
 * -R: the same, and it renames all others and writes over NAME, which has a number at its end.
 * -p: it stops itself before it begins with that, to be continued by a SIGCONT.
 * -u: it becomes that user once it has its VM.
 * NAME and UUID are for those who read its command line.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define MEMORY 4096
#define STACK 65536
#define THREADS_MAX 32768
#define NAME_DIGITS 8

static struct kvm_run *run;
static pid_t tids[THREADS_MAX];
static char *vm_name;
static bool pauses;

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

	*(pid_t *)arg = gettid();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (;;)
		pause();
	return NULL;
}

static void rename_thread(pid_t tid, const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/comm", tid);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, name, strlen(name)) < 0)
		exit(EXIT_FAILURE);
	close(fd);
}

static void rename_all(void)
{
	static unsigned int number;
	char text[NAME_DIGITS + 1];

	snprintf(text, sizeof(text), "%0*x", NAME_DIGITS, ++number);
	if (vm_name)
		memcpy(vm_name + strlen(vm_name) - NAME_DIGITS, text, NAME_DIGITS);
	rename_thread(getpid(), text);
	for (const pid_t *tid = tids; *tid; tid++)
		rename_thread(*tid, text);
}

static void stay_on_first_cpu(void)
{
	cpu_set_t all, first;
	int cpu = 0;

	sched_getaffinity(0, sizeof(all), &all);
	while (!CPU_ISSET(cpu, &all))
		cpu++;
	CPU_ZERO(&first);
	CPU_SET(cpu, &first);
	sched_setaffinity(0, sizeof(first), &first);
}

static void *rename_self(void *arg)
{
	const bool *all = arg;

	stay_on_first_cpu();
	if (pauses)
		raise(SIGSTOP);
	for (;;) {
		prctl(PR_SET_NAME, "this");
		prctl(PR_SET_NAME, "that");
		if (*all)
			rename_all();
	}
	return arg;
}

static int start_threads(long nr)
{
	pthread_attr_t attr;
	pthread_t thread;

	if (pthread_attr_init(&attr) || pthread_attr_setstacksize(&attr, STACK))
		return -1;
	for (long i = 0; i < nr; i++)
		if (pthread_create(&thread, &attr, idle, &tids[i]))
			return -1;
	return 0;
}

static int start_renaming(char how)
{
	static bool all;
	pthread_t thread;

	all = how == 'R';
	return how ? pthread_create(&thread, NULL, rename_self, &all) : 0;
}

/* As if it had always been that user's: it may be looked at by its own. */
static int become(uid_t uid)
{
	if (!uid)
		return 0;
	if (setresgid(uid, uid, uid) || setresuid(uid, uid, uid))
		return -1;
	return prctl(PR_SET_DUMPABLE, 1) || prctl(PR_SET_PDEATHSIG, SIGKILL) ? -1 : 0;
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
	static const struct option words[] = {{"name", required_argument, NULL, 'n'},
					      {"uuid", required_argument, NULL, 'i'},
					      {NULL, 0, NULL, 0}};
	int vcpu, option;
	char renames = 0;
	uid_t uid = 0;
	rlim_t files = 0;
	long threads;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while ((option = getopt_long_only(argc, argv, "+f:rRpu:", words, NULL)) != -1) {
		if (option == 'f')
			files = strtoul(optarg, NULL, 10);
		else if (option == 'r' || option == 'R')
			renames = (char)option;
		else if (option == 'p')
			pauses = true;
		else if (option == 'u')
			uid = (uid_t)strtoul(optarg, NULL, 10);
		else if (option == 'n')
			vm_name = optarg;
		else if (option != 'i')
			return EXIT_FAILURE;
	}
	argv += optind;
	if (!*argv || open_files(files))
		return EXIT_FAILURE;
	threads = atol(*argv++);
	if (threads >= THREADS_MAX || (vm_name && strlen(vm_name) < NAME_DIGITS))
		return EXIT_FAILURE;
	vcpu = vcpu_new();
	if (vcpu < 0 || become(uid) || sigaction(SIGUSR1, &leave, NULL) ||
	    sigaction(SIGUSR2, &end, NULL) || start_threads(threads) || start_renaming(renames))
		return EXIT_FAILURE;
	while (!run->immediate_exit)
		ioctl(vcpu, KVM_RUN, 0);
	if (*argv)
		execvp(*argv, argv);
	return *argv ? EXIT_FAILURE : EXIT_SUCCESS;
}
