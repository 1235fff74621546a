// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "host/argv.h"

#include <stdlib.h>
#include <string.h>

const char *argv_next(const struct argv *argv, const char *arg)
{
	const char *end = argv->text + argv->len;

	arg = arg ? arg + strlen(arg) + 1 : argv->text;
	return arg < end ? arg : NULL;
}

/* @arg without its dashes; NULL if it has none. */
static const char *option_of(const char *arg)
{
	if (arg[0] != '-')
		return NULL;
	return arg + (arg[1] == '-' ? 2 : 1);
}

/* QEMU's options whose value is what a tenant may have been asked for. */
static bool takes_free_text(const char *option)
{
	static const char *const names[] = {"append", "kernel", "initrd", "fw_cfg"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(option, names[i]))
			return true;
	}
	return false;
}

const char *argv_option_next(const struct argv *argv, const char *name, const char **cursor)
{
	const char *arg = *cursor ? *cursor : argv_next(argv, NULL);
	size_t len = strlen(name);

	while (arg && (arg = argv_next(argv, arg))) {
		const char *option = option_of(arg), *value = NULL;

		if (!option)
			continue;
		if (!strncmp(option, name, len) && option[len] == '=')
			value = option + len + 1;
		else if (!strcmp(option, name))
			value = arg = argv_next(argv, arg);
		else if (takes_free_text(option))
			arg = argv_next(argv, arg);
		if (value) {
			*cursor = arg;
			return value;
		}
	}
	return NULL;
}

const char *argv_option(const struct argv *argv, const char *name)
{
	const char *cursor = NULL, *value, *last = NULL;

	while ((value = argv_option_next(argv, name, &cursor)))
		last = value;
	return last;
}

bool argv_has(const struct argv *argv, const char *name)
{
	const char *arg = argv_next(argv, NULL);

	while (arg && (arg = argv_next(argv, arg))) {
		const char *option = option_of(arg);

		if (option && !strcmp(option, name))
			return true;
		if (option && takes_free_text(option))
			arg = argv_next(argv, arg);
	}
	return false;
}

bool argv_contains(const struct argv *argv, const char *needle)
{
	const char *arg = argv_next(argv, NULL);

	while (arg && (arg = argv_next(argv, arg))) {
		if (strstr(arg, needle))
			return true;
	}
	return false;
}

/* The end of the item that begins at @item: a comma that is not doubled, or the end of all. */
static const char *item_end(const char *item)
{
	for (; *item; item++) {
		if (*item == ',' && *++item != ',')
			return item - 1;
	}
	return item;
}

static char *copy_item(const char *from, const char *end)
{
	char *out = malloc((size_t)(end - from) + 1), *at = out;

	if (!out)
		return NULL;
	while (from < end) {
		*at++ = *from;
		from += 1 + (from[0] == ',' && from + 1 < end);
	}
	*at = '\0';
	return out;
}

/* As QEMU's util/qemu-option.c: the last of equal keys counts. */
char *qemu_suboption(const char *value, const char *key, bool implied)
{
	const char *item = value, *from = NULL, *to = NULL;
	size_t len = strlen(key);

	for (;;) {
		const char *end = item_end(item);
		const char *equals = memchr(item, '=', (size_t)(end - item));

		if (equals && (size_t)(equals - item) == len && !memcmp(item, key, len)) {
			from = equals + 1;
			to = end;
		} else if (!equals && implied && item == value && end > item) {
			from = item;
			to = end;
		}
		if (!*end)
			break;
		item = end + 1;
	}
	return from ? copy_item(from, to) : NULL;
}
