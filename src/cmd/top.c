// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/commands.h"
#include "cmd/run.h"
#include "cmd/output.h"
#include "terminal/terminal.h"
#include "screen/screen.h"

#define INTERVAL_DEFAULT (2 * SECOND)
/* A person does not want to wait for the first figures. */
#define FIRST_INTERVAL SECOND

struct top {
	struct session *session;
	struct report report; /* the one that is shown */
	struct screen_state state;
	bool settled; /* the intervals have the length that was asked for */
};

static int draw(struct top *top)
{
	struct screen_state *state = &top->state;
	struct screen screen;
	int err;

	terminal_size(&state->width, &state->height);
	err = screen_draw(state, &screen);
	if (!err)
		terminal_paint(&screen, state->color && !state->ascii);
	screen_free(&screen);
	return err;
}

static int settle(struct top *top)
{
	top->settled = true;
	return session_set_interval(top->session, top->state.interval_ns);
}

static int on_report(struct report *report, void *data)
{
	struct top *top = data;
	int err = top->settled ? 0 : settle(top);

	if (err || top->state.frozen) {
		report_free(report);
		return err;
	}
	report_free(&top->report);
	top->report = *report;
	top->state.report = &top->report;
	return draw(top);
}

static int on_start(struct session *session, int *ret_fd, void *data)
{
	struct top *top = data;
	int err = terminal_open(ret_fd);

	if (err)
		return err;
	top->session = session;
	top->state.color = terminal_has_color();
	if (top->state.interval_ns > FIRST_INTERVAL)
		err = session_set_interval(session, FIRST_INTERVAL);
	else
		top->settled = true;
	return err ? err : draw(top);
}

static int on_key(struct top *top, int key)
{
	switch (screen_press(&top->state, key)) {
	case SCREEN_QUIT:
		session_stop(top->session);
		return 0;
	case SCREEN_INTERVAL:
		return settle(top);
	case SCREEN_REPORT:
		return session_report_now(top->session);
	case SCREEN_REDRAW:
		terminal_redraw();
		return 0;
	case SCREEN_DRAW:
		break;
	}
	return 0;
}

static int on_ready(struct session *session, void *data)
{
	struct top *top = data;
	int key, err = 0;

	if (terminal_ready()) {
		session_stop(session);
		return 0;
	}
	while (!err && (key = terminal_key()) != KEY_NONE)
		err = on_key(top, key);
	return err ? err : draw(top);
}

static int print_report(const struct report *report, void *data)
{
	struct top *top = data;

	top->state.report = report;
	return screen_print(&top->state, stdout);
}

int cmd_top(const struct options *options)
{
	static const struct session_ops batch = {.report = print_report};
	static const struct session_ops screen = {
		.keep = on_report, .start = on_start, .ready = on_ready, .quiet = true};
	struct options mine = *options;
	struct top top = {.state.ascii = render_for_stdout(options).ascii};
	const char *obstacle;
	int status;

	if (!mine.interval_ns)
		mine.interval_ns = INTERVAL_DEFAULT;
	top.state.interval_ns = mine.interval_ns;
	screen_init(&top.state);
	if (options->batch || options->input || !isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO))
		return run(&mine, &batch, &top);
	obstacle = terminal_obstacle();
	if (obstacle) {
		log_err("%s; stealscope top -b prints plain rows", obstacle);
		return EXIT_RUNTIME;
	}
	status = run(&mine, &screen, &top);
	terminal_close();
	report_free(&top.report);
	return status;
}
