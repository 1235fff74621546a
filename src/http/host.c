// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "http/host.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* Strips the port, and the brackets of an IPv6 address. False: too long for a name. */
static bool bare(const char *host, char *out, size_t size)
{
	const char *end = *host == '[' ? strchr(host, ']') : strchr(host, ':');
	size_t len;

	host += *host == '[';
	len = end ? (size_t)(end - host) : strlen(host);
	if (len >= size)
		return false;
	memcpy(out, host, len);
	out[len] = '\0';
	return true;
}

static bool is_loopback_address(const char *name)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, name, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, name, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool host_is_loopback(const char *host, const char *name)
{
	char asked[256], ours[256];

	if (!host)
		return true; /* browsers always send one */
	if (!bare(host, asked, sizeof(asked)))
		return false;
	return !strcasecmp(asked, "localhost") || is_loopback_address(asked) ||
	       (bare(name, ours, sizeof(ours)) && *ours && !strcasecmp(asked, ours));
}
