/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Screens of top as text, and keys from words. */
#ifndef STEALSCOPE_SCREEN_DUMP_H
#define STEALSCOPE_SCREEN_DUMP_H

#include <stdio.h>
#include <string.h>

#include "screen/screen.h"

#define WAIT_ATTR(id, name, ...) [ATTR_WAIT + WAIT_##id] = name,
#define CAUSE_ATTR(id, name, ...) [ATTR_CAUSE + CAUSE_##id] = name,

static const char *const attr_names[NR_ATTRS] = {
	/* clang-format off: rows that come from tables look like statements */
	[ATTR_BOLD] = "bold",	    [ATTR_DIM] = "dim",
	[ATTR_HEADING] = "heading", [ATTR_SORTED] = "sorted",
	[ATTR_WARN] = "warn",	    [ATTR_BAD] = "bad",
	[ATTR_RUN] = "run",	    WAIT_KINDS(WAIT_ATTR)[ATTR_WAITING] = "waiting",
	CAUSES(CAUSE_ATTR)
	/* clang-format on */
};

static int key_of(const char *word)
{
	static const struct {
		const char *name;
		int key;
	} names[] = {
		{"up", KEY_CURSOR_UP}, {"down", KEY_CURSOR_DOWN},
		{"pgup", KEY_PAGE_UP}, {"pgdn", KEY_PAGE_DOWN},
		{"home", KEY_TO_TOP},  {"end", KEY_TO_END},
		{"enter", KEY_RETURN}, {"erase", KEY_ERASE},
		{"esc", KEY_ESCAPE},   {"left", KEY_CURSOR_LEFT},
		{"space", ' '},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(names[i].name, word))
			return names[i].key;
	}
	return (unsigned char)*word;
}

/* @keys: characters and names with blanks between them, "down enter / w e b". */
static void press_keys(struct screen_state *state, char *keys)
{
	char *word;

	while ((word = strsep(&keys, " ")))
		screen_press(state, key_of(word));
}

/* What cells mean stands before them where @state is in colour; the cursor's line begins with ">".
 */
static int dump_screen(const struct screen_state *state)
{
	struct screen screen;
	int err = screen_draw(state, &screen);

	for (size_t i = 0; !err && i < screen.nr; i++) {
		const struct screen_line *line = &screen.lines[i];

		putchar(line->selected ? '>' : ' ');
		for (size_t c = 0; c < line->nr; c++) {
			const char *name = attr_names[line->cells[c].attr];

			if (state->color && name)
				printf("{%s:%s}", name, line->cells[c].text);
			else
				fputs(line->cells[c].text, stdout);
		}
		putchar('\n');
	}
	screen_free(&screen);
	return err;
}

#endif
