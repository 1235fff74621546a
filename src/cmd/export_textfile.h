/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A file that is replaced as a whole: who reads it sees the old or the new one, never a part. */
#ifndef STEALSCOPE_CMD_EXPORT_TEXTFILE_H
#define STEALSCOPE_CMD_EXPORT_TEXTFILE_H

#include <stddef.h>

/*
 * By way of @path.new in the same directory, mode 0644. 0 or -errno; then @path is as it was, and
 * nothing else is left.
 */
int export_textfile(const char *path, const char *data, size_t len);

#endif
