/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The Host header of a request.
 *
 * A web page can have its own name resolve to the loopback address and thus read, through the
 * browser of a local user, what is meant for this host only (DNS rebinding). It cannot send a Host
 * other than its own.
 */
#ifndef STEALSCOPE_HTTP_HOST_H
#define STEALSCOPE_HTTP_HOST_H

#include <stdbool.h>

/*
 * May a request for @host (NULL: none given) be answered, given that we listen at @name, a loopback
 * address as the operator wrote it? Either may include a port.
 */
bool host_is_loopback(const char *host, const char *name);

#endif
