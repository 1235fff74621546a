// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* On its own because of term.h, whose macros take names like "lines" and "columns". */
#include <stdlib.h>
#include <unistd.h>

#include "terminal/terminal.h"

#include <curses.h>
#include <term.h>

const char *terminal_obstacle(void)
{
	const char *term = getenv("TERM");
	const char *move;
	int err;

	if (!term || !*term)
		return "TERM is not set";
	if (setupterm(NULL, STDOUT_FILENO, &err) != OK)
		return "the terminal type in TERM is unknown";
	move = tigetstr("cup");
	del_curterm(cur_term);
	return move && move != (char *)-1 ? NULL : "this terminal cannot move its cursor";
}
