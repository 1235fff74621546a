// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A process that looks like a virtual machine and costs next to nothing: its threads are named as
 * QEMU names its own, and the vCPUs among them sleep and wake up.
 *
 * Environment: STANDIN_VCPUS, STANDIN_OTHERS (threads), STANDIN_WAKE_US (0: the vCPUs sleep for
 * good). A byte is written to descriptor 3 once all threads have their names; the process ends
 * with its parent. Its command line is whatever it was given.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define READY_FD 3
#define STACK_SIZE 16384 /* PTHREAD_STACK_MIN */

static long wake_us;
static pthread_barrier_t named;

static long setting(const char *name)
{
	const char *value = getenv(name);

	return value ? atol(value) : 0;
}

/* A different phase and, by an eighth, length of sleep for each: waits come evenly. */
static void sleep_and_wake(long number)
{
	long us = wake_us + wake_us * (number % 16) / 128;
	struct timespec nap = {us / 1000000, us % 1000000 * 1000};

	for (;;)
		nanosleep(&nap, NULL);
}

static void *vcpu(void *arg)
{
	char name[16];

	snprintf(name, sizeof(name), "CPU %ld/KVM", (long)arg);
	prctl(PR_SET_NAME, name);
	pthread_barrier_wait(&named);
	if (wake_us)
		sleep_and_wake((long)arg + getpid());
	for (;;)
		pause();
	return NULL;
}

static void *other(void *arg)
{
	static const char *const names[] = {"IO iothread1", "call_rcu", "vnc_worker",
					    "SPICE Worker", "worker"};
	size_t nr = sizeof(names) / sizeof(names[0]);

	prctl(PR_SET_NAME, names[(size_t)arg < nr ? (size_t)arg : nr - 1]);
	pthread_barrier_wait(&named);
	for (;;)
		pause();
	return NULL;
}

int main(void)
{
	long vcpus = setting("STANDIN_VCPUS"), others = setting("STANDIN_OTHERS");
	pthread_attr_t attr;
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_TIMERSLACK, 1UL);
	wake_us = setting("STANDIN_WAKE_US");
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_barrier_init(&named, NULL, (unsigned int)(vcpus + others + 1));
	for (long i = 0; i < vcpus + others; i++) {
		if (pthread_create(&thread, &attr, i < vcpus ? vcpu : other,
				   (void *)(i < vcpus ? i : i - vcpus)))
			return 1;
	}
	pthread_barrier_wait(&named);
	if (write(READY_FD, "", 1) != 1)
		return 1;
	close(READY_FD);
	for (;;)
		pause();
}
