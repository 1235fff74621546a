// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * render_main [-j] [-c] [-a] [-b BY] [-w WIDTH] [-n ROWS] hist|blame FILE
 * render_main [-c] [-a] [-w WIDTH -h HEIGHT] [-k KEYS] top FILE
 *
 * Renders what happened between each two snapshots of FILE that follow each other: as text, or
 * (-j) JSON; in colour (-c), in ASCII (-a).
 *
 * top: a screen, after KEYS were pressed at the first report; without a size, what a pipe gets.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "render/render.h"
#include "screen_dump.h"

#define NAME(id, name) name,
static const char *const by_names[NR_REPORT_BY] = {REPORT_BY(NAME)};
#undef NAME

typedef int renderer(const struct report *report, const struct render_options *options);

static int usage(void)
{
	fputs("usage: render_main [-j] [-c] [-a] [-b BY] [-w WIDTH] [-n ROWS] hist|blame FILE\n"
	      "       render_main [-c] [-a] [-w WIDTH -h HEIGHT] [-k KEYS] top FILE\n",
	      stderr);
	return 2;
}

/* From report to report, as in a terminal. */
static struct screen_state state = {.interval_ns = 2000000000};
static char *keys;

static int render_top(const struct report *report, const struct render_options *options)
{
	state.report = report;
	state.width = options->width;
	state.color = options->color;
	state.ascii = options->ascii;
	if (keys)
		press_keys(&state, keys);
	keys = NULL;
	return state.height ? dump_screen(&state) : screen_print(&state, options->out);
}

static renderer *find_renderer(const char *name, bool json)
{
	if (!strcmp(name, "top"))
		return render_top;
	if (!strcmp(name, "blame"))
		return json ? render_blame_json : render_blame_text;
	return json ? render_hist_json : render_hist_text;
}

static int render_file(FILE *in, renderer *render, const struct render_options *options)
{
	struct snapshot from = {0}, to = {0};
	int err = snapshot_load(in, &from);

	while (!err) {
		struct report report = {0};

		err = snapshot_load(in, &to);
		if (err)
			break;
		err = report_build(&from, &to, &report);
		snapshot_free(&from);
		from = to;
		err = err ? err : render(&report, options);
		report_free(&report);
	}
	snapshot_free(&from);
	return err == -ENODATA ? 0 : err;
}

int main(int argc, char **argv)
{
	struct render_options options = {.out = stdout};
	autofclose FILE *in = NULL;
	bool json = false;
	int opt, err;

	while ((opt = getopt(argc, argv, "jcab:w:n:h:k:")) != -1) {
		switch (opt) {
		case 'j':
			json = true;
			break;
		case 'c':
			options.color = true;
			break;
		case 'a':
			options.ascii = true;
			break;
		case 'b':
			while (options.by < NR_REPORT_BY && strcmp(optarg, by_names[options.by]))
				options.by++;
			break;
		case 'w':
			options.width = (unsigned int)atoi(optarg);
			break;
		case 'h':
			state.height = (unsigned int)atoi(optarg);
			break;
		case 'k':
			keys = optarg;
			break;
		case 'n':
			options.rows = (size_t)atoi(optarg);
			break;
		default:
			return usage();
		}
	}
	if (argc != optind + 2 || options.by == NR_REPORT_BY)
		return usage();
	screen_init(&state);
	in = fopen(argv[optind + 1], "re");
	if (!in)
		return 1;
	err = render_file(in, find_renderer(argv[optind], json), &options);
	if (err)
		fprintf(stderr, "render_main: %s\n", strerror(-err));
	return err ? 1 : 0;
}
