// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <locale.h>
#include <malloc.h>
#include <signal.h>

#include "cmd/commands.h"
#include "cmd/options.h"

#define COMMAND(name, groups, summary, details) {#name, summary, details, groups, cmd_##name},
static const struct command commands[] = {COMMANDS(COMMAND)};
#undef COMMAND

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
