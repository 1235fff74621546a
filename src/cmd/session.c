// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "model/recording.h"

/* How often the kernel's announcements are looked at; nothing is lost between. */
#define POLL_NS (100 * MILLISECOND)

struct session {
	const struct session_config *config;
	const struct session_ops *ops;
	void *data;
	struct source *source;
	FILE *record;
	struct snapshot from;
	uint64_t reports;
	const char *culprit; /* what an error in the loop is about */
	int interval_fd;     /* a timer, disarmed while there is no interval */
	int wait_err;	     /* of recording a wait */
	bool stop;
};

/* A snapshot or a wait was recorded: with @err. */
static int recorded(struct session *session, int err)
{
	if (err)
		session->culprit = session->config->record;
	return err;
}

static void on_wait(const struct long_wait *wait, void *data)
{
	struct session *session = data;

	if (session->record && !session->wait_err)
		session->wait_err = recorded(session, recording_add_wait(session->record, wait));
	if (globs_match(session->config->domains, wait->domain))
		session->ops->wait(wait, session->data);
}

static int take(struct session *session, struct snapshot *ret_snap)
{
	struct snapshot snap;
	int err = session->source->ops->snapshot(session->source, &snap);

	if (err) {
		session->culprit = session->source->name;
		return err;
	}
	err = session->wait_err;
	if (!err && session->record)
		err = recorded(session, recording_add_snapshot(session->record, &snap));
	if (err)
		snapshot_free(&snap);
	else
		*ret_snap = snap;
	return err;
}

static void filter(const struct globs *domains, struct report *report)
{
	size_t i, left = 0;

	for (i = 0; i < report->nr_domains; i++)
		if (globs_match(domains, report->domains[i].name))
			report->domains[left++] = report->domains[i];
	report->nr_domains = left;
}

/* What happened since the snapshot before, up to @to, which becomes the session's. */
static int report_on(struct session *session, const struct snapshot *to)
{
	struct stopwatch watch = stopwatch_start();
	struct report report;
	int err = report_build(&session->from, to, &report);

	snapshot_free(&session->from);
	session->from = *to;
	if (err)
		return err;
	filter(session->config->domains, &report);
	session->reports++;
	if (session->ops->keep)
		return session->ops->keep(&report, session->data);
	err = session->ops->report(&report, session->data);
	report_free(&report);
	log_debug("report: " STOPWATCH_FMT, STOPWATCH_ARGS(watch));
	return err;
}

static int end_interval(struct session *session)
{
	struct stopwatch watch = stopwatch_start();
	struct snapshot to;
	int err;

	snapshot_drop_thieves(&session->from);
	err = take(session, &to);
	if (err)
		return err;
	log_debug("snapshot: " STOPWATCH_FMT, STOPWATCH_ARGS(watch));
	if (to.began_ns == session->from.began_ns)
		return report_on(session, &to);
	/* Tracing was begun anew: nothing can be said of what is between. */
	snapshot_free(&session->from);
	session->from = to;
	return 0;
}

static int timer_set(int fd, uint64_t ns)
{
	struct timespec every = {(time_t)(ns / SECOND), (long)(ns % SECOND)};
	struct itimerspec spec = {.it_interval = every, .it_value = every};

	return timerfd_settime(fd, 0, &spec, NULL) ? -errno : 0;
}

static int timer_new(void)
{
	return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
}

int session_set_interval(struct session *session, uint64_t interval_ns)
{
	return timer_set(session->interval_fd, interval_ns);
}

int session_report_now(struct session *session)
{
	return end_interval(session);
}

void session_stop(struct session *session)
{
	session->stop = true;
}

static int signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool fired(const struct pollfd *pfd)
{
	uint64_t expirations;

	return pfd->revents & POLLIN &&
	       read(pfd->fd, &expirations, sizeof(expirations)) == sizeof(expirations);
}

static bool signalled(const struct pollfd *pfd)
{
	struct signalfd_siginfo info;

	return pfd->revents & POLLIN && read(pfd->fd, &info, sizeof(info)) == sizeof(info);
}

