// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A process that burns CPU for ever under the name it is given:
 *
 *	hog COMM [IGNORED…]
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: hog COMM [IGNORED...]\n");
		return EXIT_FAILURE;
	}
	prctl(PR_SET_NAME, argv[1]);
	for (;;)
		__asm__ volatile("" : : : "memory");
}
