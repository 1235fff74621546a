// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trace/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "trace/notices.h"
#include "trace/collect.h"
#include "trace/watched.h"

/* Everything is looked at anew so often, in case an announcement was missed. */
#define RESCAN_NS 30000000000ULL

/*
 * But no more often than this, whatever was missed: in a storm of new threads the next scan is as
 * good. Nor more often than that it takes one part in NOTICE_COST_SHARE of a CPU, up to
 * MAX_RESCAN_NS.
 */
#define MIN_RESCAN_NS 1000000000ULL
#define MAX_RESCAN_NS 10000000000ULL

/* Who asked for a thread that did not get a slot asks again in so many polls: it may be dead, too.
 */
#define JOIN_RETRIES 10

/* More sights than this that have to wait, and the rest is found by the next full scan. */
#define SIGHTS_MAX 256

struct reader {
	struct tracer *tracer;
	struct registry *registry;
	struct watched_table watched;
	struct collector *collector;
	struct notice_list notices;
	reader_wait_fn on_wait;
	void *on_wait_data;
	pid_t looked[NOTICE_MAX]; /* at these processes, because of notices, and not at others since
				   */
	size_t nr_looked;
	struct tracer_notice deferred[SIGHTS_MAX]; /* vCPUs of processes that are to be looked at */
	size_t nr_deferred;
	uint64_t began_ns;
	uint64_t last_scan_ns;
	uint64_t scan_cost_ns;
	bool scan_due;	      /* something was missed since */
	uint64_t lost;	      /* notices that had no place */
	uint64_t waits_lost;  /* long waits that were overwritten */
	unsigned int retries; /* polls left in which to ask again for what was not adopted */
};

static void sight(struct reader *reader, const struct tracer_notice *notice)
{
	uint64_t begun = mono_ns();
	int err = registry_sighted(reader->registry, notice->process, notice->tid, notice->vcpu);

	notices_charge(&reader->notices, notice->process, mono_ns() - begun, begun);
	notices_looked(&reader->notices, notice->process, err != -ESRCH);
}

/* Those of @pid, or all where it is 0, that had to wait until it was looked at, which it was now:
 * whoever has ended since costs no other look. */
static void sight_deferred(struct reader *reader, pid_t pid)
{
	size_t i, left = 0;

	for (i = 0; i < reader->nr_deferred; i++) {
		const struct tracer_notice *notice = &reader->deferred[i];

		if (!pid || notice->process == pid)
			registry_sighted_before(reader->registry, notice->process, notice->tid,
						notice->vcpu);
		else
			reader->deferred[left++] = *notice;
	}
	reader->nr_deferred = left;
}

/*
 * A vCPU was seen: its process is a domain, and the thread is known as what it is. Where the thread
 * is not known yet, the whole process has to be looked at: at once if it is a new domain, else in
 * turn.
 */
static void take_sight(struct reader *reader, const struct tracer_notice *notice)
{
	bool known = registry_find(reader->registry, notice->process);

	if (notice->vcpu < 0)
		tracer_find_kvm(reader->tracer);
	if (notices_may_look(&reader->notices, notice->process, known, mono_ns()))
		sight(reader, notice);
	else if (known && reader->nr_deferred < SIGHTS_MAX)
		reader->deferred[reader->nr_deferred++] = *notice;
}

static void take_notices(struct reader *reader)
{
	struct tracer_notice notice;
	uint64_t lost;

	while (tracer_notice(reader->tracer, &notice)) {
		if (notice.what & NOTICE_EXEC)
			registry_executed(reader->registry, notice.process);
		if (notice.what & NOTICE_VCPU)
			take_sight(reader, &notice);
		notices_add(&reader->notices, notice.process);
	}
	lost = tracer_notices_lost(reader->tracer);
	reader->lost += lost;
	reader->scan_due |= lost || reader->notices.everything;
}

