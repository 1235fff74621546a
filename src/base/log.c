// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"

/* What a hostile name can make of a message is cut here. */
#define MAX_LINE 2048

static enum log_level shown = LOG_WARN;

void log_set_level(enum log_level level)
{
	shown = level;
}

void log_at(enum log_level level, const char *fmt, ...)
{
	int saved = errno;
	autofree char *text = NULL;
	char line[MAX_LINE];
	va_list args;
	int len;

	if (level > shown)
		return;
	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0) {
		text = NULL; /* undefined after a failure */
		escape_terminal(fmt, line, sizeof(line), SIZE_MAX, false);
	} else {
		escape_terminal(text, line, sizeof(line), SIZE_MAX, false);
	}
	fprintf(stderr, "stealscope: %s\n", line);
	errno = saved;
}
