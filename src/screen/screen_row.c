// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "screen/screen_table.h"

struct cell {
	struct screen *screen;
	const struct screen_state *state;
	const struct row *row;
	unsigned int width, col;
};

static bool is_left(enum column_form form)
{
	return form == FORM_NAME || form == FORM_BAR || form == FORM_THIEF;
}

static const char *heading_of(const struct screen_state *state, unsigned int column)
{
	if (column == COLUMN_NAME)
		return state->level == LEVEL_DOMAINS ? "DOMAIN" : "THREAD";
	return columns[column].heading;
}

void screen_heading(struct screen *screen, const struct screen_state *state,
		    const struct layout *layout)
{
	unsigned int col = 0;

	screen_line(screen);
	for (unsigned int i = 0; i < NR_COLUMNS; i++) {
		int width = (int)layout->width[i];
		bool sorted = state->sort[state->level] == i;

		if (!width)
			continue;
		screen_repeat(screen, ATTR_HEADING, " ", col ? 1 : 0);
		if (i == COLUMN_THIEF)
			width = 0;
		screen_printf(screen, sorted ? ATTR_SORTED : ATTR_HEADING, "%*s",
			      is_left(columns[i].form) ? -width : width, heading_of(state, i));
		col += layout->width[i] + 1;
	}
	if (screen->width == state->width)
		screen_repeat(screen, ATTR_HEADING, " ", screen->width);
}

static void put_name(const struct cell *cell, enum screen_attr attr, const char *name)
{
	char safe[SCREEN_TEXT_SIZE];

	screen_name(name, safe, cell->width, cell->state->ascii);
	screen_put(cell->screen, attr, safe);
}

static void put_row_name(const struct cell *cell)
{
	char name[SCREEN_NAME_SIZE];

	if (!cell->row->thread) {
		put_name(cell, ATTR_PLAIN, cell->row->domain->name);
		return;
	}
	screen_thread_name(cell->row->thread, name);
	put_name(cell, cell->row->thread->dead ? ATTR_DIM : ATTR_PLAIN, name);
}

/* On a screen without colour 5 % and 10 % are marked by a character. */
static void put_steal(const struct cell *cell, double pct)
{
	bool bad = pct >= STEAL_BAD_PCT, warn = pct >= STEAL_WARN_PCT;
	const char *mark = cell->state->color || !cell->state->height || !warn ? ""
			   : bad					       ? "!"
									       : "*";
	char buf[DURATION_SIZE], text[DURATION_SIZE + 1];

	snprintf(text, sizeof(text), "%s%s", text_pct(buf, pct), mark);
	screen_printf(cell->screen,
		      bad    ? ATTR_BAD
		      : warn ? ATTR_WARN
			     : ATTR_PLAIN,
		      "%*s", (int)cell->width, text);
}

static void put_time(const struct cell *cell, double ns)
{
	char buf[DURATION_SIZE];

	screen_printf(cell->screen, ATTR_PLAIN, "%*s", (int)cell->width,
		      ns > 0 ? text_duration(buf, (uint64_t)ns) : "-");
}

/* The share goes before the name is cut. */
static void put_thief(const struct cell *cell, double pct)
{
	char name[SCREEN_NAME_SIZE], safe[SCREEN_TEXT_SIZE], share[16];
	size_t cols;

	if (!screen_top_thief(cell->row->who, name)) {
		screen_put(cell->screen, ATTR_DIM, "-");
		return;
	}
	cols = screen_name(name, safe, cell->width, cell->state->ascii);
	screen_put(cell->screen, ATTR_PLAIN, safe);
	snprintf(share, sizeof(share), pct < 0.5 ? " <1%%" : " %.0f%%", pct);
	if (cols + strlen(share) <= cell->width)
		screen_put(cell->screen, ATTR_DIM, share);
}

static void put_cell(const struct cell *cell, const struct column_info *column)
{
	double value = column->value ? column->value(cell->row, cell->state->report) : 0;
	char buf[DURATION_SIZE];

	switch (column->form) {
	case FORM_NAME:
		put_row_name(cell);
		break;
	case FORM_COUNT:
		screen_printf(cell->screen, ATTR_PLAIN, "%*.0f", (int)cell->width, value);
		break;
	case FORM_STEAL:
		put_steal(cell, value);
		break;
	case FORM_PCT:
		screen_printf(cell->screen, ATTR_PLAIN, "%*s", (int)cell->width,
			      text_pct(buf, value));
		break;
	case FORM_TIME:
		put_time(cell, value);
		break;
	case FORM_BAR:
		screen_bar(cell->screen, cell->state, cell->row, cell->width);
		break;
	case FORM_THIEF:
		put_thief(cell, value);
		break;
	}
}

void screen_row(struct screen *screen, const struct screen_state *state,
		const struct layout *layout, const struct row *row)
{
	struct cell cell = {.screen = screen, .state = state, .row = row};

	screen_line(screen);
	for (unsigned int i = 0; i < NR_COLUMNS; i++) {
		cell.width = layout->width[i];
		if (!cell.width)
			continue;
		screen_to(screen, cell.col);
		put_cell(&cell, &columns[i]);
		cell.col += cell.width + 1;
	}
}
