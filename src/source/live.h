/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The running kernel as a source: finds the domains, traces their threads.
 */
#ifndef STEALSCOPE_SOURCE_LIVE_H
#define STEALSCOPE_SOURCE_LIVE_H

#include "source/source.h"
#include "trace/tracer.h"

struct source_live_config {
	unsigned int max_threads; /* 0: by what the host has */
	bool no_thieves;
	bool times;	       /* print at the end how long the hooks ran */
	bool cost;	       /* have the kernel measure the programs */
	uint64_t long_wait_ns; /* 0: no long waits */
	unsigned int long_wait_rate;
	const char *trust_exe; /* processes of this executable are domains, NULL: none; borrowed */
};

/*
 * Tracing, of all that exists, from the return on. 0; 1: this host cannot be traced; -errno. What
 * is wrong was logged.
 */
int source_live_open(const struct source_live_config *config, struct source **ret_source);

/* Before privileges are dropped; see tracer_seal(). 0 or -errno. */
int source_live_seal(struct source *source);

/* Cost of each BPF program so far; see tracer_cost(). */
size_t source_live_cost(const struct source *source, struct program_cost *costs, size_t nr);

#endif
