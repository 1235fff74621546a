/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Putting a screen together, cell by cell. What does not fit into its width is cut off. Without
 * memory nothing is added and screen->failed is set.
 */
#ifndef STEALSCOPE_SCREEN_LINE_H
#define STEALSCOPE_SCREEN_LINE_H

#include "screen/screen.h"
#include "render/text.h"

#define SCREEN_TEXT_SIZE 1024

void screen_begin(struct screen *screen, unsigned int width);

/* What follows goes to a new line. */
struct screen_line *screen_line(struct screen *screen);

/* @safe: a result of escape_terminal(), or ours. */
void screen_put(struct screen *screen, enum screen_attr attr, const char *safe);
void screen_printf(struct screen *screen, enum screen_attr attr, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void screen_repeat(struct screen *screen, enum screen_attr attr, const char *glyph, size_t times);
/* Blanks up to @col. */
void screen_to(struct screen *screen, unsigned int col);
/* At the right edge, if it fits after one blank. */
void screen_right(struct screen *screen, enum screen_attr attr, const char *safe);

/*
 * @name escaped, in at most @max columns: a long one loses its middle, because names of VMs differ
 * at their ends. Returns the columns.
 */
size_t screen_name(const char *name, char out[static SCREEN_TEXT_SIZE], size_t max, bool ascii);

/* What the text renderers print, as lines. */
struct screen_text {
	char *text;
	size_t size;
	struct render_options options;
};

/* Give @text->options to the renderers, then end it. -ENOMEM. */
int screen_text_begin(struct screen_text *text, const struct screen_state *state);
int screen_text_end(struct screen_text *text);
/* The next line of @at, terminated; NULL after the last. */
char *screen_text_line(char **at);

/* @safe on as many lines as it needs, broken at blanks, the further ones indented by @indent. */
void screen_wrap(struct screen *screen, enum screen_attr attr, const char *safe,
		 unsigned int indent);

#endif
