// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * wakeups CPU WORKERS SECONDS: how long woken threads take to run, as schbench does it. A messenger
 * wakes all workers at once, every PERIOD_US; each notes how late it is and works for WORK_US. All
 * share one CPU. Prints median, 99th percentile and CPU nanoseconds per wakeup.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORKERS 64
#define MAX_SAMPLES (1 << 22)
#define PERIOD_US 200
#define WORK_US 10

static int turn; /* the futex: how often the workers were woken */
static bool stop;
static unsigned long long woken_at;
static unsigned int *samples;
static unsigned int nr_samples;

static unsigned long long now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (unsigned long long)ts.tv_sec * 1000000000ULL + (unsigned long long)ts.tv_nsec;
}

static void *work(void *arg)
{
	int seen = 0;

	(void)arg;
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		unsigned long long now, end;
		unsigned int at;

		syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
		if (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) == seen)
			continue;
		seen = turn;
		now = now_ns(CLOCK_MONOTONIC);
		at = __atomic_fetch_add(&nr_samples, 1, __ATOMIC_RELAXED);
		if (at < MAX_SAMPLES)
			samples[at] = (unsigned int)(now - woken_at);
		for (end = now + WORK_US * 1000; now < end;)
			now = now_ns(CLOCK_MONOTONIC);
	}
	return NULL;
}

static void wake(void)
{
	woken_at = now_ns(CLOCK_MONOTONIC);
	__atomic_fetch_add(&turn, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, MAX_WORKERS, NULL, NULL, 0);
}

static int compare(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	const struct timespec period = {.tv_nsec = PERIOD_US * 1000};
	int workers = argc == 4 ? atoi(argv[2]) : 0, i;
	pthread_t threads[MAX_WORKERS];
	unsigned long long end;
	cpu_set_t set;

	samples = malloc(MAX_SAMPLES * sizeof(*samples));
	if (workers < 1 || workers > MAX_WORKERS || !samples) {
		fprintf(stderr, "usage: wakeups CPU WORKERS SECONDS\n");
		return 2;
	}
	CPU_ZERO(&set);
	CPU_SET(atoi(argv[1]), &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("wakeups");
		return 1;
	}
	for (i = 0; i < workers; i++)
		if (pthread_create(&threads[i], NULL, work, NULL))
			return 1;
	end = now_ns(CLOCK_MONOTONIC) + (unsigned long long)(atof(argv[3]) * 1e9);
	while (now_ns(CLOCK_MONOTONIC) < end) {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &period, NULL);
		wake();
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	wake();
	for (i = 0; i < workers; i++)
		pthread_join(threads[i], NULL);
	nr_samples = nr_samples < MAX_SAMPLES ? nr_samples : MAX_SAMPLES;
	qsort(samples, nr_samples, sizeof(*samples), compare);
	printf("%u %u %llu\n", samples[nr_samples / 2], samples[nr_samples / 100 * 99],
	       now_ns(CLOCK_PROCESS_CPUTIME_ID) / nr_samples);
	return 0;
}
