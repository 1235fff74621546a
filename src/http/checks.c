// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "http/checks.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

struct http_checks {
	struct http_auth *auth;
	http_checked done;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t changed; /* CLOCK_MONOTONIC */
	struct check_queue queue;
	bool stop;
};

void check_free(struct check *check)
{
	if (check->password)
		explicit_bzero(check->password, strlen(check->password));
	free(check->password);
	free(check->name);
	*check = (struct check){0};
}

static size_t count(const struct check_queue *queue, uint64_t source)
{
	size_t nr = 0;

	for (size_t i = 0; i < queue->nr; i++)
		nr += queue->waiting[i].source == source;
	return nr;
}

static void take_at(struct check_queue *queue, size_t at, struct check *ret_check)
{
	*ret_check = queue->waiting[at];
	memmove(&queue->waiting[at], &queue->waiting[at + 1],
		(--queue->nr - at) * sizeof(*queue->waiting));
}

/* The latest check of the source that has the most waiting. */
static size_t of_the_greediest(const struct check_queue *queue)
{
	size_t out = 0, most = 0;

	for (size_t i = 0; i < queue->nr; i++) {
		size_t has = count(queue, queue->waiting[i].source);

		if (has < most)
			continue;
		most = has;
		out = i;
	}
	return out;
}

bool check_queue_add(struct check_queue *queue, const struct check *check, struct check *ret_out)
{
	size_t same = count(queue, check->source), out;

	*ret_out = (struct check){0};
	if (same >= CHECKS_PER_SOURCE)
		return false;
	if (queue->nr == CHECKS_MAX) {
		out = of_the_greediest(queue);
		if (count(queue, queue->waiting[out].source) <= same + 1)
			return false;
		take_at(queue, out, ret_out);
	}
	queue->waiting[queue->nr++] = *check;
	return true;
}

/* 0: it is no longer remembered. */
static uint64_t last_served(const struct check_queue *queue, uint64_t source)
{
	for (size_t i = 0; i < CHECK_SOURCES; i++)
		if (queue->sources[i].when && queue->sources[i].source == source)
			return queue->sources[i].when;
	return 0;
}

/* In its own entry, or in that of the source served least recently. */
static void mark_served(struct check_queue *queue, uint64_t source)
{
	uint64_t before = last_served(queue, source);
	size_t at = 0;

	for (size_t i = 1; i < CHECK_SOURCES && queue->sources[at].when != before; i++)
		if (queue->sources[i].when == before ||
		    queue->sources[i].when < queue->sources[at].when)
			at = i;
	queue->sources[at].source = source;
	queue->sources[at].when = ++queue->served;
}

bool check_queue_take(struct check_queue *queue, struct check *ret_check)
{
	size_t next = 0;

	if (!queue->nr)
		return false;
	for (size_t i = 1; i < queue->nr; i++)
		if (last_served(queue, queue->waiting[i].source) <
		    last_served(queue, queue->waiting[next].source))
			next = i;
	take_at(queue, next, ret_check);
	mark_served(queue, ret_check->source);
	return true;
}

static struct timespec later(uint64_t ns)
{
	ns += mono_ns();
	return (struct timespec){(time_t)(ns / SECOND), (long)(ns % SECOND)};
}

static uint64_t cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* The next waiting check; false: stop. Called with the lock held. */
static bool next_check(struct http_checks *checks, struct check *ret_check)
{
	while (!checks->stop && !check_queue_take(&checks->queue, ret_check))
		pthread_cond_wait(&checks->changed, &checks->lock);
	return !checks->stop;
}

/* Called without the lock. Returns the CPU time that it took. */
static uint64_t do_check(struct http_checks *checks, struct check *check)
{
	uint64_t begun = cpu_ns();
	bool right = http_auth_check(checks->auth, check->name, check->password);

	checks->done(check->request, right ? HTTP_CHECK_RIGHT : HTTP_CHECK_WRONG);
	check_free(check);
	return cpu_ns() - begun;
}

static void rest(struct http_checks *checks, uint64_t ns)
{
	struct timespec until = later(ns);

	while (!checks->stop &&
	       pthread_cond_timedwait(&checks->changed, &checks->lock, &until) != ETIMEDOUT)
		;
}

static void *work(void *data)
{
	struct http_checks *checks = data;
	struct check check;

	/* Best effort: it is not allowed everywhere. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), 19);
	pthread_mutex_lock(&checks->lock);
	while (next_check(checks, &check)) {
		uint64_t took;

		pthread_mutex_unlock(&checks->lock);
		took = do_check(checks, &check);
		pthread_mutex_lock(&checks->lock);
		rest(checks, (CHECKS_SHARE - 1) * took);
	}
	pthread_mutex_unlock(&checks->lock);
	return NULL;
}

int http_checks_new(struct http_auth *auth, http_checked done, struct http_checks **ret_checks)
{
	struct http_checks *checks = calloc(1, sizeof(*checks));
	pthread_condattr_t monotonic;

	if (!checks)
		return -ENOMEM;
	checks->auth = auth;
	checks->done = done;
	pthread_mutex_init(&checks->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&checks->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	*ret_checks = checks;
	return 0;
}

static void refuse(struct http_checks *checks, struct check *check)
{
	checks->done(check->request, HTTP_CHECK_BUSY);
	check_free(check);
}

void http_checks_free(struct http_checks *checks)
{
	struct check check;

	if (!checks)
		return;
	pthread_mutex_lock(&checks->lock);
	checks->stop = true;
	pthread_cond_signal(&checks->changed);
	pthread_mutex_unlock(&checks->lock);
	if (checks->started)
		pthread_join(checks->thread, NULL);
	while (check_queue_take(&checks->queue, &check)) {
		refuse(checks, &check);
	}
	pthread_cond_destroy(&checks->changed);
	pthread_mutex_destroy(&checks->lock);
	free(checks);
}

/* The loop handles all signals. */
static bool start(struct http_checks *checks)
{
	sigset_t all, before;

	if (checks->started)
		return true;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	checks->started = !pthread_create(&checks->thread, NULL, work, checks);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return checks->started;
}

bool http_checks_add(struct http_checks *checks, uint64_t source, const char *name,
		     const char *password, void *request)
{
	struct check check = {source, strdup(name), strdup(password), request}, out = {0};
	bool added = false;

	if (check.name && check.password && start(checks)) {
		pthread_mutex_lock(&checks->lock);
		added = check_queue_add(&checks->queue, &check, &out);
		pthread_cond_signal(&checks->changed);
		pthread_mutex_unlock(&checks->lock);
	}
	if (out.request)
		refuse(checks, &out);
	if (!added)
		check_free(&check);
	return added;
}
