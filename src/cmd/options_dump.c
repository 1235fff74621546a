// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>

#include "cmd/option_table.h"
#include "model/names.h"

/* What argp adds to every command. */
static const struct argp_option from_argp[] = {
	{"help", '?', NULL, 0, "Show help for the command and its options", 0},
	{"usage", 0, NULL, 0, "Show a short usage message", 0},
	{"version", 'V', NULL, 0, "Print the version", 0},
};

static void dump_option(const struct command *command, const struct argp_option *option)
{
	char letter[3] = "";

	if (option->flags & OPTION_HIDDEN)
		return;
	if (option->key > ' ' && option->key <= '~')
		snprintf(letter, sizeof(letter), "-%c", option->key);
	printf("option\t%s\t%s\t--%s\t%s\t%s\n", command->name, letter, option->name,
	       option->arg ? option->arg : "", option->doc);
}

static void dump_kinds(void)
{
	for (enum role role = 0; role < NR_ROLES; role++)
		printf("role\t%s\t%s\n", role_names[role], role_infos[role].purpose);
	for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++)
		printf("wait\t%s\t%s\t%d\n", wait_kind_names[kind], wait_kind_infos[kind].beginning,
		       wait_kind_infos[kind].color);
	for (enum cause cause = 0; cause < NR_CAUSES; cause++)
		printf("cause\t%s\t%s\t%s\t%d\n", cause_names[cause], cause_infos[cause].meaning,
		       cause_infos[cause].advice, cause_infos[cause].color);
}

int options_dump(const struct command_table *commands)
{
	for (size_t i = 0; i < commands->nr; i++) {
		const struct command *command = &commands->at[i];

		printf("command\t%s\t%s\t%s\t%s\n", command->name, command->summary,
		       command->groups & GROUP_INTERVAL ? "[INTERVAL [COUNT]]" : "",
		       command->details);
		for (size_t row = 0; row < nr_options; row++)
			if (option_applies(&option_table[row], command->groups))
				dump_option(command, &option_table[row].option);
		for (size_t row = 0; row < sizeof(from_argp) / sizeof(from_argp[0]); row++)
			dump_option(command, &from_argp[row]);
	}
	dump_kinds();
	return fflush(stdout) ? -errno : 0;
}
