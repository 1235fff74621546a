/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The guest's command line (qemu -append), words in any order:
 *
 *	spin		every CPU burns time for ever; spin=0,2: these do
 *	sleep=US	the other CPUs sleep this long, over and over …
 *	work=US		… and work this long in between (default 10)
 *	report=MS	print the clocks of every CPU this often
 *	exit=MS		shut down after this time
 *
 * CPUs with nothing to do halt. A byte on the serial port asks for the clocks at once, 'q' for
 * a shutdown.
 */
#ifndef GUEST_OPTIONS_H
#define GUEST_OPTIONS_H

#include <stdint.h>

struct options {
	uint64_t spin; /* bit per CPU */
	uint64_t sleep_ns;
	uint64_t work_ns;
	uint64_t report_ns;
	uint64_t exit_ns;
};

/* The first word, the name of the kernel, is skipped. Words not known are ignored. */
void options_parse(const char *cmdline, struct options *opt);

#endif
