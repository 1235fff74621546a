// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "http/connections.h"

#include <netinet/in.h>
#include <string.h>

static uint64_t source4(in_addr_t address)
{
	return ntohl(address) >> 24 == IN_LOOPBACKNET ? 0 : address;
}

static uint64_t source6(const struct in6_addr *address)
{
	uint64_t network;

	if (IN6_IS_ADDR_V4MAPPED(address))
		return source4(address->s6_addr32[3]);
	memcpy(&network, address, sizeof(network));
	return network; /* 0 for ::1 */
}

uint64_t connection_source(const struct sockaddr *address)
{
	if (address && address->sa_family == AF_INET)
		return source4(
			((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr);
	if (address && address->sa_family == AF_INET6)
		return source6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
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

/* Number of open connections, from @source or (NULL) from all. */
static size_t count(const struct connections *all, const uint64_t *source)
{
	size_t nr = 0;

	for (size_t i = 0; i < CONNECTIONS_PLACES; i++)
		nr += is_there(&all->places[i]) && (!source || all->places[i].source == *source);
	return nr;
}

/* Among those with a request in progress (@asked), or without one; NULL if there are none. */
static struct connection *of_the_greediest(struct connections *all, bool asked)
{
	struct connection *out = NULL;
	size_t most = 0;

	for (size_t i = 0; i < CONNECTIONS_PLACES; i++) {
		struct connection *at = &all->places[i];
		size_t has = count(all, &at->source);

		if (!is_there(at) || at->suspended || at->asked != asked || has < most)
			continue;
		if (!out || has > most || at->number < out->number)
			out = at;
		most = has;
	}
	return out;
}

static struct connection *who_goes_for(struct connections *all, uint64_t source)
{
	struct connection *out = of_the_greediest(all, false);

	if (out)
		return out;
	out = of_the_greediest(all, true);
	return out && count(all, &out->source) > count(all, &source) ? out : NULL;
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
	out = count(all, NULL) >= CONNECTIONS_MAX ? who_goes_for(all, source) : NULL;
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

static void set_state(struct connections *all, int fd, bool asked, time_t now)
{
	struct connection *connection = find(all, fd);

	if (!connection)
		return;
	connection->asked = asked;
	connection->suspended = false;
	connection->served |= !asked;
	connection->since = now;
}

void connections_asked(struct connections *all, int fd, time_t now)
{
	set_state(all, fd, true, now);
}

void connections_served(struct connections *all, int fd, time_t now)
{
	set_state(all, fd, false, now);
}

void connections_suspended(struct connections *all, int fd)
{
	struct connection *connection = find(all, fd);

	if (connection)
		connection->suspended = true;
}

int connections_late(struct connections *all, time_t now)
{
	for (size_t i = 0; i < CONNECTIONS_PLACES; i++) {
		struct connection *at = &all->places[i];
		time_t may =
			at->asked || at->served ? CONNECTION_REQUEST_SECS : CONNECTION_HEADER_SECS;

		if (is_there(at) && now - at->since >= may)
			return throw_out(at);
	}
	return -1;
}

int connections_slowest(struct connections *all)
{
	struct connection *slowest = NULL;

	for (size_t i = 0; i < CONNECTIONS_PLACES; i++) {
		struct connection *at = &all->places[i];

		if (is_there(at) && at->asked && !at->suspended &&
		    (!slowest || at->since < slowest->since))
			slowest = at;
	}
	return slowest ? throw_out(slowest) : -1;
}
