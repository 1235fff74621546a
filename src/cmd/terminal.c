// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/terminal.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct render_options render_for_stdout(const struct options *options)
{
	struct render_options render = {
		.out = stdout,
		.by = options->by,
		.ascii = options->ascii || strcmp(nl_langinfo(CODESET), "UTF-8"),
		.rows = options->rows,
	};
	const char *no_color = getenv("NO_COLOR");
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return render;
	render.color = !no_color || !*no_color;
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		render.width = size.ws_col;
	return render;
}
