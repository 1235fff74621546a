// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Two processes that hand a byte to and fro on one CPU, as fast as they can, under the name they
 *are given:
 *
 *	pingpong COMM CPU
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

static int hand_over(int from, int to)
{
	char byte = 0;

	while (write(to, &byte, 1) == 1 && read(from, &byte, 1) == 1)
		;
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	int there[2], back[2];
	cpu_set_t cpus;

	if (argc != 3) {
		fprintf(stderr, "usage: pingpong COMM CPU\n");
		return EXIT_FAILURE;
	}
	CPU_ZERO(&cpus);
	CPU_SET(atoi(argv[2]), &cpus);
	prctl(PR_SET_NAME, argv[1]);
	if (sched_setaffinity(0, sizeof(cpus), &cpus) || pipe(there) || pipe(back))
		return EXIT_FAILURE;
	if (fork())
		return hand_over(back[0], there[1]);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return hand_over(there[0], back[1]);
}
