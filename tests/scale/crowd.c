// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Starts many stand-ins for virtual machines: crowd STANDIN DOMAINS
 *
 * Says "ready" once all are up. They end with it, and it ends when its input does.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define READY_FD 3
#define AT_ONCE 64 /* started, not ready yet */

static int start_one(const char *standin, long number, int ready)
{
	char name[64], uuid[64];
	char *argv[] = {
		"/usr/bin/qemu-system-x86_64", "-name", name, "-uuid", uuid, "-nodefaults", NULL};

	if (fork())
		return 0;
	snprintf(name, sizeof(name), "guest=crowd-%05ld,debug-threads=on", number);
	snprintf(uuid, sizeof(uuid), "00000000-0000-4000-8000-%012ld", number);
	if (ready != READY_FD && dup2(ready, READY_FD) < 0)
		_exit(1);
	execv(standin, argv);
	_exit(1);
}

/* False: one of them failed. */
static int await(int fd)
{
	char byte;

	return read(fd, &byte, 1) == 1;
}

int main(int argc, char **argv)
{
	long domains = argc == 3 ? atol(argv[2]) : 0;
	int ready[2];
	char byte;

	if (domains < 1 || pipe(ready)) {
		fprintf(stderr, "crowd STANDIN DOMAINS\n");
		return 2;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGCHLD, SIG_IGN);
	for (long i = 0; i < domains; i++) {
		start_one(argv[1], i, ready[1]);
		if (i >= AT_ONCE && !await(ready[0]))
			return 1;
	}
	close(ready[1]);
	for (long i = 0; i < (domains < AT_ONCE ? domains : AT_ONCE); i++) {
		if (!await(ready[0]))
			return 1;
	}
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	return 0;
}
