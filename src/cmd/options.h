/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The command line: a table of commands (commands.h) and one of options (option_table.c), from
 * which parser, help, man pages and completion come.
 */
#ifndef STEALSCOPE_OPTIONS_H
#define STEALSCOPE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/globs.h"
#include "model/rank.h"

/* Exit status */
#define EXIT_RUNTIME 1
#define EXIT_USAGE 2
#define EXIT_UNTRACEABLE 3

/*
 * Where export listens. The ports that Prometheus' wiki allocates to exporters, 9100 to 9999, are
 * all taken; this one is in no list.
 */
#define EXPORT_LISTEN "127.0.0.1:10917"

struct command;

enum color_when { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct options {
	const struct command *command;
	struct globs domains; /* of -d */
	bool json;
	enum report_by by;
	bool by_given;
	bool self; /* report our own cost */
	bool verbose;
	bool ascii;
	enum color_when color;
	unsigned int max_threads; /* 0: by what the host has */
	uint64_t interval_ns;	  /* 0: until interrupted */
	uint64_t count;		  /* 0: no end */
	bool batch;		  /* top: no screen */
	uint64_t over_ns;	  /* watch */
	unsigned int rate;	  /* watch: lines a second */
	size_t rows;		  /* blame, 0: all */
	const char *input;	  /* read this recording in place of tracing */
	const char *record;	  /* append every snapshot to this file */
	bool no_thieves;	  /* benchmarks: how long, not who */
	bool times;		  /* benchmarks: at the end, the longest run of each hook */
	const char *trust_exe;	  /* benchmarks: processes of this executable are domains */
	/* export, all NULL where not given: */
	const char *listen;	/* ADDRESS:PORT */
	const char *web_config; /* TLS and users */
	const char *textfile;	/* written at each interval */
	const char *user;	/* who the exporter becomes */
	bool compat_libvirt;
};

/* Which options a command takes, besides -v, --help, --version. */
enum option_group {
	GROUP_DOMAIN = 1 << 0,
	GROUP_JSON = 1 << 1,
	GROUP_BY = 1 << 2,
	GROUP_TRACE = 1 << 3,
	GROUP_WATCH = 1 << 4,
	GROUP_ROWS = 1 << 5,
	GROUP_INTERVAL = 1 << 6, /* [INTERVAL [COUNT]] */
	GROUP_BATCH = 1 << 7,
	GROUP_EXPORT = 1 << 8,
	GROUP_INPUT = 1 << 9,
};

struct command {
	const char *name;
	const char *summary; /* one line */
	const char *details; /* for its help and man page */
	unsigned int groups;
	int (*run)(const struct options *options); /* exit status */
};

/* The first one is the default. */
struct command_table {
	const struct command *at;
	size_t nr;
};

/* Help, version and usage errors end the program, with EXIT_USAGE for the last. 0 or -errno. */
int options_parse(int argc, char **argv, const struct command_table *commands,
		  struct options *ret_options);
void options_free(struct options *options);

#endif
