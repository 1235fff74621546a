// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/options.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/parse.h"
#include "cmd/commands.h"
#include "cmd/option_table.h"

#define SECOND 1000000000ULL

const struct command commands[] = {
	{"hist", "steal histograms per domain and vCPU",
	 "Without INTERVAL, traces until interrupted and then prints what was gathered.",
	 GROUP_DOMAIN | GROUP_JSON | GROUP_BY | GROUP_TRACE | GROUP_INTERVAL, cmd_hist},
	{"top", "live table of all domains, worst first",
	 "Without INTERVAL every 2 seconds. h shows the keys. With -b, or where input or output is no "
	 "terminal, plain rows.",
	 GROUP_DOMAIN | GROUP_BATCH | GROUP_TRACE | GROUP_INTERVAL, cmd_top},
	{"blame", "who took the CPU from whom, worst first",
	 "Rows are victims and their thieves; a victim's rows sum to its steal. SHARE% is of the "
	 "victim's time.",
	 GROUP_DOMAIN | GROUP_JSON | GROUP_BY | GROUP_ROWS | GROUP_TRACE | GROUP_INTERVAL,
	 cmd_blame},
	{"watch", "one line per long wait as it ends, with its causes and thieves", "",
	 GROUP_DOMAIN | GROUP_JSON | GROUP_WATCH | GROUP_TRACE, cmd_watch},
	{"list", "domains, their threads, roles, CPUs and limits; traces nothing", "",
	 GROUP_DOMAIN | GROUP_JSON, cmd_list},
	{"export", "Prometheus metrics over HTTP, into a file, or both",
	 "Counters start at 0 with the exporter. INTERVAL (default 10) is how often it looks by itself and "
	 "writes the textfile; a scrape gets the counters of its moment. Once started it keeps no "
	 "privilege; see --user.",
	 GROUP_DOMAIN | GROUP_TRACE | GROUP_EXPORT | GROUP_INTERVAL, cmd_export},
	{"check", "can this host be traced, and if not, what to change", "", GROUP_JSON, cmd_check},
};
const size_t nr_commands = sizeof(commands) / sizeof(commands[0]);

enum option_key {
	KEY_BY = 0x100,
	KEY_SELF,
	KEY_MAX_THREADS,
	KEY_OVER,
	KEY_RATE,
	KEY_ASCII,
	KEY_RECORD,
	KEY_NO_THIEVES,
	KEY_TRUST_EXE,
	KEY_LISTEN,
	KEY_WEB_CONFIG,
	KEY_TEXTFILE,
	KEY_USER,
	KEY_COMPAT,
	KEY_DUMP_OPTIONS,
};

const struct option_row option_table[] = {
	{GROUP_DOMAIN,
	 {"domain", 'd', "GLOB", 0, "Only domains whose name matches (repeatable)", 0}},
	{GROUP_JSON, {"json", 'j', NULL, 0, "One JSON object per line and interval", 0}},
	{GROUP_BY, {"by", KEY_BY, "vcpu|domain|role", 0, "What a histogram or row stands for", 0}},
	{GROUP_BATCH, {"batch", 'b', NULL, 0, "Plain rows, one block for each interval", 0}},
	{GROUP_ROWS, {"rows", 'n', "N", 0, "At most N rows (default 40; 0: all)", 0}},
	{GROUP_WATCH, {"over", KEY_OVER, "TIME", 0, "Waits longer than this (default 10ms)", 0}},
	{GROUP_WATCH,
	 {"rate", KEY_RATE, "N", 0, "At most N lines per CPU and second (default 100)", 0}},
	{GROUP_TRACE, {"self", KEY_SELF, NULL, 0, "Report what tracing itself costs", 0}},
	{GROUP_TRACE,
	 {"max-threads", KEY_MAX_THREADS, "N", 0,
	  "Room for N watched threads (default: twice what is found, at least 4096)", 0}},
	{GROUP_TRACE,
	 {"record", KEY_RECORD, "FILE", 0, "Append every snapshot to FILE as JSON", 0}},
	{GROUP_DOMAIN, {"ascii", KEY_ASCII, NULL, 0, "Print no character beyond ASCII", 0}},
	{GROUP_EXPORT,
	 {"listen", KEY_LISTEN, "ADDRESS:PORT", 0,
	  "Serve HTTP there (default " EXPORT_LISTEN "; with --textfile not at all)", 0}},
	{GROUP_EXPORT,
	 {"web-config", KEY_WEB_CONFIG, "FILE", 0,
	  "TLS and users, in the format of Prometheus' exporters", 0}},
	{GROUP_EXPORT,
	 {"textfile", KEY_TEXTFILE, "PATH", 0,
	  "Write the metrics to PATH at each interval, for node_exporter", 0}},
	{GROUP_EXPORT,
	 {"user", KEY_USER, "NAME", 0,
	  "Become this user once started as root (default: stealscope if there is one, else nobody)",
	  0}},
	{GROUP_EXPORT,
	 {"compat", KEY_COMPAT, "libvirt", 0,
	  "Add libvirt_domain_vcpu_delay_seconds_total as libvirt's exporters have it", 0}},
	/* For benchmarks and tests of scale only, and therefore in no help. */
	{GROUP_TRACE, {"no-thieves", KEY_NO_THIEVES, NULL, OPTION_HIDDEN, NULL, 0}},
	{GROUP_TRACE, {"trust-exe", KEY_TRUST_EXE, "PATH", OPTION_HIDDEN, NULL, 0}},
	{0, {"verbose", 'v', NULL, 0, "Say more about what is done, on stderr", 0}},
	/* For the build and for completion: what is generated from these tables. */
	{0, {"dump-options", KEY_DUMP_OPTIONS, NULL, OPTION_HIDDEN, NULL, 0}},
};
#define NR_OPTIONS (sizeof(option_table) / sizeof(option_table[0]))
const size_t nr_options = NR_OPTIONS;

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
	argp_error(state, "--by: '%s' is none of vcpu, domain, role", arg);
	return EINVAL;
}

