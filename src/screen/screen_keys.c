// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "screen/screen_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "screen/screen_table.h"

#define CTRL(c) ((c)&0x1f)

void screen_init(struct screen_state *state)
{
	for (unsigned int level = 0; level < LEVEL_THREAD; level++)
		state->sort[level] = COLUMN_STEAL;
}

/* Lines of a table or text that a page is. */
static size_t page(const struct screen_state *state)
{
	return state->height > 12 ? state->height - 10 : 2;
}

static size_t stepped(int key, size_t at, size_t last, size_t by_page)
{
	switch (key) {
	case KEY_CURSOR_UP:
	case 'k':
		return at ? at - 1 : 0;
	case KEY_PAGE_UP:
		return at > by_page ? at - by_page : 0;
	case KEY_TO_TOP:
		return 0;
	case KEY_CURSOR_DOWN:
	case 'j':
		at++;
		break;
	case KEY_PAGE_DOWN:
		at += by_page;
		break;
	default:
		at = last;
	}
	return at < last ? at : last;
}

static void scroll(struct screen_state *state, int key)
{
	struct screen screen;
	size_t last = 0;

	if (!screen_draw(state, &screen))
		last = screen.scroll_max;
	screen_free(&screen);
	state->scroll = stepped(key, state->scroll, last, page(state));
}

static void hold(struct screen_cursor *cursor, const struct rows *rows, size_t at)
{
	const struct row *row = &rows->rows[at];

	*cursor = (struct screen_cursor){.moved = true,
					 .row = at,
					 .pid = row->domain->pid,
					 .start = row->domain->start,
					 .tid = row->thread ? row->thread->tid : 0};
}

static enum screen_action press_move(struct screen_state *state, int key)
{
	struct rows rows;

	if (state->help || state->level == LEVEL_THREAD) {
		scroll(state, key);
		return SCREEN_DRAW;
	}
	if (screen_rows(state, &rows))
		return SCREEN_DRAW;
	if (key == KEY_TO_TOP) /* the worst again, whoever it is */
		state->cursors[state->level].moved = false;
	else if (rows.nr)
		hold(&state->cursors[state->level], &rows,
		     stepped(key, screen_cursor_row(state, &rows), rows.nr - 1, page(state)));
	free(rows.rows);
	return SCREEN_DRAW;
}

static enum screen_action press_enter(struct screen_state *state, int key)
{
	struct rows rows;

	(void)key;
	if (screen_rows(state, &rows))
		return SCREEN_DRAW;
	if (rows.nr) {
		size_t at = screen_cursor_row(state, &rows);

		hold(&state->cursors[state->level], &rows, at);
		if (state->level == LEVEL_DOMAINS) {
			snprintf(state->domain, sizeof(state->domain), "%s",
				 rows.rows[at].domain->name);
			state->cursors[LEVEL_THREADS].moved = false;
		}
		state->level++;
		state->scroll = 0;
	}
	free(rows.rows);
	return SCREEN_DRAW;
}

static enum screen_action press_back(struct screen_state *state, int key)
{
	(void)key;
	state->scroll = 0;
	if (state->help)
		state->help = false;
	else if (state->level != LEVEL_DOMAINS)
		state->level--;
	else
		state->filter[0] = '\0';
	return SCREEN_DRAW;
}

static enum screen_action press_filter(struct screen_state *state, int key)
{
	(void)key;
	state->prompt = PROMPT_FILTER;
	memcpy(state->input, state->filter, sizeof(state->input));
	return SCREEN_DRAW;
}

static enum screen_action press_sort(struct screen_state *state, int key)
{
	unsigned int step = key == '>' || key == KEY_CURSOR_RIGHT ? 1 : NR_COLUMNS - 1;
	unsigned int *sort = &state->sort[state->level];

	do
		*sort = (*sort + step) % NR_COLUMNS;
	while (!(columns[*sort].tables & 1U << state->level));
	return SCREEN_DRAW;
}

static enum screen_action press_reverse(struct screen_state *state, int key)
{
	(void)key;
	state->reverse = !state->reverse;
	return SCREEN_DRAW;
}

static enum screen_action press_freeze(struct screen_state *state, int key)
{
	(void)key;
	state->frozen = !state->frozen;
	return SCREEN_DRAW;
}

static enum screen_action press_faster(struct screen_state *state, int key)
{
	static const uint64_t tenths[] = {1, 2, 5, 10, 20, 50, 100, 200, 300, 600};
	const unsigned int nr = sizeof(tenths) / sizeof(tenths[0]);
	uint64_t was = state->interval_ns;

