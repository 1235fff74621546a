/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Totals in Prometheus' text format, version 0.0.4.
 */
#ifndef STEALSCOPE_PROM_H
#define STEALSCOPE_PROM_H

#include "base/buffer.h"
#include "model/totals.h"

#define PROM_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/*
 * Maximum number of bytes for all domains, and for one of them. Running domains come first, small
 * ones before big ones; the number of those left out is part of the text.
 */
#define PROM_BYTES_MAX ((size_t)64 << 20)
#define PROM_DOMAIN_BYTES_MAX (PROM_BYTES_MAX / 4)

/* The cost of one BPF program so far. */
struct prom_program {
	const char *name;
	uint64_t ns, runs;
};

/* Metrics of the exporter itself. */
struct prom_self {
	const char *version;
	uint64_t start_ns; /* of the process, CLOCK_REALTIME */
	uint64_t cpu_ns;
	uint64_t rss_bytes;
	uint64_t fds, max_fds;
	uint64_t reports;   /* reports so far */
	uint64_t scrape_ns; /* from snapshot to text, for the latest scrape that needed one */
	bool in_textfile;   /* its reader exports metrics of its own process */
	const struct prom_program *programs;
	size_t nr_programs; /* 0: the kernel's BPF statistics are off */
};

/* @libvirt: include the metric of libvirt's exporters. 0 or -ENOMEM. */
int prom_render(const struct totals *totals, const struct prom_self *self, bool libvirt,
		struct buffer *out);

#endif
