// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/option_table.h"

#include "cmd/options.h"

const struct option_row option_table[] = {
	{GROUP_DOMAIN,
	 {"domain", 'd', "GLOB", 0, "Only domains whose name matches (repeatable)", 0}},
	{GROUP_JSON, {"json", 'j', NULL, 0, "One JSON object per interval, on one line", 0}},
	{GROUP_BY, {"by", KEY_BY, "vcpu|domain|role", 0, "What each histogram or row is for", 0}},
	{GROUP_BATCH, {"batch", 'b', NULL, 0, "Print plain rows, one block per interval", 0}},
	{GROUP_ROWS, {"rows", 'n', "N", 0, "At most N rows (default 40; 0: all)", 0}},
	{GROUP_WATCH, {"over", KEY_OVER, "TIME", 0, "Waits longer than this (default 10ms)", 0}},
	{GROUP_WATCH,
	 {"rate", KEY_RATE, "N", 0, "At most N lines per CPU per second (default 100)", 0}},
	{GROUP_INPUT,
	 {"input", 'i', "FILE", 0,
	  "Read the intervals that --record wrote to FILE instead of tracing", 0}},
	{GROUP_TRACE, {"self", KEY_SELF, NULL, 0, "Report the cost of tracing itself", 0}},
	{GROUP_TRACE,
	 {"max-threads", KEY_MAX_THREADS, "N", 0,
	  "Room for N watched threads (default: twice what is found, at least 4096)", 0}},
	{GROUP_TRACE,
	 {"record", KEY_RECORD, "FILE", 0, "Append every snapshot to FILE as JSON", 0}},
	{GROUP_DOMAIN,
	 {"color", KEY_COLOR, "auto|always|never", 0,
	  "Color the output (default: on a terminal, unless NO_COLOR is set)", 0}},
	{GROUP_DOMAIN, {"ascii", KEY_ASCII, NULL, 0, "Use ASCII characters only", 0}},
	{GROUP_EXPORT,
	 {"listen", KEY_LISTEN, "ADDRESS:PORT", 0,
	  "Serve HTTP at this address, or at unix:PATH (default " EXPORT_LISTEN
	  "; with --textfile none)",
	  0}},
	{GROUP_EXPORT,
	 {"web-config", KEY_WEB_CONFIG, "FILE", 0,
	  "TLS and users, in the format of Prometheus' exporters", 0}},
	{GROUP_EXPORT,
	 {"textfile", KEY_TEXTFILE, "PATH", 0,
	  "Write the metrics to PATH at each interval, for node_exporter", 0}},
	{GROUP_EXPORT,
	 {"user", KEY_USER, "NAME", 0,
	  "After starting as root, run as this user (default: stealscope, or nobody if there is "
	  "no such user)",
	  0}},
	{GROUP_EXPORT,
	 {"compat", KEY_COMPAT, "libvirt", 0,
	  "Add libvirt_domain_vcpu_delay_seconds_total, as exported by libvirt's exporters", 0}},
	/* For benchmarks and tests of scale only, and therefore in no help. */
	{GROUP_TRACE, {"no-thieves", KEY_NO_THIEVES, NULL, OPTION_HIDDEN, NULL, 0}},
	{GROUP_TRACE, {"times", KEY_TIMES, NULL, OPTION_HIDDEN, NULL, 0}},
	{GROUP_TRACE, {"trust-exe", KEY_TRUST_EXE, "PATH", OPTION_HIDDEN, NULL, 0}},
	{0, {"verbose", 'v', NULL, 0, "Log more, to stderr", 0}},
	/* For the build and for completion: what is generated from these tables. */
	{0, {"dump-options", KEY_DUMP_OPTIONS, NULL, OPTION_HIDDEN, NULL, 0}},
};
const size_t nr_options = sizeof(option_table) / sizeof(option_table[0]);
