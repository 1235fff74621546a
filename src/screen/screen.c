// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "screen/screen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "screen/screen_keys.h"
#include "screen/screen_view.h"

/* Where the terminal is lower than this, the part is left out. */
#define HEAD_FROM 12U
#define CRUMB_FROM 5U
#define EXPLAIN_FROM 16U
#define LEGEND_FROM 14U
#define KEYS_FROM 4U

#define EXPLAIN_LINES 2U

void screen_window(struct screen *screen, size_t first, size_t skip, size_t max)
{
	size_t lines = screen->nr - first, over = lines > max ? lines - max : 0, kept;

	skip = skip < over ? skip : over;
	screen->scroll_max = over;
	kept = lines - over;
	for (size_t i = 0; i < skip; i++)
		free(screen->lines[first + i].cells);
	for (size_t i = 0; i < kept; i++)
		screen->lines[first + i] = screen->lines[first + skip + i];
	for (size_t i = skip + kept; i < lines; i++)
		free(screen->lines[first + i].cells);
	screen->nr = first + kept;
}

static int put_head(struct screen *screen, const struct screen_state *state)
{
	struct screen_text text;
	int err = screen_text_begin(&text, state);
	char *at, *line;

	if (err)
		return err;
	text_head(&text.options, state->report);
	err = screen_text_end(&text);
	if (err)
		return err;
	at = text.text;
	while ((line = screen_text_line(&at))) {
		screen_line(screen);
		screen_put(screen, ATTR_PLAIN, line);
	}
	free(text.text);
	return 0;
}

static void put_rows(struct screen *screen, const struct screen_state *state,
		     const struct rows *rows, unsigned int height)
{
	struct layout layout = screen_layout(state);
	size_t cursor = screen_cursor_row(state, rows), first = 0, visible;

	screen_heading(screen, state, &layout);
	visible = height > 1 ? height - 1 : 1;
	if (rows->nr > visible) {
		/* The cursor in the middle, but for the ends. */
		first = cursor > visible / 2 ? cursor - visible / 2 : 0;
		first = first < rows->nr - visible ? first : rows->nr - visible;
	}
	for (size_t i = first; i < rows->nr && i < first + visible; i++) {
		screen_row(screen, state, &layout, &rows->rows[i]);
		if (i == cursor && screen->nr)
			screen->lines[screen->nr - 1].selected = true;
	}
}

static void put_gone(struct screen *screen, const char *what)
{
	screen_line(screen);
	screen_line(screen);
	screen_printf(screen, ATTR_WARN, "%s is gone. Esc goes back.", what);
}

static void put_sentence(struct screen *screen, const char *sentence)
{
	screen_line(screen);
	screen_wrap(screen, ATTR_PLAIN, sentence, 0);
}

static int put_no_domains(struct screen *screen, const struct screen_state *state)
{
	struct screen_text text;
	int err = screen_text_begin(&text, state);
	char *at;

	if (err)
		return err;
	text_no_domains(&text.options);
	err = screen_text_end(&text);
	if (err)
		return err;
	at = text.text + 1; /* after an empty line */
	put_sentence(screen, screen_text_line(&at));
	free(text.text);
	return 0;
}

static int put_table(struct screen *screen, const struct screen_state *state,
		     const struct rows *rows, unsigned int height)
{
	if (state->level == LEVEL_THREADS && !screen_domain(state))
		put_gone(screen, "This domain");
	else if (rows->nr)
		put_rows(screen, state, rows, height);
	else if (*state->filter)
		put_sentence(screen, "No domain matches. Esc clears the filter.");
	else
		return put_no_domains(screen, state);
	return 0;
}

static int put_body(struct screen *screen, const struct screen_state *state,
		    const struct rows *rows, unsigned int height)
{
	const struct domain_report *domain = screen_domain(state);
	const struct thread_report *thread = domain ? screen_thread(state, domain) : NULL;
	size_t first = screen->nr;
	int err = 0;

	if (state->help)
		screen_help(screen, state);
	else if (!state->report)
		put_sentence(screen, "Measuring: the first figures appear when the interval ends.");
	else if (state->level != LEVEL_THREAD)
		err = put_table(screen, state, rows, height);
	else if (thread)
		err = screen_thread_view(screen, state, domain, thread);
	else
		put_gone(screen, domain ? "This thread" : "This domain");
	screen_window(screen, first, state->scroll, height);
	return err;
}

/* What the selected row's columns have no room for. */
static int put_explanation(struct screen *screen, const struct screen_state *state,
			   const struct rows *rows)
{
	const struct row *row = &rows->rows[screen_cursor_row(state, rows)];
	char name[SCREEN_NAME_SIZE], safe[SCREEN_TEXT_SIZE];
	size_t first = screen->nr;
	struct screen_text text;
	int err = screen_text_begin(&text, state);

	if (err)
		return err;
	if (row->thread)
		screen_thread_name(row->thread, name);
	else
		snprintf(name, sizeof(name), "%s", row->domain->name);
	screen_name(name, safe, screen->width / 2, state->ascii);
	fprintf(text.options.out, "%s: ", safe);
	text_stats(&text.options, row->who, row->nr, state->report->interval_ns);
	err = screen_text_end(&text);
	if (err)
		return err;
	screen_wrap(screen, ATTR_PLAIN, text.text, 2);
	screen_window(screen, first, 0, EXPLAIN_LINES);
	while (!screen->failed && screen->nr < first + EXPLAIN_LINES)
		screen_line(screen);
	free(text.text);
	return 0;
}

