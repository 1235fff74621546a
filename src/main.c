// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <locale.h>
#include <malloc.h>
#include <signal.h>

#include "cmd/commands.h"
#include "cmd/options.h"

static const struct command commands[] = {
	{"hist", "steal histograms per domain and vCPU",
	 "Without INTERVAL, traces until interrupted and then prints the result.",
	 GROUP_DOMAIN | GROUP_JSON | GROUP_BY | GROUP_TRACE | GROUP_INPUT | GROUP_INTERVAL,
	 cmd_hist},
	{"top", "live table of all domains, worst first",
	 "Every 2 seconds unless INTERVAL is given; h shows the keys. With -b, or if input or "
	 "output is not a terminal, prints plain rows.",
	 GROUP_DOMAIN | GROUP_BATCH | GROUP_TRACE | GROUP_INPUT | GROUP_INTERVAL, cmd_top},
	{"blame", "who took the CPU from whom, worst first",
	 "Rows are victims and their thieves; a victim's rows add up to its steal. SHARE% is of "
	 "the victim's time.",
	 GROUP_DOMAIN | GROUP_JSON | GROUP_BY | GROUP_ROWS | GROUP_TRACE | GROUP_INPUT |
		 GROUP_INTERVAL,
	 cmd_blame},
	{"watch", "one line per long wait as it ends, with its causes and thieves", "",
	 GROUP_DOMAIN | GROUP_JSON | GROUP_WATCH | GROUP_TRACE | GROUP_INPUT, cmd_watch},
	{"list", "domains, their threads, roles, CPUs and limits; traces nothing", "",
	 GROUP_DOMAIN | GROUP_JSON, cmd_list},
	{"export", "Prometheus metrics over HTTP, into a file, or both",
	 "Counters start at 0 with the exporter. INTERVAL (default 10) is how often it takes a "
	 "report by itself and writes the textfile; a scrape gets current counters. Once started, "
	 "it keeps no "
	 "privileges; see --user.",
	 GROUP_DOMAIN | GROUP_TRACE | GROUP_EXPORT | GROUP_INTERVAL, cmd_export},
	{"check", "can this host be traced, and if not, what to change", "", GROUP_JSON, cmd_check},
};

int main(int argc, char **argv)
{
	static const struct command_table table = {commands,
						   sizeof(commands) / sizeof(commands[0])};
	struct options options;
	int status;

	setlocale(LC_ALL, "");
	signal(SIGPIPE, SIG_IGN);
	/* Every interval frees and takes the same memory again: giving it back between is half the
	 * cost. */
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	if (options_parse(argc, argv, &table, &options))
		return EXIT_USAGE;
	status = options.command->run(&options);
	options_free(&options);
	return status;
}
