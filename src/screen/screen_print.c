// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "screen/screen_table.h"

#define WIDTH 1024U

static void print_lines(const struct screen *screen, FILE *out)
{
	for (size_t i = 0; i < screen->nr; i++) {
		for (size_t c = 0; c < screen->lines[i].nr; c++)
			fputs(screen->lines[i].cells[c].text, out);
		fputc('\n', out);
	}
}

int screen_print(const struct screen_state *state, FILE *out)
{
	struct render_options options = {.out = out, .ascii = state->ascii};
	struct layout layout = screen_layout(state);
	struct screen screen;
	struct rows rows;
	int err = screen_rows(state, &rows);

	if (err)
		return err;
	text_head(&options, state->report);
	if (state->report->nr_domains) {
		screen_begin(&screen, WIDTH);
		screen_heading(&screen, state, &layout);
		for (size_t i = 0; i < rows.nr; i++)
			screen_row(&screen, state, &layout, &rows.rows[i]);
		fputc('\n', out);
		print_lines(&screen, out);
		err = screen.failed ? -ENOMEM : 0;
		screen_free(&screen);
	} else {
		text_no_domains(&options);
	}
	free(rows.rows);
	text_foot(&options, state->report);
	fputc('\n', out);
	return err ? err : text_finish(out);
}
