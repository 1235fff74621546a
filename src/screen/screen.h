/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The screens of `top`: lines of cells, a pure function of a state; keys change the state.
 *
 * Nothing here knows a terminal. Text in cells is safe on one.
 */
#ifndef STEALSCOPE_SCREEN_H
#define STEALSCOPE_SCREEN_H

#include <stdio.h>

#include "model/report.h"

/* What a cell means; the terminal decides what that looks like. */
enum screen_attr {
	ATTR_PLAIN,
	ATTR_BOLD,
	ATTR_DIM,
	ATTR_HEADING,
	ATTR_SORTED, /* in the heading */
	ATTR_WARN,   /* 5 % steal */
	ATTR_BAD,    /* 10 % steal */
	ATTR_RUN,
	ATTR_WAIT,				  /* + enum wait_kind: bars of a histogram */
	ATTR_WAITING = ATTR_WAIT + NR_WAIT_KINDS, /* a wait that is not over: no cause yet */
	ATTR_CAUSE,				  /* + enum cause */
	NR_ATTRS = ATTR_CAUSE + NR_CAUSES,
};

struct screen_cell {
	const char *text;
	unsigned int col, cols;
	enum screen_attr attr;
};

struct screen_line {
	struct screen_cell *cells; /* from left to right */
	size_t nr;
	unsigned int cols; /* to the end of the last cell */
	bool selected;	   /* the cursor's line */
};

struct screen {
	struct arena arena;
	struct screen_line *lines;
	size_t nr, room;
	unsigned int width;
	size_t scroll_max; /* lines of help or of a thread above the last page */
	bool failed;	   /* out of memory */
	int input_col;	   /* on the last line, where the person types; -1: nowhere */
};

enum screen_level { LEVEL_DOMAINS, LEVEL_THREADS, LEVEL_THREAD };

enum screen_prompt { PROMPT_NONE, PROMPT_FILTER, PROMPT_INTERVAL };

#define SCREEN_INPUT_SIZE 64
#define SCREEN_NAME_SIZE 256

/* Once moved, the cursor stays with its domain or thread; before, with the worst. */
struct screen_cursor {
	bool moved;
	size_t row; /* where it was, for when what it was on is gone */
	pid_t pid;  /* the domain's */
	uint64_t start;
	pid_t tid;
};

/* All zero, but for what the terminal is like, the interval and screen_init(), is a good start. */
struct screen_state {
	const struct report *report; /* NULL: the first interval is not over */
	unsigned int width, height;
	bool color, ascii;
	uint64_t interval_ns;
	bool frozen;
	bool help;
	enum screen_level level;
	struct screen_cursor cursors[LEVEL_THREAD]; /* of the tables */
	char domain[SCREEN_NAME_SIZE];		    /* that was entered: [LEVEL_DOMAINS] */
	unsigned int sort[LEVEL_THREAD];	    /* enum column */
	bool reverse;
	size_t scroll; /* lines of help or of a thread */
	char filter[SCREEN_INPUT_SIZE];
	enum screen_prompt prompt;
	char input[SCREEN_INPUT_SIZE];
	const char *message; /* until the next key */
};

/* Keys that are no bytes; bytes of UTF-8 come as they are. */
enum screen_key {
	KEY_NONE = 0x200000,
	KEY_CURSOR_UP,
	KEY_CURSOR_DOWN,
	KEY_CURSOR_LEFT,
	KEY_CURSOR_RIGHT,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_TO_TOP,
	KEY_TO_END,
	KEY_RETURN,
	KEY_ERASE,
	KEY_ESCAPE,
};

/* What the caller has to do after a key, besides drawing. */
enum screen_action {
	SCREEN_DRAW,
	SCREEN_REDRAW,	 /* the terminal was garbled */
	SCREEN_INTERVAL, /* state->interval_ns is new */
	SCREEN_REPORT,	 /* end the interval now */
	SCREEN_QUIT,
};

/* The order in which tables begin. */
void screen_init(struct screen_state *state);

enum screen_action screen_press(struct screen_state *state, int key);

/* At most state->height lines. To be freed in either case. -ENOMEM. */
int screen_draw(const struct screen_state *state, struct screen *ret_screen);
void screen_free(struct screen *screen);

/*
 * The table of domains for a pipe: height and width of @state are 0, which leaves nothing out and
 * marks nothing. 0 or -errno.
 */
int screen_print(const struct screen_state *state, FILE *out);

#endif
