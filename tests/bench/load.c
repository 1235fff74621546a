// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * load yield|pipe CPU THREADS SECONDS: threads on one CPU that do nothing but give it to each
 * other, by sched_yield() or by a byte that goes round through pipes. Prints the nanoseconds per
 * switch.
 *
 * They are the median over windows of WINDOW_NS of CPU time: what others take of the CPU does not
 * count, and an interrupt falls into few of them. The threads are named like vCPUs, so that a
 * tracer that is told to trust this executable watches them.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS 64
#define WINDOW_NS 5000000ULL
#define MAX_WINDOWS 20000

static int pipes[MAX_THREADS][2];
static int nr_threads;
static bool by_pipe;
static volatile bool stop;
static volatile unsigned long turns; /* of all threads: one CPU, and only approximate */

static unsigned long long now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (unsigned long long)ts.tv_sec * 1000000000ULL + (unsigned long long)ts.tv_nsec;
}

static bool turn(int self)
{
	char byte = 0;

	turns++;
	if (!by_pipe)
		return !sched_yield();
	return write(pipes[(self + 1) % nr_threads][1], &byte, 1) == 1 &&
	       read(pipes[self][0], &byte, 1) == 1;
}

static void *run(void *arg)
{
	int self = (int)(long)arg;
	char name[16];

	snprintf(name, sizeof(name), "CPU %d/KVM", self);
	pthread_setname_np(pthread_self(), name);
	/* all but the first wait for the byte before they pass it on */
	if (by_pipe && self && read(pipes[self][0], name, 1) != 1)
		return NULL;
	while (!stop && turn(self))
		;
	return NULL;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* In the first thread: its turns, window by window. */
static double measure(double seconds)
{
	static double windows[MAX_WINDOWS];
	unsigned long long end = now_ns(CLOCK_MONOTONIC) + (unsigned long long)(seconds * 1e9);
	unsigned long long from = now_ns(CLOCK_PROCESS_CPUTIME_ID), to = from;
	unsigned long before = turns, i;
	size_t nr = 0;

	while (now_ns(CLOCK_MONOTONIC) < end && nr < MAX_WINDOWS) {
		while (to - from < WINDOW_NS) {
			for (i = 0; i < 100; i++)
				turn(0);
			to = now_ns(CLOCK_PROCESS_CPUTIME_ID);
		}
		windows[nr++] = (double)(to - from) / (double)(turns - before);
		from = to;
		before = turns;
	}
	qsort(windows, nr, sizeof(windows[0]), compare);
	return windows[nr / 2];
}

static int pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

int main(int argc, char **argv)
{
	pthread_t threads[MAX_THREADS];
	double seconds;
	int i;

	if (argc != 5) {
		fprintf(stderr, "usage: load yield|pipe CPU THREADS SECONDS\n");
		return 2;
	}
	by_pipe = !strcmp(argv[1], "pipe");
	nr_threads = atoi(argv[3]);
	seconds = atof(argv[4]);
	if (nr_threads < 1 || nr_threads > MAX_THREADS || pin(atoi(argv[2]))) {
		perror("load");
		return 1;
	}
	for (i = 0; i < nr_threads; i++)
		if (pipe(pipes[i]))
			return 1;
	pthread_setname_np(pthread_self(), "CPU 0/KVM");
	for (i = 1; i < nr_threads; i++)
		if (pthread_create(&threads[i], NULL, run, (void *)(long)i))
			return 1;
	printf("%.2f\n", measure(seconds));
	return 0; /* ends the others, wherever they are */
}