	for (unsigned int i = 0; i < nr; i++) {
		uint64_t longer = tenths[i] * SECOND / 10,
			 shorter = tenths[nr - 1 - i] * SECOND / 10;

		if (key == '+' && longer > was)
			state->interval_ns = longer;
		else if (key == '-' && shorter < was)
			state->interval_ns = shorter;
		if (state->interval_ns != was)
			return SCREEN_INTERVAL;
	}
	return SCREEN_DRAW;
}

static enum screen_action press_interval(struct screen_state *state, int key)
{
	(void)key;
	state->prompt = PROMPT_INTERVAL;
	state->input[0] = '\0';
	return SCREEN_DRAW;
}

static enum screen_action press_now(struct screen_state *state, int key)
{
	(void)key;
	state->frozen = false;
	return SCREEN_REPORT;
}

static enum screen_action press_help(struct screen_state *state, int key)
{
	(void)key;
	state->help = !state->help;
	state->scroll = 0;
	return SCREEN_DRAW;
}

static enum screen_action press_redraw(struct screen_state *state, int key)
{
	(void)state;
	(void)key;
	return SCREEN_REDRAW;
}

static enum screen_action press_quit(struct screen_state *state, int key)
{
	(void)state;
	(void)key;
	return SCREEN_QUIT;
}

const struct key_binding key_bindings[] = {
	{{KEY_RETURN, KEY_CURSOR_RIGHT},
	 "Enter",
	 "open",
	 "open the domain or thread at the cursor",
	 AT_TABLES,
	 press_enter},
	{{KEY_ESCAPE, KEY_ERASE, KEY_CURSOR_LEFT},
	 "Esc",
	 "back",
	 "go back; at the top: clear the filter",
	 AT_ALL,
	 press_back},
	{{KEY_CURSOR_UP, KEY_CURSOR_DOWN, 'k', 'j'},
	 "Up Down",
	 NULL,
	 "move; the cursor follows its row (also k j)",
	 AT_ALL,
	 press_move},
	{{KEY_PAGE_UP, KEY_PAGE_DOWN}, "PgUp PgDn", NULL, "move by a page", AT_ALL, press_move},
	{{KEY_TO_TOP, KEY_TO_END},
	 "Home End",
	 NULL,
	 "go to the first row (and stay there), to the last",
	 AT_ALL,
	 press_move},
	{{'/'},
	 "/",
	 "filter",
	 "show only matching domains; * and ? are wildcards",
	 AT_DOMAINS,
	 press_filter},
	{{'<', '>'},
	 "< >",
	 "sort",
	 "sort by the column to the left or right, or by its letter",
	 AT_TABLES,
	 press_sort},
	{{'r'}, "r", NULL, "reverse the order", AT_TABLES, press_reverse},
	{{' '}, "Space", "freeze", "freeze the display; tracing goes on", AT_ALL, press_freeze},
	{{'+', '-'}, "+ -", "interval", "longer or shorter intervals", AT_ALL, press_faster},
	{{'s'}, "s", NULL, "set the interval: 2, 0.5, 500ms", AT_ALL, press_interval},
	{{'.'}, ".", NULL, "end this interval now", AT_ALL, press_now},
	{{CTRL('l')}, "^L", NULL, "redraw the screen", AT_ALL, press_redraw},
	{{'h', '?'}, "h", "help", "this help, and back (also ?)", AT_ALL, press_help},
	{{'q'}, "q", "quit", "quit (also ^C)", AT_ALL, press_quit},
};
const size_t nr_key_bindings = sizeof(key_bindings) / sizeof(key_bindings[0]);

static const struct key_binding *find_binding(int key)
{
	for (size_t i = 0; i < nr_key_bindings; i++) {
		for (size_t k = 0; k < 4; k++) {
			if (key && key_bindings[i].keys[k] == key)
				return &key_bindings[i];
		}
	}
	return NULL;
}

static void sort_by_letter(struct screen_state *state, int key)
{
	if (state->level == LEVEL_THREAD)
		return;
	for (unsigned int i = 0; i < NR_COLUMNS; i++) {
		if (columns[i].letter == key && columns[i].tables & 1U << state->level)
			state->sort[state->level] = i;
	}
}

/* What help understands: all that is not about a table. */
static bool in_help(const struct key_binding *binding)
{
	return binding->levels == AT_ALL;
}

enum screen_action screen_press(struct screen_state *state, int key)
{
	const struct key_binding *binding = find_binding(key);

	state->message = NULL;
	if (state->prompt != PROMPT_NONE)
		return screen_prompt_press(state, key);
	if (state->help && (!binding || !in_help(binding)))
		return SCREEN_DRAW;
	if (!binding)
		sort_by_letter(state, key);
	else if (binding->levels & 1U << state->level)
		return binding->press(state, key);
	return SCREEN_DRAW;
}