static void report_waits(struct reader *reader)
{
	struct wait_event event;
	struct long_wait wait;

	while (tracer_wait(reader->tracer, &event, &reader->waits_lost)) {
		if (!reader->on_wait)
			continue;
		collector_wait(reader->collector, &event, &wait);
		reader->on_wait(&wait, reader->on_wait_data);
	}
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

/* Once for each domain: reports say how many there are. */
static void complain(struct reader *reader)
{
	size_t nr, i;
	struct domain *domains = registry_domains(reader->registry, &nr);

	for (i = 0; reader->watched.unwatched && i < nr; i++) {
		if (!domains[i].unwatched || domains[i].complained)
			continue;
		domains[i].complained = true;
		log_warn("%s: %u of its threads are not watched: it has used up its share of %zu "
			 "slots, or all are in use; raise --max-threads",
			 domains[i].name, domains[i].unwatched, tracer_slots(reader->tracer));
	}
}

/* Until all that the registry has is watched, or cannot be: it died, or may have no slot. */
static int join(struct reader *reader)
{
	autofree struct tracer_request *requests = NULL;
	ssize_t nr;
	int err;

	watched_take_adopted(&reader->watched, reader->tracer);
	nr = watched_join(&reader->watched, reader->tracer, reader->registry, &requests);
	if (nr >= 0)
		watched_review(&reader->watched, reader->tracer, reader->registry);
	if (nr <= 0) {
		if (!reader->watched.unwatched)
			reader->retries = 0;
		complain(reader);
		return (int)nr;
	}
	err = request(reader, requests, (size_t)nr);
	if (err)
		return err;
	free(take_ptr(requests));
	nr = watched_join(&reader->watched, reader->tracer, reader->registry, &requests);
	complain(reader);
	return nr < 0 ? (int)nr : 0;
}

static int scan_all(struct reader *reader)
{
	autofree struct census_task *tasks = NULL;
	struct stopwatch watch = stopwatch_start();
	uint64_t begun = mono_ns();
	size_t nr = 0;
	int err;

	watched_looking(&reader->watched, reader->tracer, 0);
	err = tracer_census(reader->tracer, &tasks, &nr);

	if (err)
		log_debug("census: %s; reading /proc instead", strerror(-err));
	err = registry_scan_census(reader->registry, tasks, nr);
	sight_deferred(reader, 0);
	log_debug("scan: %zu threads of the host, " STOPWATCH_FMT, nr, STOPWATCH_ARGS(watch));
	reader->last_scan_ns = mono_ns();
	reader->scan_cost_ns = reader->last_scan_ns - begun;
	reader->scan_due = false;
	tracer_find_kvm(reader->tracer);
	return err;
}

static bool must_scan(const struct reader *reader)
{
	uint64_t age = mono_ns() - reader->last_scan_ns;
	uint64_t pause = NOTICE_COST_SHARE * reader->scan_cost_ns;

	if (pause < MIN_RESCAN_NS)
		pause = MIN_RESCAN_NS;
	if (pause > MAX_RESCAN_NS)
		pause = MAX_RESCAN_NS;
	return !reader->last_scan_ns || age >= RESCAN_NS || (reader->scan_due && age >= pause);
}

/* Take the last counts of the threads that have left, and give their slots back. */
static int collect(struct reader *reader)
{
	uint32_t slot = 0;
	int err = 0;

	while (!err && (slot = watched_ripe(&reader->watched, slot + 1)))
		err = collector_depart(reader->collector, slot);
	watched_drop(&reader->watched, reader->tracer);
	return err;
}

static void reap(struct reader *reader)
{
	watched_hold(&reader->watched, reader->registry);
	registry_reap(reader->registry);
}

/* Look at the processes of notices. 0 or -errno; @ret_looked: at something. */
static int look_at_notices(struct reader *reader, bool *ret_looked)
{
	uint64_t now = mono_ns();
	size_t nr = 0;
	int err = 0;
	pid_t pid;

	watched_take_adopted(&reader->watched, reader->tracer);
	while ((pid = notices_take(&reader->notices, now))) {
		uint64_t begun = mono_ns();
		int one;

		watched_looking(&reader->watched, reader->tracer, pid);
		one = registry_scan_pid(reader->registry, pid);
		if (one < 0)
			err = one;
		sight_deferred(reader, pid);
		notices_charge(&reader->notices, pid, mono_ns() - begun, now);
		reader->looked[nr++] = pid;
		reader->nr_looked = nr;
		*ret_looked = true;
	}
	return err;
}

/* What follows from the looks cost so much. */
static void charge(struct reader *reader, uint64_t cost_ns)
{
	for (size_t i = 0; i < reader->nr_looked; i++)
		notices_charge(&reader->notices, reader->looked[i], cost_ns / reader->nr_looked,
			       mono_ns());
}

/* The same, or at everything. */
static int look(struct reader *reader, bool *ret_looked)
{
	bool looked = false;
	int err;

	take_notices(reader);
	report_waits(reader);
	if (must_scan(reader)) {
		notices_clear(&reader->notices);
		reader->nr_looked = 0;
		err = scan_all(reader);
		looked = true;
	} else {
		err = look_at_notices(reader, &looked);
	}
	if (registry_resume(reader->registry, &looked) < 0)
		err = -ENOMEM;
	if (looked)
		reader->retries = JOIN_RETRIES;
	*ret_looked = looked || reader->retries;
	if (!looked && reader->retries)
		reader->retries--;
	return err;
}

int reader_poll(struct reader *reader)
{
	int err, joined = 0, collected;
	uint64_t begun;
	bool looked;

	err = look(reader, &looked);
	begun = mono_ns();
	if (looked || reader->watched.nr_missed)
		joined = join(reader);
	else
		watched_take_adopted(&reader->watched, reader->tracer);
	collected = collect(reader);
	if (looked) {
		reap(reader);
		charge(reader, mono_ns() - begun);
	}
	return err ? err : joined ? joined : collected;
}

/* Have our own thread's switches show the runqueues' clock. */
static int follow_clock(struct tracer *tracer)
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
	reader->began_ns = mono_ns();
	err = watched_init(&reader->watched);
	if (!err)
		err = collector_new(tracer, registry, &reader->watched, &reader->collector);
	if (!err)
		err = follow_clock(tracer);
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
	collector_free(reader->collector);
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
	err = collector_take(reader->collector, ret_snap);
	if (err)
		return err;
	ret_snap->began_ns = reader->began_ns;
	ret_snap->trace.dropped = reader->lost + reader->watched.refused;
	ret_snap->trace.long_waits_lost += reader->waits_lost;
	watched_drop(&reader->watched, reader->tracer);
	reap(reader);
	return 0;
}
