/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The table of options itself, for the parser and for what is generated from it.
 */
#ifndef STEALSCOPE_OPTION_TABLE_H
#define STEALSCOPE_OPTION_TABLE_H

#include <argp.h>
#include <stddef.h>

#include "cmd/options.h"

enum option_key {
	KEY_BY = 0x100,
	KEY_SELF,
	KEY_MAX_THREADS,
	KEY_OVER,
	KEY_RATE,
	KEY_ASCII,
	KEY_COLOR,
	KEY_RECORD,
	KEY_NO_THIEVES,
	KEY_TIMES,
	KEY_TRUST_EXE,
	KEY_LISTEN,
	KEY_WEB_CONFIG,
	KEY_TEXTFILE,
	KEY_USER,
	KEY_COMPAT,
	KEY_DUMP_OPTIONS,
};

struct option_row {
	unsigned int group; /* enum option_group; 0: every command */
	struct argp_option option;
};

extern const struct option_row option_table[];
extern const size_t nr_options;

/* @row is one of the options of the commands of @groups. */
static inline int option_applies(const struct option_row *row, unsigned int groups)
{
	return !row->group || row->group & groups;
}

/*
 * The tables on stdout, for the man pages and the completion of shells: a line for each command
 * and, after it, for each of its options, then the words of include/kinds.h; fields end with a
 * tab, the last one with a newline.
 *
 *	command NAME SUMMARY ARGUMENTS DETAILS
 *	option NAME SHORT LONG ARGUMENT HELP
 *	role NAME PURPOSE
 *	wait NAME BEGINNING COLOR
 *	cause NAME MEANING ADVICE COLOR
 *
 * An ARGUMENT in lower case is the choices: vcpu|domain.
 *
 * 0 or -errno.
 */
int options_dump(const struct command_table *commands);

#endif
