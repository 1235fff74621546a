// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "screen/screen_view.h"

static void put_status(struct screen *screen, const struct screen_state *state)
{
	char text[128], every[DURATION_SIZE];

	if (state->frozen)
		snprintf(text, sizeof(text), "FROZEN, Space resumes");
	else if (state->help)
		snprintf(text, sizeof(text), "Up and Down scroll");
	else if (state->level == LEVEL_THREAD)
		snprintf(text, sizeof(text), "every %s", text_duration(every, state->interval_ns));
	else
		snprintf(text, sizeof(text), "by %s%s, every %s",
			 state->sort[state->level] == COLUMN_NAME
				 ? "name"
				 : columns[state->sort[state->level]].heading,
			 state->reverse ? " reversed" : "",
			 text_duration(every, state->interval_ns));
	screen_right(screen, state->frozen ? ATTR_BAD : ATTR_DIM, text);
}

static void put_filter(struct screen *screen, const struct screen_state *state,
		       const struct rows *rows)
{
	char safe[SCREEN_TEXT_SIZE];

	if (!*state->filter) {
		screen_put(screen, ATTR_BOLD, "All domains");
		return;
	}
	screen_name(state->filter, safe, 24, state->ascii);
	screen_printf(screen, ATTR_WARN, "%zu of %zu domains match /%s", rows->nr,
		      state->report ? state->report->nr_domains : 0, safe);
}

/* "web-01 > vcpu 0" */
static void put_place(struct screen *screen, const struct screen_state *state)
{
	const struct domain_report *domain = screen_domain(state);
	const struct thread_report *thread = domain ? screen_thread(state, domain) : NULL;
	char safe[SCREEN_TEXT_SIZE], name[SCREEN_NAME_SIZE], waiting[DURATION_SIZE];

	screen_name(state->domain, safe, screen->width / 3, state->ascii);
	screen_put(screen, ATTR_BOLD, safe);
	if (state->level == LEVEL_THREADS && domain) {
		screen_name(domain->manager, safe, 16, state->ascii);
		screen_printf(screen, ATTR_DIM, "  (%s, pid %d, %u vCPU%s)", safe, domain->pid,
			      domain->nr_vcpus, domain->nr_vcpus == 1 ? "" : "s");
	} else if (thread) {
		screen_thread_name(thread, name);
		screen_name(name, safe, 24, state->ascii);
		screen_printf(screen, ATTR_BOLD, " > %s", safe);
		screen_printf(screen, ATTR_DIM, "  (tid %d)", thread->tid);
		if (thread->waiting_ns)
			screen_printf(screen, ATTR_WARN, "  waiting for %s now",
				      text_duration(waiting, thread->waiting_ns));
	}
}

void screen_location(struct screen *screen, const struct screen_state *state,
		     const struct rows *rows)
{
	screen_line(screen);
	if (state->help)
		screen_put(screen, ATTR_BOLD, "stealscope top: help");
	else if (state->level == LEVEL_DOMAINS)
		put_filter(screen, state, rows);
	else
		put_place(screen, state);
	put_status(screen, state);
}
