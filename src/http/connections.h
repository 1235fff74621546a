/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who is connected, and who has to go so that others can be served.
 *
 * A client that has sent no whole request yet is thrown out after CONNECTION_HEADER_SECS. If all
 * places are taken and another one comes, one goes at once: of the source that has most of them the
 * oldest that has sent none. Where all are being answered, or do not take their answer, it is one
 * of those, unless its source has no more than the newcomer's. So whoever opens connections and
 * sends nothing, or takes nothing, takes places from itself. Those that are suspended cannot be
 * closed; they are few (checks.h).
 */
#ifndef STEALSCOPE_HTTP_CONNECTIONS_H
#define STEALSCOPE_HTTP_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#define CONNECTIONS_MAX 64U
/* Places for new ones while those thrown out for them are being closed. */
#define CONNECTIONS_SPARE 8U
#define CONNECTIONS_PLACES (CONNECTIONS_MAX + CONNECTIONS_SPARE)

#define CONNECTION_HEADER_SECS 5
/* From its last byte to the end of its reply, or until the next request has begun. */
#define CONNECTION_REQUEST_SECS 20

struct connection {
	bool used;
	bool asked;	/* it has sent a whole request, which is being answered */
	bool suspended; /* that has to wait */
	bool served;	/* it had an answer before */
	bool thrown;	/* it is being closed */
	int fd;
	uint64_t source;
	uint64_t number; /* in the order in which they came */
	time_t since;	 /* that it has been waiting for, or asking */
};

struct connections {
	struct connection places[CONNECTIONS_PLACES];
	uint64_t came;
};

/*
 * Who is at @address: an IPv4 address, an IPv6 network of 64 bits (one host can have all of it); 0
 * for what is no network's, as loopback, of which one host has all, too.
 */
uint64_t connection_source(const struct sockaddr *address);

/* None of these closes anything: some return who is to be, -1 for nobody. */

/* A new one; it can be @fd itself that has to go. */
int connections_add(struct connections *all, int fd, uint64_t source, time_t now);
void connections_remove(struct connections *all, int fd);
/* It has sent a request, for which it may have to wait / had its answer. */
void connections_asked(struct connections *all, int fd, time_t now);
void connections_suspended(struct connections *all, int fd);
void connections_served(struct connections *all, int fd, time_t now);
/* One whose time is over, each once. */
int connections_late(struct connections *all, time_t now);
/* The one that has been taking its answer for longest. */
int connections_slowest(struct connections *all);

#endif
