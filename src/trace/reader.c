// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trace/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "trace/sample.h"
#include "trace/watched.h"

/* Everything is looked at anew so often, in case an announcement was missed. */
#define RESCAN_NS 30000000000ULL

/* But no more often than this, whatever was missed: in a storm of new threads the next scan is as
 * good. */
#define MIN_RESCAN_NS 1000000000ULL

/* Who asked for a thread that did not get a slot asks again in so many polls: it may be dead, too.
 */
#define JOIN_RETRIES 10

/* More processes than this in one poll, and a full scan is cheaper. */
#define MAX_NEWS 64

struct news {
	pid_t pids[MAX_NEWS];
	size_t nr;
	bool everything;
};

struct reader {
	struct tracer *tracer;
	struct registry *registry;
	struct watched_table watched;
	struct sampler *sampler;
	reader_wait_fn on_wait;
	void *on_wait_data;
	uint64_t last_scan_ns;
	bool scan_due;	      /* something was missed since */
	uint64_t lost;	      /* events that were overwritten */
	uint64_t refused;     /* threads for which there was no free slot */
	unsigned int retries; /* polls left in which to ask again for what was not adopted */
};

static void news_add(struct news *news, pid_t pid)
{
	size_t i;

	for (i = 0; i < news->nr; i++)
		if (news->pids[i] == pid)
			return;
	if (news->nr == MAX_NEWS)
		news->everything = true;
	else
		news->pids[news->nr++] = pid;
}

static void tell_wait(struct reader *reader, const struct event *event)
{
	struct long_wait wait;

	if (!reader->on_wait)
		return;
	sampler_wait(reader->sampler, event, &wait);
	reader->on_wait(&wait, reader->on_wait_data);
}

static void take_events(struct reader *reader, struct news *news)
{
	uint64_t lost = reader->lost;
	struct event event;

	while (tracer_event(reader->tracer, &event, &reader->lost)) {
		switch (event.type) {
		case EVENT_VCPU:
			if (event.vcpu < 0)
				tracer_find_kvm(reader->tracer);
			registry_sighted(reader->registry, (pid_t)event.tgid, (pid_t)event.tid,
					 event.vcpu);
			news_add(news, (pid_t)event.tgid);
			break;
		case EVENT_WAIT:
			tell_wait(reader, &event);
			break;
		default:
			news_add(news, (pid_t)event.tgid);
			break;
		}
	}
	if (lost != reader->lost)
		news->everything = true;
}

static int request(struct reader *reader, const struct tracer_request *requests, size_t nr)
{
	size_t done, batch;
	int err = 0;

	for (done = 0; done < nr && !err; done += batch) {
		batch = nr - done < TRACER_MAX_REQUESTS ? nr - done : TRACER_MAX_REQUESTS;
		err = tracer_request(reader->tracer, requests + done, batch);
		watched_take_adopted(&reader->watched, reader->tracer);
	}
	return err;
}

/* Until all that the registry has is watched, or cannot be: it died, or the table is full. */
static int join(struct reader *reader)
{
	autofree struct tracer_request *requests = NULL;
	ssize_t nr;
	int err;

	watched_take_adopted(&reader->watched, reader->tracer);
	nr = watched_join(&reader->watched, reader->registry, &requests);
	if (nr >= 0)
		watched_review(&reader->watched, reader->tracer, reader->registry);
	if (nr <= 0) {
		reader->retries = 0;
		return (int)nr;
	}
	err = request(reader, requests, (size_t)nr);
	if (err)
		return err;
	free(take_ptr(requests));
	nr = watched_join(&reader->watched, reader->registry, &requests);
	if (nr < 0)
		return (int)nr;
	reader->refused = tracer_is_full(reader->tracer) ? (uint64_t)nr : 0;
	return 0;
}

static int scan_all(struct reader *reader)
{
	autofree struct census_task *tasks = NULL;
	struct stopwatch watch = stopwatch_start();
	size_t nr = 0;
	int err = tracer_census(reader->tracer, &tasks, &nr);

	if (err)
		log_debug("census: %s; reading /proc instead", strerror(-err));
	err = registry_scan_census(reader->registry, tasks, nr);
	log_debug("scan: %zu threads of the host, " STOPWATCH_FMT, nr, STOPWATCH_ARGS(watch));
	reader->last_scan_ns = mono_ns();
	reader->scan_due = false;
	tracer_find_kvm(reader->tracer);
	return err;
}

