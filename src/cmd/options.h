/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The command line: one table of commands, one of options, from which parser, help, man pages and
 * completion come.
 */
#ifndef STEALSCOPE_OPTIONS_H
#define STEALSCOPE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

struct options {
	const struct command *command;
	const char **domains; /* globs of -d, none: all */
	size_t nr_domains;
	bool json;
	enum report_by by;
	bool by_given;
	bool self; /* report our own cost */
	bool verbose;
	bool ascii;
	unsigned int max_threads; /* 0: by what the host has */
	uint64_t interval_ns;	  /* 0: until interrupted */
	uint64_t count;		  /* 0: no end */
	bool batch;		  /* top: no screen */
	uint64_t over_ns;	  /* watch */
	unsigned int rate;	  /* watch: lines a second */
	size_t rows;		  /* blame, 0: all */
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
};

struct command {
	const char *name;
	const char *summary; /* one line */
	const char *details; /* for its help and man page */
	unsigned int groups;
	int (*run)(const struct options *options); /* exit status */
};

extern const struct command commands[];
extern const size_t nr_commands;

/* Help, version and usage errors end the program, with EXIT_USAGE for the last. 0 or -errno. */
int options_parse(int argc, char **argv, struct options *ret_options);
void options_free(struct options *options);

/* @name matches one of the -d globs, or there is none. */
bool options_match_domain(const struct options *options, const char *name);

#endif
