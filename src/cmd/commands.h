/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One function per command, each in the file of its name. They return the exit status. */
#ifndef STEALSCOPE_COMMANDS_H
#define STEALSCOPE_COMMANDS_H

#include "cmd/options.h"

int cmd_hist(const struct options *options);
int cmd_top(const struct options *options);
int cmd_blame(const struct options *options);
int cmd_watch(const struct options *options);
int cmd_list(const struct options *options);
int cmd_export(const struct options *options);
int cmd_check(const struct options *options);

#endif
