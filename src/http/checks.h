/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Checks of passwords, done one after the other by a thread of their own, so that nobody who
 * guesses keeps the exporter from its work.
 *
 * They take one part in CHECKS_SHARE of a CPU at most, by the time that each took. Who is next is
 * by source: the one that was served longest ago. So whoever comes from elsewhere waits for the
 * check under way and no more, however many wait before.
 */
#ifndef STEALSCOPE_HTTP_CHECKS_H
#define STEALSCOPE_HTTP_CHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/auth.h"

#define CHECKS_SHARE 4

/* So many that wait, in all and from one source. */
#define CHECKS_MAX 16U
#define CHECKS_PER_SOURCE 8U

/* Sources that are remembered. */
#define CHECK_SOURCES 64U

/* ---- who is next ---- */

struct check {
	uint64_t source;
	char *name, *password;
	void *request;
};

struct check_queue {
	struct check waiting[CHECKS_MAX]; /* in the order in which they came */
	size_t nr;
	uint64_t served; /* so far */
	struct {
		uint64_t source, when; /* the latest of @served */
	} sources[CHECK_SOURCES];      /* the latest that were */
};

/*
 * Takes over what @check points to. False: there are too many, and it does not. Where all places
 * are taken, the latest of the source that has most of them has to go for one of a source that has
 * fewer:
 * @ret_out, which is empty otherwise.
 */
bool check_queue_add(struct check_queue *queue, const struct check *check, struct check *ret_out);
/* False: nobody waits. */
bool check_queue_take(struct check_queue *queue, struct check *ret_check);
void check_free(struct check *check);

/* ---- doing it ---- */

struct http_checks;

/* What was found out, said by the thread, or BUSY by whoever adds another one. */
enum http_check_result { HTTP_CHECK_RIGHT, HTTP_CHECK_WRONG, HTTP_CHECK_BUSY };
typedef void (*http_checked)(void *request, enum http_check_result result);

/* @auth is borrowed. The thread starts with the first check, with the privileges of that moment.
 * -ENOMEM. */
int http_checks_new(struct http_auth *auth, http_checked done, struct http_checks **ret_checks);
/* Those that wait get BUSY. */
void http_checks_free(struct http_checks *checks);

/* False: not now; @done is not called. */
bool http_checks_add(struct http_checks *checks, uint64_t source, const char *name,
		     const char *password, void *request);

#endif
