// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/names.h"
#include "screen/screen_table.h"

#define BLOCK "\xe2\x96\x88"
#define WAITING_LETTER '.'
#define WAITING_NAME "unfinished"

/* The causes, then the wait that is not over. */
#define NR_PARTS (NR_CAUSES + 1)

static enum screen_attr part_attr(unsigned int part)
{
	return part < NR_CAUSES ? ATTR_CAUSE + part : ATTR_WAITING;
}

static void put_part(struct screen *screen, const struct screen_state *state, unsigned int part,
		     size_t times)
{
	char letter[2] = {(char)(part < NR_CAUSES ? cause_infos[part].letter : WAITING_LETTER)};
	bool block = state->color && !state->ascii;

	screen_repeat(screen, part_attr(part), block ? BLOCK : letter, times);
}

/* Whole cells; every part ends where the sum of all up to it does, rounded. */
void screen_bar(struct screen *screen, const struct screen_state *state, const struct row *row,
		unsigned int width)
{
	const struct report *report = state->report;
	double steal = row->who->steal_pct, sum = 0;
	unsigned int used = 0;

	if (steal < 0.05)
		return;
	for (unsigned int part = 0; part < NR_PARTS; part++) {
		unsigned int end;

		if (part < NR_CAUSES)
			sum += pct_share(row->who, row->nr, report->interval_ns,
					 row->who->cause_ns[part]);
		else
			sum += pct_unfinished(row->who, row->nr, report->interval_ns);
		end = (unsigned int)(width * sum / steal + 0.5);
		end = end < width ? end : width;
		if (end > used)
			put_part(screen, state, part, end - used);
		used = end > used ? end : used;
	}
}

void screen_legend(struct screen *screen, const struct screen_state *state)
{
	screen_line(screen);
	for (unsigned int part = 0; part < NR_PARTS; part++) {
		put_part(screen, state, part, 1);
		screen_printf(screen, ATTR_DIM, " %s%s",
			      part < NR_CAUSES ? cause_names[part] : WAITING_NAME,
			      part + 1 < NR_PARTS ? " " : "");
	}
}

void screen_cause(struct screen *screen, const struct screen_state *state, enum cause cause)
{
	put_part(screen, state, cause, 1);
	screen_printf(screen, ATTR_PLAIN, " %-8s", cause_names[cause]);
}
