// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "options.h"

#include <stdbool.h>

#define US 1000ULL
#define MS 1000000ULL

static bool at_word_end(char c)
{
	return c == ' ' || c == '\0';
}

/* Past @name at the start of @s, or NULL. */
static const char *skip_name(const char *s, const char *name)
{
	while (*name)
		if (*s++ != *name++)
			return (void *)0;
	return s;
}

static const char *parse_number(const char *s, uint64_t *ret)
{
	uint64_t value = 0;

	for (; *s >= '0' && *s <= '9'; s++)
		value = value * 10 + (uint64_t)(*s - '0');
	*ret = value;
	return s;
}

static uint64_t parse_cpus(const char *s)
{
	uint64_t cpus = 0, cpu;

	do {
		s = parse_number(s, &cpu);
		cpus |= 1ULL << (cpu & 63);
	} while (*s++ == ',');
	return cpus;
}

static void parse_word(const char *word, struct options *opt)
{
	const struct {
		const char *name;
		uint64_t unit;
		uint64_t *value;
	} numbers[] = {
		{"sleep=", US, &opt->sleep_ns},
		{"work=", US, &opt->work_ns},
		{"report=", MS, &opt->report_ns},
		{"exit=", MS, &opt->exit_ns},
	};
	const char *arg = skip_name(word, "spin");

	if (arg && at_word_end(*arg))
		opt->spin = ~0ULL;
	else if (arg && *arg == '=')
		opt->spin = parse_cpus(arg + 1);
	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		arg = skip_name(word, numbers[i].name);
		if (!arg)
			continue;
		parse_number(arg, numbers[i].value);
		*numbers[i].value *= numbers[i].unit;
	}
}

void options_parse(const char *cmdline, struct options *opt)
{
	opt->work_ns = 10 * US;
	while (*cmdline) {
		while (!at_word_end(*cmdline))
			cmdline++;
		while (*cmdline == ' ')
			cmdline++;
		parse_word(cmdline, opt);
	}
}
