/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the exporter costs, for its own metrics. */
#ifndef STEALSCOPE_CMD_EXPORT_SELF_H
#define STEALSCOPE_CMD_EXPORT_SELF_H

#include <dirent.h>

#include "source/source.h"
#include "render/prom.h"

#define EXPORT_PROGRAMS 16

struct export_self {
	DIR *fds; /* /proc/self/fd, opened while that was allowed */
	struct prom_program programs[EXPORT_PROGRAMS];
	struct prom_self values;
};

/* Before privileges are dropped. */
void export_self_init(struct export_self *self);
void export_self_free(struct export_self *self);
/* Take @values anew, but for those that its owner counts. */
void export_self_update(struct export_self *self, const struct source *source);

#endif