static int add_domain(struct options *options, const char *glob)
{
	const char **domains =
		reallocarray(options->domains, options->nr_domains + 1, sizeof(*domains));

	if (!domains)
		return ENOMEM;
	options->domains = domains;
	options->domains[options->nr_domains++] = glob;
	return 0;
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
		argp_error(state, "--compat: '%s' is not libvirt", arg);
		return EINVAL;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int parse_option(int key, char *arg, struct argp_state *state)
{
	struct options *options = state->input;
	uint64_t number;
	int err;

	switch (key) {
	case 'd':
		return add_domain(options, arg);
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
	case KEY_ASCII:
		options->ascii = true;
		return 0;
	case KEY_RECORD:
		options->record = arg;
		return 0;
	case KEY_NO_THIEVES:
		options->no_thieves = true;
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
		exit(options_dump() ? EXIT_RUNTIME : 0);
	case ARGP_KEY_ARG:
		return parse_argument(state, arg, options);
	default:
		return parse_export_option(key, arg, state, options);
	}
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; i < nr_commands; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* What argp shows above and below the options; the text is the caller's to free. */
static char *make_doc(const struct command *command, bool general)
{
	char *doc = NULL;
	size_t size, i;
	FILE *out = open_memstream(&doc, &size);

	if (!out)
		return NULL;
	if (general) {
		fputs("Steal of the virtual CPUs on a KVM/QEMU host: how long they waited, and "
		      "for whom.\v",
		      out);
		fputs("Commands (stealscope COMMAND --help says more):\n", out);
		for (i = 0; i < nr_commands; i++)
			fprintf(out, "  %-8s %s%s\n", commands[i].name, commands[i].summary,
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

static error_t run_argp(int argc, char **argv, const struct command *command, bool general,
			struct options *options)
{
	struct argp_option table[NR_OPTIONS + 1] = {0};
	struct argp argp = {.options = table, .parser = parse_option};
	char *doc = make_doc(command, general), args_doc[64] = "";
	size_t i, nr = 0;
	error_t err;

	if (!doc)
		return ENOMEM;
	for (i = 0; i < NR_OPTIONS; i++)
		if (option_applies(&option_table[i], command->groups))
			table[nr++] = option_table[i].option;
	if (command->groups & GROUP_INTERVAL)
		snprintf(args_doc, sizeof(args_doc), "%s[INTERVAL [COUNT]]",
			 general ? "[COMMAND] " : "");
	argp.args_doc = args_doc;
	argp.doc = doc;
	err = argp_parse(&argp, argc, argv, 0, NULL, options);
	free(doc);
	return err;
}

int options_parse(int argc, char **argv, struct options *ret_options)
{
	const struct command *named = argc > 1 ? find_command(argv[1]) : NULL;
	struct options options = {.over_ns = SECOND / 100, .rate = 100, .rows = 40};
	static char name[64];
	int err;

	argp_err_exit_status = EXIT_USAGE;
	options.command = named ? named : &commands[0];
	if (!named && argc > 1 && argv[1][0] != '-' && (argv[1][0] < '0' || argv[1][0] > '9')) {
		log_err("'%s' is no command; stealscope --help lists them", argv[1]);
		return -EINVAL;
	}
	if (named) {
		snprintf(name, sizeof(name), "%s %s", argv[0], named->name);
		argv[1] = name;
		argc--;
		argv++;
	}
	err = run_argp(argc, argv, options.command, !named, &options);
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
	free(options->domains);
	options->domains = NULL;
}

bool options_match_domain(const struct options *options, const char *name)
{
	size_t i;

	for (i = 0; i < options->nr_domains; i++)
		if (!fnmatch(options->domains[i], name, 0))
			return true;
	return !options->nr_domains;
}
