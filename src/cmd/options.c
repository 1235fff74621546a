// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/parse.h"
#include "cmd/option_table.h"

struct parser {
	const struct command_table *commands;
	struct options *options;
};

const char *argp_program_version = "stealscope " VERSION;

static int parse_count(struct argp_state *state, const char *what, const char *arg, uint64_t max,
		       uint64_t *ret)
{
	if (!parse_u64(arg, ret) && *ret <= max)
		return 0;
	argp_error(state, "%s: '%s' is not a number from 0 to %llu", what, arg,
		   (unsigned long long)max);
	return EINVAL;
}

static int parse_time(struct argp_state *state, const char *what, const char *arg, uint64_t unit,
		      uint64_t *ret)
{
	if (!parse_duration(arg, unit, ret) && *ret)
		return 0;
	argp_error(state, "%s: '%s' is not a duration (try 10ms, 2s or 1.5)", what, arg);
	return EINVAL;
}

static int parse_by(struct argp_state *state, const char *arg, struct options *options)
{
#define BY_NAME(id, name) name,
	static const char *const names[] = {REPORT_BY(BY_NAME)};
#undef BY_NAME
	unsigned int by;

	for (by = 0; by < NR_REPORT_BY; by++) {
		if (strcmp(arg, names[by]))
			continue;
		options->by = by;
		options->by_given = true;
		return 0;
	}
	argp_error(state, "--by: invalid value '%s', expected vcpu, domain or role", arg);
	return EINVAL;
}

static int parse_color(struct argp_state *state, const char *arg, struct options *options)
{
	static const char *const names[] = {
		[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(arg, names[i]))
			continue;
		options->color = (enum color_when)i;
		return 0;
	}
	argp_error(state, "--color: invalid value '%s', expected auto, always or never", arg);
	return EINVAL;
}

static int parse_argument(struct argp_state *state, const char *arg, struct options *options)
{
	if (!(options->command->groups & GROUP_INTERVAL) || state->arg_num > 1) {
		argp_error(state, "unexpected argument '%s'", arg);
		return EINVAL;
	}
	if (!state->arg_num)
		return parse_time(state, "INTERVAL", arg, SECOND, &options->interval_ns);
	return parse_count(state, "COUNT", arg, UINT64_MAX, &options->count);
}

