// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "screen/screen_line.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

void screen_begin(struct screen *screen, unsigned int width)
{
	*screen = (struct screen){.width = width, .input_col = -1};
}

void screen_free(struct screen *screen)
{
	for (size_t i = 0; i < screen->nr; i++)
		free(screen->lines[i].cells);
	free(screen->lines);
	arena_free(&screen->arena);
	*screen = (struct screen){0};
}

struct screen_line *screen_line(struct screen *screen)
{
	static struct screen_line nowhere;
	struct screen_line *lines;

	if (screen->nr == screen->room) {
		size_t room = screen->room ? 2 * screen->room : 64;

		lines = reallocarray(screen->lines, room, sizeof(*lines));
		if (!lines) {
			screen->failed = true;
			return &nowhere;
		}
		screen->lines = lines;
		screen->room = room;
	}
	screen->lines[screen->nr] = (struct screen_line){0};
	return &screen->lines[screen->nr++];
}

static void add_cell(struct screen *screen, enum screen_attr attr, const char *text, size_t len,
		     size_t cols)
{
	struct screen_line *line = screen->nr ? &screen->lines[screen->nr - 1] : NULL;
	struct screen_cell *cells;
	char *copy;

	if (!line || screen->failed || !len)
		return;
	cells = reallocarray(line->cells, line->nr + 1, sizeof(*cells));
	if (cells)
		line->cells = cells;
	copy = arena_alloc(&screen->arena, len + 1);
	if (!cells || !copy) {
		screen->failed = true;
		return;
	}
	memcpy(copy, text, len);
	cells[line->nr++] = (struct screen_cell){copy, line->cols, (unsigned int)cols, attr};
	line->cols += (unsigned int)cols;
}

static unsigned int room_left(const struct screen *screen)
{
	unsigned int cols = screen->nr ? screen->lines[screen->nr - 1].cols : 0;

	return screen->width > cols ? screen->width - cols : 0;
}

void screen_put(struct screen *screen, enum screen_attr attr, const char *safe)
{
	size_t len, cols = escape_clip(safe, room_left(screen), &len);

	add_cell(screen, attr, safe, len, cols);
}

void screen_printf(struct screen *screen, enum screen_attr attr, const char *fmt, ...)
{
	char text[SCREEN_TEXT_SIZE];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	screen_put(screen, attr, text);
}

void screen_repeat(struct screen *screen, enum screen_attr attr, const char *glyph, size_t times)
{
	char text[SCREEN_TEXT_SIZE];
	size_t len = strlen(glyph), used = 0;

	while (times-- && used + len < sizeof(text)) {
		memcpy(text + used, glyph, len);
		used += len;
	}
	text[used] = '\0';
	screen_put(screen, attr, text);
}

void screen_to(struct screen *screen, unsigned int col)
{
	unsigned int cols = screen->nr ? screen->lines[screen->nr - 1].cols : col;

	if (col > cols)
		screen_repeat(screen, ATTR_PLAIN, " ", col - cols);
}

void screen_right(struct screen *screen, enum screen_attr attr, const char *safe)
{
	size_t len, cols = escape_clip(safe, SIZE_MAX, &len);

	if (!cols || cols >= room_left(screen))
		return;
	screen_to(screen, screen->width - (unsigned int)cols);
	screen_put(screen, attr, safe);
}

/* The longest end of @name that fits into @max columns. */
static size_t name_end(const char *name, char out[static SCREEN_TEXT_SIZE], size_t max, bool ascii)
{
	size_t len = strlen(name), from = len > 4 * max ? len - 4 * max : 0;

	for (; from < len; from++) {
		char safe[SCREEN_TEXT_SIZE];
		size_t cols;

		if (((unsigned char)name[from] & 0xc0) == 0x80)
			continue; /* within a character */
		cols = escape_terminal(name + from, safe, sizeof(safe), SIZE_MAX, ascii);
		if (cols <= max) {
			memcpy(out, safe, strlen(safe) + 1);
			return cols;
		}
	}
	out[0] = '\0';
	return 0;
}

size_t screen_name(const char *name, char out[static SCREEN_TEXT_SIZE], size_t max, bool ascii)
{
	char end[SCREEN_TEXT_SIZE];
	size_t cols, end_cols, len;

	cols = escape_terminal(name, out, SCREEN_TEXT_SIZE, SIZE_MAX, ascii);
	if (cols <= max)
		return cols;
	end_cols = max < 6 ? 0 : name_end(name, end, (max - 1) / 2, ascii);
	cols = escape_terminal(name, out, SCREEN_TEXT_SIZE, max - end_cols, ascii);
	len = strlen(out);
	if (end_cols && len + strlen(end) < SCREEN_TEXT_SIZE)
		memcpy(out + len, end, strlen(end) + 1);
	return cols + end_cols;
}

int screen_text_begin(struct screen_text *text, const struct screen_state *state)
{
	*text = (struct screen_text){0};
	text->options = (struct render_options){.ascii = state->ascii, .width = state->width};
	text->options.out = open_memstream(&text->text, &text->size);
	return text->options.out ? 0 : -ENOMEM;
}

int screen_text_end(struct screen_text *text)
{
	if (!fclose(text->options.out))
		return 0;
	free(text->text);
	text->text = NULL;
	return -ENOMEM;
}

char *screen_text_line(char **at)
{
	char *line = *at, *end;

	if (!line || !*line)
		return NULL;
	end = strchr(line, '\n');
	*at = end ? end + 1 : line + strlen(line);
	if (end)
		*end = '\0';
	return line;
}

void screen_wrap(struct screen *screen, enum screen_attr attr, const char *safe,
		 unsigned int indent)
{
	unsigned int col = 0;

	while (*safe) {
		char text[SCREEN_TEXT_SIZE];
		size_t len, rest;

		escape_clip(safe, screen->width > col ? screen->width - col : 1, &len);
		rest = len;
		if (safe[len]) {
			while (rest && safe[rest] != ' ')
				rest--;
		}
		len = rest ? rest : len ? len : strlen(safe);
		len = len < sizeof(text) ? len : sizeof(text) - 1;
		memcpy(text, safe, len);
		text[len] = '\0';
		screen_line(screen);
		screen_to(screen, col);
		screen_put(screen, attr, text);
		safe += len;
		safe += strspn(safe, " ");
		col = indent;
	}
}
