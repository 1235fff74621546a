/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The open connections, and which to close so that others can be served.
 *
 * A client that has not sent a complete request is disconnected after CONNECTION_HEADER_SECS. If
 * all places are taken when another client connects, one connection is closed at once: the oldest
 * without a complete request, of the source that has the most. If all have requests in progress, or
 * do not read their replies, it is one of these, unless its source has no more than the new
 * client's. Thus a client that opens connections and sends or reads nothing takes places only from
 * itself. Suspended connections cannot be closed; there are few of them (checks.h).
 */
#ifndef STEALSCOPE_HTTP_CONNECTIONS_H
#define STEALSCOPE_HTTP_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#define CONNECTIONS_MAX 64U
/* Places for new connections while those that make room for them are being closed. */
#define CONNECTIONS_SPARE 8U
#define CONNECTIONS_PLACES (CONNECTIONS_MAX + CONNECTIONS_SPARE)

#define CONNECTION_HEADER_SECS 5
/* From the last byte of a request to the end of its reply, or until the next request begins. */
#define CONNECTION_REQUEST_SECS 20

struct connection {
	bool used;
	bool asked;	/* a complete request is in progress */
	bool suspended; /* the request has to wait */
	bool served;	/* it has had a reply before */
	bool thrown;	/* is being closed */
	int fd;
	uint64_t source;
	uint64_t number; /* in order of arrival */
	time_t since;	 /* start of its current state */
};

struct connections {
	struct connection places[CONNECTIONS_PLACES];
	uint64_t came;
};

/*
 * The source of a connection from @address: its IPv4 address, or its IPv6 /64, all of which may
 * belong to one host; 0 for a Unix socket and for all loopback addresses.
 */
uint64_t connection_source(const struct sockaddr *address);

/* None of these closes anything: some return the descriptor to be closed, -1 for none. */

/* A new connection; it can be @fd itself that is to be closed. */
int connections_add(struct connections *all, int fd, uint64_t source, time_t now);
void connections_remove(struct connections *all, int fd);
/* It has sent a request, which may have to wait, or has had its reply. */
void connections_asked(struct connections *all, int fd, time_t now);
void connections_suspended(struct connections *all, int fd);
void connections_served(struct connections *all, int fd, time_t now);
/* One that has timed out; each is returned once. */
int connections_late(struct connections *all, time_t now);
/* The one that has been reading its reply for longest. */
int connections_slowest(struct connections *all);

#endif
