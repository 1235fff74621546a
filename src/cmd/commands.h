/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The commands, a row each: X(name, what its options are, summary, details). cmd_NAME() is in the
 * file of its name and returns the exit status. The first one is the default.
 */
#ifndef STEALSCOPE_COMMANDS_H
#define STEALSCOPE_COMMANDS_H

#include "cmd/options.h"

#define COMMANDS(X)                                                                                \
	X(hist, GROUP_DOMAIN | GROUP_JSON | GROUP_BY | GROUP_TRACE | GROUP_INPUT | GROUP_INTERVAL, \
	  "steal histograms per domain and vCPU",                                                  \
	  "Without INTERVAL, traces until interrupted and then prints the result.")                \
	X(top, GROUP_DOMAIN | GROUP_BATCH | GROUP_TRACE | GROUP_INPUT | GROUP_INTERVAL,            \
	  "live table of all domains, worst first",                                                \
	  "Every 2 seconds unless INTERVAL is given; h shows the keys. With -b, or if input or "   \
	  "output is not a terminal, prints plain rows.")                                          \
	X(blame,                                                                                   \
	  GROUP_DOMAIN | GROUP_JSON | GROUP_BY | GROUP_ROWS | GROUP_TRACE | GROUP_INPUT |          \
		  GROUP_INTERVAL,                                                                  \
	  "who took the CPU from whom, worst first",                                               \
	  "Rows are victims and their thieves; a victim's rows add up to its steal. SHARE% is "    \
	  "of the victim's time.")                                                                 \
	X(watch, GROUP_DOMAIN | GROUP_JSON | GROUP_WATCH | GROUP_TRACE | GROUP_INPUT,              \
	  "one line per long wait as it ends, with its causes and thieves", "")                    \
	X(list, GROUP_DOMAIN | GROUP_JSON,                                                         \
	  "domains, their threads, roles, CPUs and limits; traces nothing", "")                    \
	X(export, GROUP_DOMAIN | GROUP_TRACE | GROUP_EXPORT | GROUP_INTERVAL,                      \
	  "Prometheus metrics over HTTP, into a file, or both",                                    \
	  "Counters start at 0 with the exporter. INTERVAL (default 10) is how often it takes a "  \
	  "report by itself and writes the textfile; a scrape gets current counters. Once "        \
	  "started, it keeps no privileges; see --user.")                                          \
	X(check, GROUP_JSON, "can this host be traced, and if not, what to change", "")

#define COMMAND_FUNCTION(name, ...) int cmd_##name(const struct options *options);
COMMANDS(COMMAND_FUNCTION)
#undef COMMAND_FUNCTION

#endif
