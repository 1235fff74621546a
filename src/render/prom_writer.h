/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Internal to the Prometheus renderer: writes one family of metrics at a time, sample by sample. */
#ifndef STEALSCOPE_RENDER_PROM_WRITER_H
#define STEALSCOPE_RENDER_PROM_WRITER_H

#include "render/prom.h"

#define COUNTER "counter"
#define GAUGE "gauge"
#define HISTOGRAM "histogram"

struct prom_shown {
	size_t alive, gone, left_out;
};

struct prom_writer {
	struct buffer *out;
	const char *name;	 /* of the family */
	struct prom_shown shown; /* domains */
};

void prom_family(struct prom_writer *w, const char *name, const char *type, const char *help);

/* Writes name_suffix{labels; more labels and the value follow. Label values are already escaped. */
void prom_sample(struct prom_writer *w, const char *suffix, const char *labels);
void prom_label(struct prom_writer *w, const char *name, const char *value);
void prom_label_u64(struct prom_writer *w, const char *name, uint64_t value);
void prom_vcpu_label(struct prom_writer *w, int index);
void prom_end_u64(struct prom_writer *w, uint64_t value);
void prom_end_seconds(struct prom_writer *w, uint64_t ns);

/* The families about the exporter itself. */
void prom_write_self(struct prom_writer *w, const struct totals *totals,
		     const struct prom_self *self);

#endif
