/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tables of `top`: domains, and the threads of one. One list of columns makes the heading, the
 * cells, the sort keys and the help.
 */
#ifndef STEALSCOPE_SCREEN_TABLE_H
#define STEALSCOPE_SCREEN_TABLE_H

#include "screen/screen_line.h"

#define IN_DOMAINS (1U << LEVEL_DOMAINS)
#define IN_THREADS (1U << LEVEL_THREADS)
#define IN_TABLES (IN_DOMAINS | IN_THREADS)

/* A domain, or (@thread) one of its threads. */
struct row {
	const struct domain_report *domain;
	const struct thread_report *thread;
	const struct stats *who;
	unsigned int nr; /* threads that this is */
	double key;	 /* by which it is sorted */
	size_t order;	 /* in the report */
};

struct rows {
	struct row *rows; /* malloc()ed */
	size_t nr;
};

enum column {
	COLUMN_NAME,
	COLUMN_TID,
	COLUMN_CPUS,
	COLUMN_STEAL,
	COLUMN_WORST,
	COLUMN_SUM,
	COLUMN_P50,
	COLUMN_P99,
	COLUMN_MAX,
	COLUMN_CAUSES,
	COLUMN_SKEW,
	COLUMN_RUN,
	COLUMN_THIEF,
	NR_COLUMNS,
};

enum column_form { FORM_NAME, FORM_COUNT, FORM_STEAL, FORM_PCT, FORM_TIME, FORM_BAR, FORM_THIEF };

struct column_info {
	char letter; /* the key that sorts by it */
	const char *heading;
	const char *meaning;
	unsigned int tables; /* that have it: IN_… */
	unsigned int width;  /* at least */
	unsigned int from;   /* terminals narrower than this do not have it */
	unsigned int drop;   /* where there is no room, the highest goes first; 0: never */
	enum column_form form;
	double (*value)(const struct row *row, const struct report *report);
};

extern const struct column_info columns[NR_COLUMNS];

/* The columns of a table, as wide as they are here; 0: not here. */
struct layout {
	unsigned int width[NR_COLUMNS];
};

/* The entered domain, NULL when it is gone; the entered thread. */
const struct domain_report *screen_domain(const struct screen_state *state);
const struct thread_report *screen_thread(const struct screen_state *state,
					  const struct domain_report *domain);

/* The rows of the table at @state->level, filtered and sorted; none at LEVEL_THREAD. -ENOMEM. */
int screen_rows(const struct screen_state *state, struct rows *ret_rows);
/* The cursor's row; 0 where there is none. */
size_t screen_cursor_row(const struct screen_state *state, const struct rows *rows);

struct layout screen_layout(const struct screen_state *state);
/* Each on a line of its own. */
void screen_heading(struct screen *screen, const struct screen_state *state,
		    const struct layout *layout);
void screen_row(struct screen *screen, const struct screen_state *state,
		const struct layout *layout, const struct row *row);

/* "vcpu 3", "iothread io1"; not escaped. */
void screen_thread_name(const struct thread_report *thread, char out[static SCREEN_NAME_SIZE]);

/* The causes of @who as a bar that is @width wide where all of them together are. */
void screen_bar(struct screen *screen, const struct screen_state *state, const struct row *row,
		unsigned int width);
/* What the bar's letters or colours mean. */
void screen_legend(struct screen *screen, const struct screen_state *state);
/* "v vm       ": its letter or colour, its name. */
void screen_cause(struct screen *screen, const struct screen_state *state, enum cause cause);

/* Who had most of what @who lost, "" for nobody; not escaped. Returns the ns. */
uint64_t screen_top_thief(const struct stats *who, char out[static SCREEN_NAME_SIZE]);

#endif
