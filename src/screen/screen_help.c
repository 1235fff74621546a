// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/names.h"
#include "screen/screen_keys.h"
#include "screen/screen_view.h"

static void put_title(struct screen *screen, const char *title)
{
	screen_line(screen);
	screen_put(screen, ATTR_HEADING, title);
}

static void put_entry(struct screen *screen, const char *key, unsigned int col, const char *what)
{
	screen_line(screen);
	screen_printf(screen, ATTR_BOLD, " %s", key);
	screen_to(screen, col);
	screen_put(screen, ATTR_PLAIN, what);
}

static void put_columns(struct screen *screen)
{
	put_title(screen, "Columns, and the keys that sort by them");
	for (unsigned int i = 0; i < NR_COLUMNS; i++) {
		char letter[2] = {columns[i].letter};

		screen_line(screen);
		screen_printf(screen, ATTR_BOLD, " %s", letter);
		screen_printf(screen, ATTR_PLAIN, "  %-10s", columns[i].heading);
		screen_to(screen, 15);
		screen_put(screen, ATTR_PLAIN, columns[i].meaning);
	}
}

static void put_causes(struct screen *screen, const struct screen_state *state)
{
	put_title(screen, "Causes: why a vCPU waited");
	for (enum cause cause = 0; cause < NR_CAUSES; cause++) {
		screen_line(screen);
		screen_put(screen, ATTR_PLAIN, " ");
		screen_cause(screen, state, cause);
		screen_put(screen, ATTR_PLAIN, cause_infos[cause].meaning);
	}
}

void screen_help(struct screen *screen, const struct screen_state *state)
{
	put_title(screen, "Keys");
	for (size_t i = 0; i < nr_key_bindings; i++)
		put_entry(screen, key_bindings[i].shown, 15, key_bindings[i].what);
	screen_line(screen);
	put_causes(screen, state);
	screen_line(screen);
	put_columns(screen);
	screen_line(screen);
	screen_wrap(screen, ATTR_PLAIN,
		    state->color ? "Steal is yellow from 5 % and red from 10 %, the usual limits "
				   "for CPU Ready."
				 : "Steal is marked * from 5 % and ! from 10 %, the usual limits "
				   "for CPU Ready.",
		    0);
}
