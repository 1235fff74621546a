// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "http/connections.h"

#include <netinet/in.h>
#include <string.h>

uint64_t connection_source(const struct sockaddr *address)
{
	uint64_t network = 0;

	if (address && address->sa_family == AF_INET)
		return ((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr;
	if (address && address->sa_family == AF_INET6) {
		const struct in6_addr *at =
			&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

		if (IN6_IS_ADDR_V4MAPPED(at))
			return at->s6_addr32[3];
		memcpy(&network, at, sizeof(network));
		/* ::1 and the like: its first half is no network's */
		return network ? network : at->s6_addr32[3];
	}
	return 0;
}

static struct connection *find(struct connections *all, int fd)
{
	for (size_t i = 0; i < CONNECTIONS_PLACES; i++)
		if (all->places[i].used && all->places[i].fd == fd)
			return &all->places[i];
	return NULL;
}

static bool is_there(const struct connection *connection)
{
	return connection->used && !connection->thrown;
}

/* So many are there, of @source or (NULL) of all. */
static size_t count(const struct connections *all, const uint64_t *source)
{
	size_t nr = 0;

	for (size_t i = 0; i < CONNECTIONS_PLACES; i++)
		nr += is_there(&all->places[i]) && (!source || all->places[i].source == *source);
	return nr;
}

/* Of those that are not being answered; NULL: all are. */
static struct connection *who_goes(struct connections *all)
{
	struct connection *out = NULL;
	size_t most = 0;

	for (size_t i = 0; i < CONNECTIONS_PLACES; i++) {
		struct connection *at = &all->places[i];
		size_t has = count(all, &at->source);

		if (!is_there(at) || at->asked || has < most)
			continue;
		if (has > most || at->number < out->number)
			out = at;
		most = has;
	}
	return out;
}

static int throw_out(struct connection *connection)
{
	connection->thrown = true;
	return connection->fd;
}

int connections_add(struct connections *all, int fd, uint64_t source, time_t now)
{
	struct connection *place = NULL, *out;

	for (size_t i = 0; i < CONNECTIONS_PLACES && !place; i++)
		if (!all->places[i].used)
			place = &all->places[i];
	if (!place)
		return fd;
	out = count(all, NULL) >= CONNECTIONS_MAX ? who_goes(all) : NULL;
	*place = (struct connection){
		.used = true, .fd = fd, .source = source, .number = ++all->came, .since = now};
	if (out)
		return throw_out(out);
	return count(all, NULL) > CONNECTIONS_MAX ? throw_out(place) : -1;
}

void connections_remove(struct connections *all, int fd)
{
	struct connection *connection = find(all, fd);

	if (connection)
		connection->used = false;
}

void connections_asked(struct connections *all, int fd, time_t now)
{
	struct connection *connection = find(all, fd);

	if (!connection)
		return;
	connection->asked = true;
	connection->since = now;
}

void connections_served(struct connections *all, int fd, time_t now)
{
	struct connection *connection = find(all, fd);

	if (!connection)
		return;
	connection->asked = false;
	connection->served = true;
	connection->since = now;
}

int connections_late(struct connections *all, time_t now)
{
	for (size_t i = 0; i < CONNECTIONS_PLACES; i++) {
		struct connection *at = &all->places[i];
		time_t may =
			at->asked || at->served ? CONNECTION_REQUEST_SECS : CONNECTION_HEADER_SECS;

		if (at->used && !at->thrown && now - at->since >= may)
			return throw_out(at);
	}
	return -1;
}