static bool must_scan(const struct reader *reader)
{
	uint64_t age = mono_ns() - reader->last_scan_ns;

	return !reader->last_scan_ns || age >= RESCAN_NS ||
	       (reader->scan_due && age >= MIN_RESCAN_NS);
}

/* Take the last counts of the threads that have left, and give their slots back. */
static int collect(struct reader *reader)
{
	uint32_t slot = 0;
	int err = 0;

	while (!err && (slot = watched_ripe(&reader->watched, slot + 1)))
		err = sampler_collect(reader->sampler, slot);
	watched_drop(&reader->watched, reader->tracer);
	return err;
}

static void reap(struct reader *reader)
{
	watched_hold(&reader->watched, reader->registry);
	registry_reap(reader->registry);
}

/* Look at what there is news of, or at everything. 0 or -errno; @ret_looked: at something. */
static int look(struct reader *reader, bool *ret_looked)
{
	struct news news = {0};
	size_t i;
	int err = 0;

	take_events(reader, &news);
	reader->scan_due |= news.everything;
	*ret_looked = true;
	if (must_scan(reader)) {
		reader->retries = JOIN_RETRIES;
		err = scan_all(reader);
	} else if (news.nr) {
		reader->retries = JOIN_RETRIES;
		for (i = 0; i < news.nr; i++) {
			int one = registry_scan_pid(reader->registry, news.pids[i]);

			if (one < 0)
				err = one;
		}
	} else if (reader->retries) {
		reader->retries--;
	} else {
		*ret_looked = false;
	}
	return err;
}

int reader_poll(struct reader *reader)
{
	int err, joined = 0, collected;
	bool looked;

	err = look(reader, &looked);
	if (looked || reader->watched.nr_missed)
		joined = join(reader);
	else
		watched_take_adopted(&reader->watched, reader->tracer);
	collected = collect(reader);
	if (looked)
		reap(reader);
	return err ? err : joined ? joined : collected;
}

/* Have our own thread's switches tell what the runqueues' clock is. */
static int watch_clock(struct tracer *tracer)
{
	const struct tracer_request request = {.tid = gettid()};

	return tracer_request(tracer, &request, 1);
}

int reader_new(struct tracer *tracer, struct registry *registry, struct reader **ret_reader)
{
	struct reader *reader = calloc(1, sizeof(*reader));
	int err;

	if (!reader)
		return -ENOMEM;
	reader->tracer = tracer;
	reader->registry = registry;
	err = watched_init(&reader->watched);
	if (!err)
		err = sampler_new(tracer, registry, &reader->watched, &reader->sampler);
	if (!err)
		err = watch_clock(tracer);
	if (!err)
		err = reader_poll(reader);
	if (err) {
		reader_free(reader);
		return err;
	}
	*ret_reader = reader;
	return 0;
}

void reader_free(struct reader *reader)
{
	size_t slots, left;

	if (!reader)
		return;
	slots = tracer_slots(reader->tracer);
	watched_take_adopted(&reader->watched, reader->tracer);
	left = tracer_free_slots(reader->tracer);
	log_debug("slots: %zu, %zu free, %zu watched, %zu being adopted", slots, left,
		  reader->watched.nr, reader->watched.nr_fresh);
	sampler_free(reader->sampler);
	watched_free(&reader->watched);
	free(reader);
}

void reader_on_wait(struct reader *reader, reader_wait_fn fn, void *data)
{
	reader->on_wait = fn;
	reader->on_wait_data = data;
}

int reader_snapshot(struct reader *reader, struct snapshot *ret_snap)
{
	int err;

	err = reader_poll(reader);
	if (err)
		log_debug("discovery: %s", strerror(-err));
	err = sampler_take(reader->sampler, ret_snap);
	if (err)
		return err;
	ret_snap->trace.dropped = reader->lost + reader->refused;
	ret_snap->trace.watch_lost += reader->on_wait ? reader->lost : 0;
	watched_drop(&reader->watched, reader->tracer);
	reap(reader);
	return 0;
}
