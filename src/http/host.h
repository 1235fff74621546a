/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The Host that a request names.
 *
 * A web page can have its own name resolve to this host's loopback address and so read, in the
 * browser of somebody here, what only this host may ask (DNS rebinding). What it cannot do is name
 * another Host than itself.
 */
#ifndef STEALSCOPE_HTTP_HOST_H
#define STEALSCOPE_HTTP_HOST_H

#include <stdbool.h>

/*
 * May a request that names @host (NULL: none) be answered where we listen at @name, an address of
 * loopback, as the operator wrote it? Either may have a port.
 */
bool host_is_loopback(const char *host, const char *name);

#endif
