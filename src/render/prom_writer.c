// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "render/prom_writer.h"

void prom_family(struct prom_writer *w, const char *name, const char *type, const char *help)
{
	w->name = name;
	buffer_puts(w->out, "# HELP ");
	buffer_puts(w->out, name);
	buffer_add(w->out, " ", 1);
	buffer_puts(w->out, help);
	buffer_puts(w->out, "\n# TYPE ");
	buffer_puts(w->out, name);
	buffer_add(w->out, " ", 1);
	buffer_puts(w->out, type);
	buffer_add(w->out, "\n", 1);
}

void prom_sample(struct prom_writer *w, const char *suffix, const char *labels)
{
	buffer_puts(w->out, w->name);
	buffer_puts(w->out, suffix);
	buffer_add(w->out, "{", 1);
	buffer_puts(w->out, labels);
}

void prom_label(struct prom_writer *w, const char *name, const char *value)
{
	buffer_add(w->out, ",", 1);
	buffer_puts(w->out, name);
	buffer_add(w->out, "=\"", 2);
	buffer_puts(w->out, value);
	buffer_add(w->out, "\"", 1);
}

void prom_label_u64(struct prom_writer *w, const char *name, uint64_t value)
{
	buffer_add(w->out, ",", 1);
	buffer_puts(w->out, name);
	buffer_add(w->out, "=\"", 2);
	buffer_u64(w->out, value);
	buffer_add(w->out, "\"", 1);
}

void prom_end_u64(struct prom_writer *w, uint64_t value)
{
	buffer_add(w->out, "} ", 2);
	buffer_u64(w->out, value);
	buffer_add(w->out, "\n", 1);
}

void prom_end_seconds(struct prom_writer *w, uint64_t ns)
{
	buffer_add(w->out, "} ", 2);
	buffer_seconds(w->out, ns);
	buffer_add(w->out, "\n", 1);
}

void prom_vcpu_label(struct prom_writer *w, int index)
{
	if (index < 0)
		prom_label(w, "vcpu", "unknown");
	else
		prom_label_u64(w, "vcpu", (uint64_t)index);
}