enum { FD_SIGNAL, FD_POLL, FD_INTERVAL, FD_EXTRA, NR_FDS };

/* One turn of the loop: what became readable. 0, or -errno ends the loop. */
static int turn(struct session *session, const struct pollfd *fds)
{
	int err;

	if (signalled(&fds[FD_SIGNAL])) {
		session->stop = true; /* what was gathered is not lost */
		return session->ops->quiet || session->source->recorded ? 0 : end_interval(session);
	}
	/* Before a report that is late: who asks learns that it was. */
	if (fds[FD_EXTRA].revents) {
		err = session->ops->ready(session, session->data);
		if (err || session->stop)
			return err;
	}
	if (session->source->recorded || fired(&fds[FD_INTERVAL])) {
		err = end_interval(session);
		if (session->reports == session->config->count)
			session->stop = true;
		if (err || session->stop)
			return err;
	}
	if (session->source->ops->poll && fired(&fds[FD_POLL])) {
		err = session->source->ops->poll(session->source);
		if (err)
			log_debug("discovery: %s", strerror(-err));
	}
	return 0;
}

static int loop(struct session *session)
{
	autoclose int signal_fd = signals();
	autoclose int poll_fd = timer_new();
	autoclose int interval_fd = timer_new();
	struct pollfd fds[NR_FDS] = {
		[FD_SIGNAL] = {.fd = signal_fd, .events = POLLIN},
		[FD_POLL] = {.fd = poll_fd, .events = POLLIN},
		[FD_INTERVAL] = {.fd = interval_fd, .events = POLLIN},
		[FD_EXTRA] = {.fd = -1, .events = POLLIN},
	};
	int err = 0;

	session->interval_fd = interval_fd;
	if (signal_fd < 0 || poll_fd < 0 || interval_fd < 0)
		return -errno;
	if (session->source->ops->poll)
		err = timer_set(poll_fd, POLL_NS);
	if (!err)
		err = timer_set(interval_fd, session->config->interval_ns);
	if (!err && session->ops->start)
		err = session->ops->start(session, &fds[FD_EXTRA].fd, session->data);
	while (!err && !session->stop) {
		if (poll(fds, NR_FDS, session->source->recorded ? 0 : -1) < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		err = turn(session, fds);
	}
	return err;
}

static void announce(const struct session *session)
{
	size_t i, vcpus = 0;

	for (i = 0; i < session->from.nr_domains; i++)
		for (size_t t = 0; t < session->from.domains[i].nr_threads; t++)
			vcpus += session->from.domains[i].threads[t].role == ROLE_VCPU;
	fprintf(stderr, "Tracing %zu domain%s, %zu vCPU%s. Hit Ctrl-C to end.\n",
		session->from.nr_domains, session->from.nr_domains == 1 ? "" : "s", vcpus,
		vcpus == 1 ? "" : "s");
}

static int open_record(struct session *session)
{
	if (!session->config->record)
		return 0;
	session->record = fopen(session->config->record, "ae");
	return recorded(session, session->record ? 0 : -errno);
}

static int run(struct session *session)
{
	const struct session_config *config = session->config;
	bool announced = !config->source->recorded && !session->ops->quiet;
	int err = open_record(session);

	if (!err)
		err = take(session, &session->from);
	if (!err && announced && (!config->interval_ns || session->ops->wait))
		announce(session);
	return err ? err : loop(session);
}

int session_run(const struct session_config *config, const struct session_ops *ops, void *data)
{
	struct session session = {.config = config,
				  .ops = ops,
				  .data = data,
				  .source = config->source,
				  .culprit = "output"};
	int err;

	if (ops->wait) {
		config->source->on_wait = on_wait;
		config->source->on_wait_data = &session;
	}
	err = run(&session);
	snapshot_free(&session.from);
	if (session.record)
		fclose(session.record);
	if (err == -ENODATA || err == -EPIPE)
		return 0;
	if (err && err != -EBADMSG)
		log_err("%s: %s", session.culprit, strerror(-err));
	return err;
}
