/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Password checks, done one at a time by a separate thread, so that guessing passwords cannot stop
 * the exporter from doing its work.
 *
 * They take at most 1/CHECKS_SHARE of a CPU: after each check the thread rests in proportion to the
 * time that it took. The source served least recently is next, so a client at another address waits
 * only for the check in progress, however many others are waiting.
 */
#ifndef STEALSCOPE_HTTP_CHECKS_H
#define STEALSCOPE_HTTP_CHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/auth.h"

#define CHECKS_SHARE 4

/* Maximum number of waiting checks, in total and per source. */
#define CHECKS_MAX 16U
#define CHECKS_PER_SOURCE 8U

/* Number of sources that are remembered. */
#define CHECK_SOURCES 64U

/* ---- the queue ---- */

struct check {
	uint64_t source;
	char *name, *password;
	void *request;
};

struct check_queue {
	struct check waiting[CHECKS_MAX]; /* in order of arrival */
	size_t nr;
	uint64_t served; /* number of checks so far */
	struct {
		uint64_t source, when; /* value of @served at its latest check */
	} sources[CHECK_SOURCES];      /* those served most recently */
};

/*
 * Takes ownership of what @check points to. False: the queue is full, ownership is not taken. In a
 * full queue, the latest check of the source that has the most is evicted for a source that has
 * fewer; it is returned in @ret_out, which is empty otherwise.
 */
bool check_queue_add(struct check_queue *queue, const struct check *check, struct check *ret_out);
/* False: the queue is empty. */
bool check_queue_take(struct check_queue *queue, struct check *ret_check);
void check_free(struct check *check);

/* ---- the thread ---- */

struct http_checks;

/* Reported by the thread; BUSY, by the caller of http_checks_add() that evicts the check. */
enum http_check_result { HTTP_CHECK_RIGHT, HTTP_CHECK_WRONG, HTTP_CHECK_BUSY };
typedef void (*http_checked)(void *request, enum http_check_result result);

/*
 * Borrows @auth. The thread starts with the first check, and inherits the privileges at that time.
 * -ENOMEM.
 */
int http_checks_new(struct http_auth *auth, http_checked done, struct http_checks **ret_checks);
/* Waiting checks are reported as BUSY. */
void http_checks_free(struct http_checks *checks);

/* False: busy, try again later; @done is not called. */
bool http_checks_add(struct http_checks *checks, uint64_t source, const char *name,
		     const char *password, void *request);

#endif
