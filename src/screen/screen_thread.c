// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "model/names.h"
#include "render/label.h"
#include "screen/screen_view.h"

#define THIEVES_SHOWN 8U

/* The interval as a bar: running, the causes of steal, asleep. */
static void put_time_bar(struct screen *screen, const struct screen_state *state,
			 const struct row *row)
{
	double run = pct_of(row->who->run_ns, 1, state->report->interval_ns);
	bool block = state->color && !state->ascii;
	unsigned int width = screen->width > 10 ? screen->width - 9 : 1, used, steal;

	used = (unsigned int)(width * run / 100 + 0.5);
	used = used < width ? used : width;
	steal = (unsigned int)(width * row->who->steal_pct / 100 + 0.5);
	screen_line(screen);
	screen_put(screen, ATTR_PLAIN, "time  |");
	screen_repeat(screen, ATTR_RUN, block ? "\xe2\x96\x88" : "=", used);
	screen_bar(screen, state, row, steal < width - used ? steal : width - used);
	screen_to(screen, 7 + width);
	screen_put(screen, ATTR_PLAIN, "|");
}

static int put_stats(struct screen *screen, const struct screen_state *state, const struct row *row)
{
	struct screen_text text;
	char buf[DURATION_SIZE];
	int err = screen_text_begin(&text, state);

	if (err)
		return err;
	fprintf(text.options.out, "run %s %%, ",
		text_pct(buf, pct_of(row->who->run_ns, 1, state->report->interval_ns)));
	text_stats(&text.options, row->who, 1, state->report->interval_ns);
	err = screen_text_end(&text);
	if (err)
		return err;
	screen_wrap(screen, ATTR_PLAIN, text.text, 2);
	free(text.text);
	return 0;
}

static void put_thief(struct screen *screen, const struct screen_state *state,
		      const struct blame *blame)
{
	struct render_options options = {.ascii = state->ascii};
	struct label label = {.options = &options,
			      .max = screen->width > 24 ? screen->width - 23 : 1};
	char time[DURATION_SIZE], pct[DURATION_SIZE];

	screen_line(screen);
	screen_printf(screen, ATTR_PLAIN, "%6s %6s  ", text_pct(pct, blame->pct),
		      text_duration(time, blame->ns));
	screen_cause(screen, state, blame->cause);
	label_thief(&label, blame, BY_VCPU);
	screen_put(screen, ATTR_PLAIN, label.text);
}

/* The thieves of one thread: those of its domain, of which the others are left out. */
static int put_thieves(struct screen *screen, const struct screen_state *state,
		       const struct row *row)
{
	struct domain_report domain = *row->domain;
	struct thread_report thread = *row->thread;
	struct report alone = {
		.interval_ns = state->report->interval_ns, .domains = &domain, .nr_domains = 1};
	autofree struct blame *rows = NULL;
	size_t nr, shown;
	int err;

	domain.threads = &thread;
	domain.nr_threads = 1;
	err = rank_blame(&alone, BY_VCPU, &rows, &nr);
	if (err || !nr)
		return err;
	shown = nr > THIEVES_SHOWN + 1 ? THIEVES_SHOWN : nr;
	screen_line(screen);
	screen_line(screen);
	screen_put(screen, ATTR_HEADING, "STEAL%   TIME  CAUSE     WHO HAD THE CPU ");
	for (size_t i = 0; i < shown; i++)
		put_thief(screen, state, &rows[i]);
	if (shown < nr) {
		screen_line(screen);
		screen_printf(screen, ATTR_DIM, "and %zu more", nr - shown);
	}
	return 0;
}

static enum screen_attr glyph_attr(char glyph)
{
	for (enum wait_kind kind = 0; kind < NR_WAIT_KINDS; kind++) {
		if (wait_kind_infos[kind].bar == glyph)
			return ATTR_WAIT + kind;
	}
	return ATTR_PLAIN;
}

/* A line of the histogram: its bar has the colours of the kinds of a wait. */
static void put_histogram_line(struct screen *screen, char *line)
{
	char *bar = line + strcspn(line, "|");
	char glyph[2] = {*bar};

	*bar = '\0';
	screen_line(screen);
	screen_put(screen, ATTR_PLAIN, line);
	while (*glyph) {
		size_t times = 1 + strspn(bar + 1, glyph);

		screen_repeat(screen, glyph_attr(*glyph), glyph, times);
		bar += times;
		*glyph = *bar;
	}
}

static int put_waits(struct screen *screen, const struct screen_state *state,
		     const struct stats *who)
{
	struct screen_text text;
	int err = screen_text_begin(&text, state);
	char *at, *line;

	if (err)
		return err;
	text_waits(&text.options, who->waits);
	err = screen_text_end(&text);
	if (err)
		return err;
	at = text.text;
	screen_line(screen);
	while ((line = screen_text_line(&at)))
		put_histogram_line(screen, line);
	if (at == text.text) {
		screen_line(screen);
		screen_put(screen, ATTR_DIM, "No wait ended in this interval.");
	}
	free(text.text);
	return 0;
}

int screen_thread_view(struct screen *screen, const struct screen_state *state,
		       const struct domain_report *domain, const struct thread_report *thread)
{
	struct row row = {.domain = domain, .thread = thread, .who = &thread->own, .nr = 1};
	int err;

	put_time_bar(screen, state, &row);
	err = put_stats(screen, state, &row);
	if (!err)
		err = put_thieves(screen, state, &row);
	if (!err)
		err = put_waits(screen, state, row.who);
	return err;
}
