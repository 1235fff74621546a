/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shared by the text renderers: human-readable figures, names that are safe on a terminal, one-line
 * explanations of steal, the lines above and below every report.
 */
#ifndef STEALSCOPE_TEXT_H
#define STEALSCOPE_TEXT_H

#include "render/render.h"

/* Steal % from which it is highlighted: the usual thresholds for CPU Ready. */
#define STEAL_WARN_PCT 5.0
#define STEAL_BAD_PCT 10.0

#define DURATION_SIZE 24

/* "850ns", "1.2ms", "12s": at most 5 columns below 2.7 h. Returns @buf. */
const char *text_duration(char buf[static DURATION_SIZE], uint64_t ns);

/* "33.2"; "<0.1" for less, but not 0. Returns @buf. */
const char *text_pct(char buf[static DURATION_SIZE], double pct);

unsigned int text_width(const struct render_options *options);

/*
 * Prints @name escaped, in at most @max columns, or with @pad in exactly @max. Returns the columns
 * used.
 */
size_t text_name(const struct render_options *options, const char *name, size_t max, bool pad);

/* Prints @pct in @width columns, yellow or red above the thresholds. */
void text_steal_pct(const struct render_options *options, double pct, int width);

/* "web-01  (libvirt, pid 8989, 4 vCPUs)" */
void text_domain(const struct render_options *options, const struct domain_report *domain);

/* "steal 50.1 %: vm 33.2 (db-02), host 16.8 (stress), quota 0.1" of @nr threads. */
void text_stats(const struct render_options *options, const struct stats *who, unsigned int nr,
		uint64_t interval_ns);

/* The same without names, after two spaces, in at most @max columns: "  vm 33 host 17". */
void text_why(const struct render_options *options, const struct stats *who, unsigned int nr,
	      uint64_t interval_ns, size_t max);

/* Figures per kind of wait, and the histogram of all. */
void text_waits(const struct render_options *options, const struct hist waits[NR_WAIT_KINDS]);

/* Time, interval and CPU time of the host; what tracing lost. */
void text_head(const struct render_options *options, const struct report *report);
void text_foot(const struct render_options *options, const struct report *report);

/* Printed if there is no domain. */
void text_no_domains(const struct render_options *options);

/* Flushes; 0 or -errno of any failure since the stream was last checked. */
int text_finish(FILE *out);

#endif
