// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>

#include "terminal/terminal.h"

#include <curses.h>

#define WEIGHT_NORMAL 0
#define WEIGHT_DIM A_DIM
#define WEIGHT_BOLD A_BOLD

#define WAIT_LOOK(id, name, bar, basic, many, ...) \
	[ATTR_WAIT + WAIT_##id] = {0, 0, COLOR_##basic, many},
#define CAUSE_LOOK(id, name, letter, basic, many, weight, ...) \
	[ATTR_CAUSE + CAUSE_##id] = {0, WEIGHT_##weight, COLOR_##basic, many},

/* Attributes where there are no colours, eight of them, many. */
static const struct look {
	attr_t plain, attr;
	short basic, many; /* -1: the terminal's own */
} looks[NR_ATTRS] = {
	/* clang-format off: rows that come from tables look like statements */
	[ATTR_PLAIN] = {0, 0, -1, -1},
	[ATTR_BOLD] = {A_BOLD, A_BOLD, -1, -1},
	[ATTR_DIM] = {0, 0, -1, 245},
	[ATTR_HEADING] = {A_REVERSE, A_REVERSE, -1, -1},
	[ATTR_SORTED] = {A_REVERSE | A_BOLD | A_UNDERLINE, A_REVERSE | A_BOLD | A_UNDERLINE, -1,
			 -1},
	[ATTR_WARN] = {A_BOLD, 0, COLOR_YELLOW, 220},
	[ATTR_BAD] = {A_BOLD, A_BOLD, COLOR_RED, 196},
	[ATTR_RUN] = {0, 0, COLOR_GREEN, 34},
	WAIT_KINDS(WAIT_LOOK)[ATTR_WAITING] = {0, 0, COLOR_WHITE, 252},
	CAUSES(CAUSE_LOOK)
	/* clang-format on */
};

bool terminal_has_color(void)
{
	const char *no_color = getenv("NO_COLOR");

	return has_colors() && !(no_color && *no_color);
}

void terminal_init_looks(void)
{
	if (!terminal_has_color())
		return;
	start_color();
	use_default_colors();
	for (int i = 1; i < NR_ATTRS; i++)
		init_pair((short)i, (short)(COLORS >= 256 ? looks[i].many : looks[i].basic), -1);
}

static void set_look(enum screen_attr attr, bool reverse)
{
	attr_t plain = reverse ? A_REVERSE : 0;

	if (terminal_has_color())
		attr_set(plain | looks[attr].attr, (short)attr, NULL);
	else
		attr_set(plain | looks[attr].plain, 0, NULL);
}

/* A block shows its colour by itself: reversed it would vanish. */
static bool is_bar(enum screen_attr attr)
{
	return attr >= ATTR_WAITING || attr == ATTR_RUN;
}

static void paint_line(const struct screen_line *line, int y, bool blocks)
{
	if (line->selected) {
		set_look(ATTR_PLAIN, true);
		mvhline(y, 0, ' ', COLS);
	}
	for (size_t i = 0; i < line->nr; i++) {
		const struct screen_cell *cell = &line->cells[i];

		set_look(cell->attr, line->selected && !(blocks && is_bar(cell->attr)));
		mvaddstr(y, (int)cell->col, cell->text);
	}
}

void terminal_paint(const struct screen *screen, bool blocks)
{
	attr_set(0, 0, NULL);
	erase();
	for (size_t i = 0; i < screen->nr && i < (size_t)LINES; i++)
		paint_line(&screen->lines[i], (int)i, blocks);
	curs_set(screen->input_col >= 0);
	if (screen->input_col >= 0)
		move((int)screen->nr - 1, screen->input_col);
	else
		move(LINES - 1, 0);
	refresh();
}