static int parse_export_option(int key, const char *arg, struct argp_state *state,
			       struct options *options)
{
	switch (key) {
	case KEY_LISTEN:
		options->listen = arg;
		return 0;
	case KEY_WEB_CONFIG:
		options->web_config = arg;
		return 0;
	case KEY_TEXTFILE:
		options->textfile = arg;
		return 0;
	case KEY_USER:
		options->user = arg;
		return 0;
	case KEY_COMPAT:
		options->compat_libvirt = true;
		if (!strcmp(arg, "libvirt"))
			return 0;
		argp_error(state, "--compat: invalid value '%s', expected libvirt", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int parse_option(int key, char *arg, struct argp_state *state)
{
	const struct parser *parser = state->input;
	struct options *options = parser->options;
	uint64_t number;
	int err;

	switch (key) {
	case 'd':
		return -globs_add(&options->domains, arg);
	case 'j':
		options->json = true;
		return 0;
	case 'b':
		options->batch = true;
		return 0;
	case 'v':
		options->verbose = true;
		return 0;
	case 'n':
		err = parse_count(state, "--rows", arg, SIZE_MAX, &number);
		options->rows = err ? 0 : (size_t)number;
		return err;
	case KEY_BY:
		return parse_by(state, arg, options);
	case KEY_SELF:
		options->self = true;
		return 0;
	case KEY_COLOR:
		return parse_color(state, arg, options);
	case KEY_ASCII:
		options->ascii = true;
		return 0;
	case 'i':
		options->input = arg;
		return 0;
	case KEY_RECORD:
		options->record = arg;
		return 0;
	case KEY_NO_THIEVES:
		options->no_thieves = true;
		return 0;
	case KEY_TIMES:
		options->times = true;
		return 0;
	case KEY_TRUST_EXE:
		options->trust_exe = arg;
		return 0;
	case KEY_MAX_THREADS:
		err = parse_count(state, "--max-threads", arg, 131071, &number);
		options->max_threads = err ? 0 : (unsigned int)number;
		return err;
	case KEY_OVER:
		return parse_time(state, "--over", arg, SECOND / 1000, &options->over_ns);
	case KEY_RATE:
		err = parse_count(state, "--rate", arg, 1000000, &number);
		options->rate = err ? 0 : (unsigned int)number;
		return err;
	case KEY_DUMP_OPTIONS:
		exit(options_dump(parser->commands) ? EXIT_RUNTIME : 0);
	case ARGP_KEY_ARG:
		return parse_argument(state, arg, options);
	case ARGP_KEY_END:
		if (options->input && state->arg_num)
			argp_error(state,
				   "--input: a recording has its own intervals, INTERVAL and "
				   "COUNT are for tracing");
		return 0;
	default:
		return parse_export_option(key, arg, state, options);
	}
}

static const struct command *find_command(const struct command_table *commands, const char *name)
{
	for (size_t i = 0; i < commands->nr; i++)
		if (!strcmp(commands->at[i].name, name))
			return &commands->at[i];
	return NULL;
}

/* What argp shows above and below the options; the text is the caller's to free. */
static char *make_doc(const struct command_table *commands, const struct command *command,
		      bool general)
{
	char *doc = NULL;
	size_t size, i;
	FILE *out = open_memstream(&doc, &size);

	if (!out)
		return NULL;
	if (general) {
		fputs("Shows how long the virtual CPUs of a KVM/QEMU host were runnable but not "
		      "running, why, and who had the CPU.\v",
		      out);
		fputs("Commands (see stealscope COMMAND --help):\n", out);
		for (i = 0; i < commands->nr; i++)
			fprintf(out, "  %-8s %s%s\n", commands->at[i].name, commands->at[i].summary,
				i ? "" : " (default)");
	} else {
		fprintf(out, "%s: %s\v%s", command->name, command->summary, command->details);
	}
	if (fclose(out)) {
		free(doc);
		return NULL;
	}
	return doc;
}

static error_t run_argp(int argc, char **argv, const struct command_table *commands, bool general,
			struct options *options)
{
	const struct command *command = options->command;
	struct parser parser = {commands, options};
	autofree struct argp_option *table = calloc(nr_options + 1, sizeof(*table));
	autofree char *doc = make_doc(commands, command, general);
	struct argp argp = {.options = table, .parser = parse_option};
	char args_doc[64] = "";
	size_t i, nr = 0;

	if (!doc || !table)
		return ENOMEM;
	for (i = 0; i < nr_options; i++)
		if (option_applies(&option_table[i], command->groups))
			table[nr++] = option_table[i].option;
	if (command->groups & GROUP_INTERVAL)
		snprintf(args_doc, sizeof(args_doc), "%s[INTERVAL [COUNT]]",
			 general ? "[COMMAND] " : "");
	argp.args_doc = args_doc;
	argp.doc = doc;
	return argp_parse(&argp, argc, argv, 0, NULL, &parser);
}

int options_parse(int argc, char **argv, const struct command_table *commands,
		  struct options *ret_options)
{
	const struct command *named = argc > 1 ? find_command(commands, argv[1]) : NULL;
	struct options options = {.over_ns = SECOND / 100, .rate = 100, .rows = 40};
	static char name[64];
	int err;

	argp_err_exit_status = EXIT_USAGE;
	options.command = named ? named : &commands->at[0];
	if (!named && argc > 1 && argv[1][0] != '-' && (argv[1][0] < '0' || argv[1][0] > '9')) {
		log_err("unknown command '%s'; stealscope --help lists them", argv[1]);
		return -EINVAL;
	}
	if (named) {
		snprintf(name, sizeof(name), "%s %s", argv[0], named->name);
		argv[1] = name;
		argc--;
		argv++;
	}
	err = run_argp(argc, argv, commands, !named, &options);
	if (err) {
		options_free(&options);
		return -err;
	}
	log_set_level(options.verbose ? LOG_DEBUG : LOG_WARN);
	*ret_options = options;
	return 0;
}

void options_free(struct options *options)
{
	globs_free(&options->domains);
}
