/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Command lines as /proc/P/cmdline holds them: arguments, each ended by a NUL. They belong to the
 * process, which can write what it likes there.
 */
#ifndef STEALSCOPE_HOST_ARGV_H
#define STEALSCOPE_HOST_ARGV_H

#include <stdbool.h>
#include <stddef.h>

struct argv {
	const char *text; /* a NUL follows its @len bytes, too */
	size_t len;
};

/* The argument after @arg, the first one for NULL; NULL after the last. */
const char *argv_next(const struct argv *argv, const char *arg);

/*
 * The value of the next option @name ("-name V", "--name V", "--name=V") after *@cursor, which is
 * NULL at first and moves; NULL when there is none left. What follows an option that takes free
 * text ("-append") is never mistaken for an option.
 */
const char *argv_option_next(const struct argv *argv, const char *name, const char **cursor);

/* The value of the last option @name, or NULL. */
const char *argv_option(const struct argv *argv, const char *name);

/* Is there an option @name, with or without a value? */
bool argv_has(const struct argv *argv, const char *name);

/* Does any argument after argv[0] contain @needle? */
bool argv_contains(const struct argv *argv, const char *needle);

/*
 * From a QEMU option's value "guest=web,,1,debug-threads=on": the value of @key with QEMU's ",,"
 * undone, malloc()ed, or NULL. @implied: a first item without '=' is @key's value.
 */
char *qemu_suboption(const char *value, const char *key, bool implied);

#endif
