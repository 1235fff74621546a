/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A recording as a source.
 */
#ifndef STEALSCOPE_SOURCE_FILE_H
#define STEALSCOPE_SOURCE_FILE_H

#include "source/source.h"

/* @path is borrowed. 0 or -errno. */
int source_file_open(const char *path, struct source **ret_source);

#endif
