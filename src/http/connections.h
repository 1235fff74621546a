/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who is connected, and who has to go so that others can be served.
 *
 * A client that has sent no whole request yet is thrown out after CONNECTION_HEADER_SECS, and
 * before, if all places are taken and another one comes: the one of the source that has most of
 * them which has been there longest. So whoever opens connections and sends nothing, or a byte now
 * and then, takes places from itself.
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
	bool asked;  /* it has sent a whole request, which is being answered */
	bool served; /* it had an answer before */
	bool thrown; /* it is being closed */
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
 * Who is at @address: an IPv4 address, an IPv6 network of 64 bits (one host can have all of it), or
 * 0 for what is no network's.
 */
uint64_t connection_source(const struct sockaddr *address);

/* Each of these throws nobody out itself: connections_late() and the return value say whom. */

/* A new one. Who has to go for it, -1: nobody; it can be @fd itself. */
int connections_add(struct connections *all, int fd, uint64_t source, time_t now);
void connections_remove(struct connections *all, int fd);
/* It has sent a request / had its answer. */
void connections_asked(struct connections *all, int fd, time_t now);
void connections_served(struct connections *all, int fd, time_t now);
/* One whose time is over, each once; -1: none is left. */
int connections_late(struct connections *all, time_t now);

#endif
