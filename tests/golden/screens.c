// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * screens [-c] [-a] -w WIDTH -h HEIGHT [-k KEYS] FILE
 *
 * The screens of top, as text that names each attribute, for the intervals of a recording: in
 * colour
 * (-c), in ASCII (-a), after KEYS were pressed at the first one.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "model/recording.h"
#include "screen_dump.h"

static int usage(void)
{
	fputs("usage: screens [-c] [-a] -w WIDTH -h HEIGHT [-k KEYS] FILE\n", stderr);
	return 2;
}

static int show(struct screen_state *state, const struct snapshot *from, const struct snapshot *to,
		char *keys)
{
	struct report report;
	int err = report_build(from, to, &report);

	if (err)
		return err;
	state->report = &report;
	if (keys)
		press_keys(state, keys);
	err = dump_screen(state);
	report_free(&report);
	return err;
}

static int show_all(struct screen_state *state, FILE *in, char *keys)
{
	struct recorded from, to;
	int err = recording_read(in, &from);

	while (!err) {
		err = recording_read(in, &to);
		if (err)
			break;
		err = show(state, &from.snap, &to.snap, keys);
		keys = NULL;
		recorded_free(&from);
		from = to;
	}
	recorded_free(&from);
	return err == -ENODATA ? 0 : err;
}

int main(int argc, char **argv)
{
	struct screen_state state = {.interval_ns = 2000000000};
	autofclose FILE *in = NULL;
	char *keys = NULL;
	int opt, err;

	while ((opt = getopt(argc, argv, "caw:h:k:")) != -1) {
		switch (opt) {
		case 'c':
			state.color = true;
			break;
		case 'a':
			state.ascii = true;
			break;
		case 'w':
			state.width = (unsigned int)atoi(optarg);
			break;
		case 'h':
			state.height = (unsigned int)atoi(optarg);
			break;
		case 'k':
			keys = optarg;
			break;
		default:
			return usage();
		}
	}
	if (argc != optind + 1 || !state.width || !state.height)
		return usage();
	screen_init(&state);
	in = fopen(argv[optind], "re");
	if (!in)
		return 1;
	err = show_all(&state, in, keys);
	if (err)
		fprintf(stderr, "screens: %s\n", strerror(-err));
	return err ? 1 : 0;
}
