// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A process whose threads come and go as fast as they can: churn TOTAL AT_ONCE
 *
 * Each takes names of QEMU's threads, moves between CPUs, sleeps and runs for some microseconds,
 * says its last words (lastwords.h) and ends. Begins at the first byte of its input, prints "done"
 * at the end, and then waits for its input to end.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

#include "lastwords.h"

#define MAX_AT_ONCE 256

static cpu_set_t allowed;

static uint32_t roll(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*state >> 33);
}

static void move(uint64_t *dice)
{
	cpu_set_t one;
	int cpu = (int)(roll(dice) % (unsigned int)CPU_COUNT(&allowed));

	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, &allowed) && !cpu--)
			CPU_SET(i, &one);
	}
	sched_setaffinity(0, sizeof(one), &one); /* its CPU may be offline: so be it */
}

static void burn(uint32_t turns)
{
	for (volatile uint32_t i = 0; i < turns; i++)
		;
}

static void *live(void *arg)
{
	uint64_t dice = (uintptr_t)arg;
	struct timespec nap = {0, roll(&dice) % 200000};
	char name[16];

	snprintf(name, sizeof(name), roll(&dice) % 4 ? "CPU %u/KVM" : "IO disk%u",
		 (unsigned int)((uintptr_t)arg % 100));
	prctl(PR_SET_NAME, name);
	if (!(roll(&dice) % 4))
		move(&dice);
	burn(roll(&dice) % 20000);
	nanosleep(&nap, NULL);
	burn(roll(&dice) % 20000);
	last_words();
	return NULL;
}

static int churn(size_t total, size_t at_once)
{
	pthread_t threads[MAX_AT_ONCE];
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 32768);
	for (size_t i = 0; i < total + at_once; i++) {
		pthread_t *thread = &threads[i % at_once];

		if (i >= at_once)
			pthread_join(*thread, NULL);
		if (i < total && pthread_create(thread, &attr, live, (void *)(i * 2654435761)))
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	size_t total = argc == 3 ? (size_t)atol(argv[1]) : 0;
	size_t at_once = argc == 3 ? (size_t)atol(argv[2]) : 0;
	char byte;

	if (!total || !at_once || at_once > MAX_AT_ONCE || total < at_once)
		return 2;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sched_getaffinity(0, sizeof(allowed), &allowed);
	if (read(STDIN_FILENO, &byte, 1) != 1 || churn(total, at_once))
		return 1;
	dprintf(STDOUT_FILENO, "done\n");
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
