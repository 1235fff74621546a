/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names of VMs, processes and cgroups belong to tenants and can hold any byte but NUL.
 */
#ifndef STEALSCOPE_ESCAPE_H
#define STEALSCOPE_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * @in for a terminal: control characters (C0, DEL, C1, and the bidirectional overrides) and bytes
 * that are not valid UTF-8 become \xNN, a backslash becomes \\. At most @max columns are used, a
 * longer result ends in "…" ("~" where @ascii; then every byte above 0x7e becomes \xNN, too).
 * Returns the columns used; @out, of @size bytes, is always terminated.
 */
size_t escape_terminal(const char *in, char *out, size_t size, size_t max, bool ascii);

/*
 * The longest beginning of @safe, a result of escape_terminal(), of at most @max columns: returns
 * its columns and stores its bytes.
 */
size_t escape_clip(const char *safe, size_t max, size_t *ret_len);

/* @in as valid UTF-8: each byte that belongs to no valid sequence becomes U+FFFD. malloc()ed or
 * NULL. */
char *escape_utf8(const char *in);

/* @in for the inside of a Prometheus label value: valid UTF-8 with \\, \" and \n escaped.
 * malloc()ed. */
char *escape_label(const char *in);

#endif
