// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "screen/screen_table.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "model/names.h"

const struct domain_report *screen_domain(const struct screen_state *state)
{
	const struct screen_cursor *entered = &state->cursors[LEVEL_DOMAINS];

	if (!state->report || state->level == LEVEL_DOMAINS)
		return NULL;
	for (size_t i = 0; i < state->report->nr_domains; i++) {
		const struct domain_report *domain = &state->report->domains[i];

		if (domain->pid == entered->pid && domain->start == entered->start)
			return domain;
	}
	return NULL;
}

const struct thread_report *screen_thread(const struct screen_state *state,
					  const struct domain_report *domain)
{
	for (size_t i = 0; i < domain->nr_threads; i++) {
		if (domain->threads[i].tid == state->cursors[LEVEL_THREADS].tid)
			return &domain->threads[i];
	}
	return NULL;
}

void screen_thread_name(const struct thread_report *thread, char out[static SCREEN_NAME_SIZE])
{
	const char *gone = thread->dead ? " (gone)" : "";
	const char *role = role_names[thread->role];

	if (thread->role == ROLE_VCPU && thread->index >= 0)
		snprintf(out, SCREEN_NAME_SIZE, "%s %d%s", role, thread->index, gone);
	else if (thread->role == ROLE_VCPU)
		snprintf(out, SCREEN_NAME_SIZE, "%s ?%s", role, gone);
	else
		snprintf(out, SCREEN_NAME_SIZE, "%s %.200s%s", role,
			 thread->name ? thread->name : "", gone);
}

/* A part of the name, or a pattern for all of it. */
static bool matches(const char *filter, const char *name)
{
	if (strpbrk(filter, "*?["))
		return !fnmatch(filter, name, FNM_CASEFOLD);
	return strcasestr(name, filter);
}

static void add_domains(const struct screen_state *state, struct rows *rows)
{
	for (size_t i = 0; i < state->report->nr_domains; i++) {
		const struct domain_report *domain = &state->report->domains[i];

		if (!matches(state->filter, domain->name))
			continue;
		rows->rows[rows->nr++] = (struct row){.domain = domain,
						      .who = &domain->vcpus,
						      .nr = domain->nr_vcpus,
						      .order = i};
	}
}

static void add_threads(const struct domain_report *domain, struct rows *rows)
{
	for (size_t i = 0; i < domain->nr_threads; i++)
		rows->rows[rows->nr++] = (struct row){.domain = domain,
						      .thread = &domain->threads[i],
						      .who = &domain->threads[i].own,
						      .nr = 1,
						      .order = i};
}

static int by_order(const struct row *x, const struct row *y)
{
	return (x->order > y->order) - (x->order < y->order);
}

static int biggest_first(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? 1 : -1;
	return by_order(x, y);
}

static int smallest_first(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return by_order(x, y);
}

static int by_name(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = 0;

	/* Threads are in the order of their roles and indexes as they come. */
	if (!x->thread)
		order = strcmp(x->domain->name, y->domain->name);
	return order ? order : by_order(x, y);
}

static int by_name_reversed(const void *a, const void *b)
{
	return by_name(b, a);
}

static void sort(const struct screen_state *state, struct rows *rows)
{
	const struct column_info *column = &columns[state->sort[state->level]];

	if (!column->value) {
		qsort(rows->rows, rows->nr, sizeof(*rows->rows),
		      state->reverse ? by_name_reversed : by_name);
		return;
	}
	for (size_t i = 0; i < rows->nr; i++)
		rows->rows[i].key = column->value(&rows->rows[i], state->report);
	qsort(rows->rows, rows->nr, sizeof(*rows->rows),
	      state->reverse ? smallest_first : biggest_first);
}

int screen_rows(const struct screen_state *state, struct rows *ret_rows)
{
	bool threads = state->level == LEVEL_THREADS;
	const struct domain_report *domain = threads ? screen_domain(state) : NULL;
	struct rows rows = {0};
	size_t room = 1;

	if (state->report && state->level == LEVEL_DOMAINS)
		room += state->report->nr_domains;
	else if (domain)
		room += domain->nr_threads;
	rows.rows = calloc(room, sizeof(*rows.rows));
	if (!rows.rows)
		return -ENOMEM;
	if (state->report && state->level == LEVEL_DOMAINS)
		add_domains(state, &rows);
	else if (domain)
		add_threads(domain, &rows);
	if (rows.nr)
		sort(state, &rows);
	*ret_rows = rows;
	return 0;
}

static bool is_at(const struct screen_cursor *cursor, const struct row *row)
{
	if (row->thread)
		return row->thread->tid == cursor->tid;
	return row->domain->pid == cursor->pid && row->domain->start == cursor->start;
}

size_t screen_cursor_row(const struct screen_state *state, const struct rows *rows)
{
	const struct screen_cursor *cursor = &state->cursors[state->level];

	if (!cursor->moved || !rows->nr)
		return 0;
	for (size_t i = 0; i < rows->nr; i++) {
		if (is_at(cursor, &rows->rows[i]))
			return i;
	}
	return cursor->row < rows->nr ? cursor->row : rows->nr - 1;
}