static bool is_warning(const char *line)
{
	return line && !strncmp(line, "warning:", strlen("warning:"));
}

/* What was lost, if anything: the first line of the text renderers' last ones. */
static int put_warning(struct screen *screen, const struct screen_state *state)
{
	struct screen_text text;
	int err = screen_text_begin(&text, state);

	if (err)
		return err;
	text_foot(&text.options, state->report);
	err = screen_text_end(&text);
	if (err)
		return err;
	if (*text.text) {
		char *at = text.text + 1, *line = screen_text_line(&at);

		screen_line(screen);
		screen_put(screen, is_warning(line) ? ATTR_BAD : ATTR_DIM, line ? line : "");
	}
	free(text.text);
	return 0;
}

static void put_prompt(struct screen *screen, const struct screen_state *state)
{
	char safe[SCREEN_TEXT_SIZE];

	screen_put(screen, ATTR_BOLD, state->prompt == PROMPT_FILTER ? "Filter: " : "Interval: ");
	escape_terminal(state->input, safe, sizeof(safe), SIZE_MAX, state->ascii);
	screen_put(screen, ATTR_PLAIN, safe);
	screen->input_col = (int)screen->lines[screen->nr - 1].cols;
	screen_right(screen, ATTR_DIM,
		     state->prompt == PROMPT_FILTER ? "Enter keep  Esc clear"
						    : "Enter set  Esc cancel");
}

static void put_keys(struct screen *screen, const struct screen_state *state)
{
	screen_line(screen);
	if (state->prompt != PROMPT_NONE) {
		put_prompt(screen, state);
		return;
	}
	if (state->message) {
		screen_put(screen, ATTR_WARN, state->message);
		return;
	}
	for (size_t i = 0; i < nr_key_bindings; i++) {
		const struct key_binding *binding = &key_bindings[i];
		bool here = binding->levels & 1U << state->level;

		if (!binding->brief || !here || (state->help && binding->levels != AT_ALL))
			continue;
		if (screen->lines[screen->nr - 1].cols)
			screen_put(screen, ATTR_PLAIN, " ");
		screen_put(screen, ATTR_BOLD, binding->shown);
		screen_printf(screen, ATTR_DIM, " %s", binding->brief);
	}
}

/* All that is below the body. */
static int put_foot(struct screen *screen, const struct screen_state *state,
		    const struct rows *rows)
{
	bool table = state->report && !state->help && state->level != LEVEL_THREAD;
	int err = 0;

	if (table && rows->nr && state->height >= EXPLAIN_FROM) {
		screen_line(screen);
		err = put_explanation(screen, state, rows);
	}
	if (!err && state->report && state->height >= HEAD_FROM)
		err = put_warning(screen, state);
	if (table && rows->nr && state->height >= LEGEND_FROM)
		screen_legend(screen, state);
	if (state->height >= KEYS_FROM || state->prompt != PROMPT_NONE)
		put_keys(screen, state);
	return err;
}

/* The foot is as high as it has to be; the body gets what is left. */
static int put_all(struct screen *screen, struct screen *foot, const struct screen_state *state,
		   const struct rows *rows)
{
	unsigned int height = state->height, used;
	int err = put_foot(foot, state, rows);

	if (!err && state->report && height >= HEAD_FROM)
		err = put_head(screen, state);
	if (height >= CRUMB_FROM)
		screen_location(screen, state, rows);
	used = (unsigned int)(screen->nr + foot->nr);
	if (!err)
		err = put_body(screen, state, rows, height > used ? height - used : 1);
	while (!screen->failed && screen->nr + foot->nr < height)
		screen_line(screen);
	return err;
}

/* Move @foot's lines below @screen's. */
static void append(struct screen *screen, struct screen *foot)
{
	for (size_t i = 0; i < foot->nr; i++) {
		struct screen_line *line = screen_line(screen);

		for (size_t c = 0; c < foot->lines[i].nr; c++)
			screen_put(screen, foot->lines[i].cells[c].attr,
				   foot->lines[i].cells[c].text);
		line->selected = false;
	}
	screen->input_col = foot->input_col;
	screen->failed |= foot->failed;
}

int screen_draw(const struct screen_state *state, struct screen *ret_screen)
{
	struct rows rows;
	struct screen foot;
	int err;

	screen_begin(ret_screen, state->width);
	err = screen_rows(state, &rows);
	if (err)
		return err;
	screen_begin(&foot, state->width);
	err = put_all(ret_screen, &foot, state, &rows);
	append(ret_screen, &foot);
	screen_free(&foot);
	free(rows.rows);
	if (ret_screen->nr > state->height) {
		size_t max = ret_screen->scroll_max;

		screen_window(ret_screen, 0, 0, state->height);
		ret_screen->scroll_max = max;
	}
	return err ? err : ret_screen->failed ? -ENOMEM : 0;
}
