// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/output.h"

#include <langinfo.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/parse.h"

static bool wants_color(enum color_when when)
{
	const char *no_color = getenv("NO_COLOR");

	if (when != COLOR_AUTO)
		return when == COLOR_ALWAYS;
	return isatty(STDOUT_FILENO) && (!no_color || !*no_color);
}

/* 0: none is known. */
static unsigned int columns(void)
{
	const char *given = getenv("COLUMNS");
	struct winsize size;
	uint64_t nr;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return size.ws_col;
	return given && !parse_u64(given, &nr) && nr <= USHRT_MAX ? (unsigned int)nr : 0;
}

struct render_options render_for_stdout(const struct options *options)
{
	return (struct render_options){
		.out = stdout,
		.by = options->by,
		.ascii = options->ascii || strcmp(nl_langinfo(CODESET), "UTF-8"),
		.color = wants_color(options->color),
		.width = columns(),
		.rows = options->rows,
	};
}
