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
#include "host/domain.h"
#include "host/pidns.h"
#include "trace/capacity.h"
#include "trace/probe.h"
#include "trace/reader.h"
#include "trace/tracer.h"

#define MILLISECOND 1000000ULL
#define SECOND (1000 * MILLISECOND)

/* How often the kernel's announcements are looked at; nothing is lost between. */
#define POLL_NS (100 * MILLISECOND)

struct session {
	const struct options *options;
	const struct session_ops *ops;
	void *data;
	struct registry *registry;
	struct tracer *tracer;
	struct reader *reader;
	FILE *record;
	struct snapshot from;
	uint64_t reports;
	const char *culprit; /* what an error in the loop is about */
	int interval_fd;     /* a timer, disarmed while there is no interval */
	bool stop;
};

static unsigned int default_threads(size_t threads)
{
	uint64_t bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

	return capacity_default(threads, (unsigned int)sysconf(_SC_NPROCESSORS_CONF), bytes);
}

static int untraceable(int err)
{
	const struct finding *blocker;
	struct probe probe;

	probe_host(&probe);
	blocker = probe_blocker(&probe);
	if (blocker)
		log_err("this host cannot be traced: %s: %s; %s", blocker->what, blocker->detail,
			blocker->advice);
	else
		log_err("the kernel refused the programs: %s; stealscope check says what this host "
			"can, -v what the kernel said",
			strerror(-err));
	return EXIT_UNTRACEABLE;
}

static int failed(const char *what, int err)
{
	log_err("%s: %s", what, strerror(-err));
	return EXIT_RUNTIME;
}

static int open_all(struct session *session)
{
	const struct options *options = session->options;
	struct tracer_config config = {
		.no_thieves = options->no_thieves,
		.times = options->times,
		.cost = options->self,
		.watch_over_ns = session->ops->wait ? options->over_ns : 0,
		.watch_rate = options->rate,
	};
	struct stopwatch watch = stopwatch_start();
	size_t threads;
	int err;

	if (!host_pidns_is_initial("/proc"))
		return untraceable(-ENOTSUP);
	err = registry_new("/proc", &session->registry);
	if (err)
		return failed("/proc", err);
	if (options->trust_exe)
		err = registry_trust(session->registry, options->trust_exe);
	if (!err)
		err = registry_survey(session->registry, &threads);
	if (err)
		return failed("/proc", err);
	log_debug("survey: domains with %zu threads, " STOPWATCH_FMT, threads,
		  STOPWATCH_ARGS(watch));
	config.max_threads = options->max_threads ? options->max_threads : default_threads(threads);
	watch = stopwatch_start();
	err = tracer_new(&config, &session->tracer);
	if (err)
		return untraceable(err);
	log_debug("programs: loaded and attached, " STOPWATCH_FMT, STOPWATCH_ARGS(watch));
	err = reader_new(session->tracer, session->registry, &session->reader);
	if (err)
		return failed("discovery", err);
	if (!options->record)
		return 0;
	session->record = fopen(options->record, "ae");
	return session->record ? 0 : failed(options->record, -errno);
}

static void print_times(const struct tracer *tracer)
{
#define NAME(id, name) name,
	static const char *const names[NR_HOOKS] = {HOOKS(NAME)};
#undef NAME
	struct hook_times times;

	for (enum hook hook = 0; hook < NR_HOOKS; hook++) {
		tracer_times(tracer, hook, &times);
		fprintf(stderr, "%s: longest run %llu ns, %llu of %llu over %u ns\n", names[hook],
			(unsigned long long)times.longest_ns, (unsigned long long)times.over,
			(unsigned long long)times.runs, LONG_RUN_NS);
	}
}

static void close_all(struct session *session)
{
	if (session->options->times && session->tracer)
		print_times(session->tracer);
	snapshot_free(&session->from);
	reader_free(session->reader);
	tracer_free(session->tracer);
	registry_free(session->registry);
	if (session->record)
		fclose(session->record);
}

static int take(struct session *session, struct snapshot *ret_snap)
{
	struct snapshot snap;
	int err = reader_snapshot(session->reader, &snap);

	if (err)
		return err;
	if (session->record)
		err = snapshot_save(&snap, session->record);
	if (err) {
		session->culprit = session->options->record;
		snapshot_free(&snap);
		return err;
	}
	*ret_snap = snap;
	return 0;
}

/* Keep the domains that -d asks for. */
static void filter(const struct options *options, struct report *report)
{
	size_t i, left = 0;

	for (i = 0; i < report->nr_domains; i++)
		if (options_match_domain(options, report->domains[i].name))
			report->domains[left++] = report->domains[i];
	report->nr_domains = left;
}

static int end_interval(struct session *session)
{
	struct stopwatch watch = stopwatch_start();
	struct snapshot to;
	struct report report;
	int err;

	snapshot_drop_thieves(&session->from);
	err = take(session, &to);
	if (err)
		return err;
	log_debug("snapshot: " STOPWATCH_FMT, STOPWATCH_ARGS(watch));
	watch = stopwatch_start();
	err = report_build(&session->from, &to, &report);
	snapshot_free(&session->from);
	session->from = to;
	if (err)
		return err;
	filter(session->options, &report);
	session->reports++;
	if (session->ops->keep)
		return session->ops->keep(&report, session->data);
	err = session->ops->report(&report, session->data);
	report_free(&report);
	log_debug("report: " STOPWATCH_FMT, STOPWATCH_ARGS(watch));
	return err;
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

int session_seal(struct session *session)
{
	return tracer_seal(session->tracer);
}

size_t session_cost(struct session *session, struct program_cost *costs, size_t nr)
{
	return tracer_cost(session->tracer, costs, nr);
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

enum { FD_SIGNAL, FD_POLL, FD_INTERVAL, FD_EXTRA, NR_FDS };

/* One turn of the loop: what became readable. 0, or -errno ends the loop. */
static int turn(struct session *session, const struct pollfd *fds)
{
	int err;

	if (fds[FD_SIGNAL].revents & POLLIN) {
		session->stop = true; /* what was gathered is not lost */
		return session->ops->quiet ? 0 : end_interval(session);
	}
	/* Before a report that is late: who asks is told that it was. */
	if (fds[FD_EXTRA].revents) {
		err = session->ops->ready(session, session->data);
		if (err || session->stop)
			return err;
	}
	if (fired(&fds[FD_INTERVAL])) {
		err = end_interval(session);
		if (session->reports == session->options->count)
			session->stop = true;
		if (err || session->stop)
			return err;
	}
	if (fired(&fds[FD_POLL])) {
		err = reader_poll(session->reader);
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
	int err;

	session->interval_fd = interval_fd;
	if (signal_fd < 0 || poll_fd < 0 || interval_fd < 0)
		return -errno;
	err = timer_set(poll_fd, POLL_NS);
	if (!err)
		err = timer_set(interval_fd, session->options->interval_ns);
	if (!err && session->ops->start)
		err = session->ops->start(session, &fds[FD_EXTRA].fd, session->data);
	while (!err && !session->stop) {
		if (poll(fds, NR_FDS, -1) < 0) {
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

int session_run(const struct options *options, const struct session_ops *ops, void *data)
{
	struct session session = {
		.options = options, .ops = ops, .data = data, .culprit = "output"};
	int status, err;

	status = open_all(&session);
	if (status) {
		close_all(&session);
		return status;
	}
	if (ops->wait)
		reader_on_wait(session.reader, ops->wait, data);
	err = take(&session, &session.from);
	if (!err && (!options->interval_ns || ops->wait) && !ops->quiet)
		announce(&session);
	if (!err)
		err = loop(&session);
	close_all(&session);
	if (!err || err == -EPIPE)
		return 0; /* who reads us has seen enough */
	return failed(session.culprit, err);
}
