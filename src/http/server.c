// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "http/server.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/checks.h"
#include "http/connections.h"
#include "http/host.h"
#include "http/listen.h"
#include "http/reply.h"

#define CONNECTION_MEMORY (16 * 1024) /* request line and headers */
#define IDLE_SECS 15U
/*
 * libmicrohttpd accepts connections in one round and reads from them in the next. If some have to
 * be closed, it does so in the next round, and accepts new ones in the one after.
 */
#define ROUNDS_MAX 32
/* Tracing has to wait for as long; a TLS handshake takes a millisecond. */
#define ROUNDS_NS 20000000ULL

/* For libgnutls: TLS 1.2 and newer. */
#define TLS_PRIORITIES "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"

/* A request whose password is being checked; its connection is suspended until then. */
struct request {
	struct MHD_Connection *connection;
	enum { CHECKING, RIGHT, WRONG, BUSY } verdict;
};

struct http_server {
	struct MHD_Daemon *daemon;
	struct http_auth *auth; /* NULL: no authentication */
	struct http_checks *checks;
	const char *address; /* as given by the operator */
	struct listening listening;
	http_handler handler;
	void *data;
	int epoll_fd, timer_fd;
	int daemon_fd;	/* libmicrohttpd's own epoll descriptor, closed by it */
	bool threw_out; /* closed a connection in the latest round */
	bool running;	/* from now on libmicrohttpd's messages are about clients */
	struct connections connections;
	char url[LISTEN_WHERE_MAX + 16];
};

static time_t now_secs(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static int connection_fd(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

static uint64_t source_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

	return connection_source(info ? info->client_addr : NULL);
}

/* Called by the checking thread, or by our own. */
static void on_checked(void *data, enum http_check_result result)
{
	struct request *request = data;

	request->verdict = result == HTTP_CHECK_RIGHT	? RIGHT
			   : result == HTTP_CHECK_WRONG ? WRONG
							: BUSY;
	MHD_resume_connection(request->connection);
}

static enum {
	DONE,
	LATER
} ask(struct http_server *server, struct MHD_Connection *connection, const char *name,
      const char *password, struct request **ret)
{
	struct request *request = calloc(1, sizeof(*request));

	if (!request)
		return DONE;
	*request = (struct request){connection, CHECKING};
	*ret = request;
	MHD_suspend_connection(connection);
	connections_suspended(&server->connections, connection_fd(connection));
	if (http_checks_add(server->checks, source_of(connection), name, password, request))
		return LATER;
	request->verdict = BUSY;
	MHD_resume_connection(connection);
	return LATER;
}

#define STATUS_LATER 0U
#define STATUS_GO_ON 1U

/* The status to reply with, or one of the above. */
static unsigned int authenticate(struct http_server *server, struct MHD_Connection *connection,
				 struct request **request)
{
	unsigned int status = MHD_HTTP_UNAUTHORIZED;
	char *name, *password = NULL;

	if (!server->auth)
		return STATUS_GO_ON;
	if (*request)
		return (*request)->verdict == RIGHT  ? STATUS_GO_ON
		       : (*request)->verdict == BUSY ? MHD_HTTP_TOO_MANY_REQUESTS
						     : MHD_HTTP_UNAUTHORIZED;
	name = MHD_basic_auth_get_username_password(connection, &password);
	if (name && password && http_auth_knows(server->auth, name, password))
		status = STATUS_GO_ON;
	else if (name && password && ask(server, connection, name, password, request) == LATER)
		status = STATUS_LATER;
	if (password)
		explicit_bzero(password, strlen(password));
	MHD_free(password);
	MHD_free(name);
	return status;
}

/* The status to reply with, or one of the above. */
static unsigned int admit(struct http_server *server, struct MHD_Connection *connection,
			  const char *method, struct request **request)
{
	const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Host");

	if (server->listening.is_loopback && !host_is_loopback(host, server->address))
		return MHD_HTTP_MISDIRECTED_REQUEST;
	/* Before suspending: no reply can be queued in the middle of a body. */
	if (strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		return MHD_HTTP_METHOD_NOT_ALLOWED;
	return authenticate(server, connection, request);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **request)
{
	struct http_server *server = cls;
	struct http_reply reply = {0};
	enum MHD_Result result;
	unsigned int status;

	(void)version, (void)upload, (void)upload_size;
	connections_asked(&server->connections, connection_fd(connection), now_secs());
	status = admit(server, connection, method, (struct request **)request);
	if (status == STATUS_LATER)
		return MHD_YES;
	if (status != STATUS_GO_ON)
		return http_reply_status(connection, status);
	server->handler(url, &reply, server->data);
	if (!reply.body)
		return http_reply_status(connection, reply.status);
	result = MHD_queue_response(connection, reply.status, http_response(reply.body));
	if (!reply.keep)
		http_body_put(reply.body);
	return result;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct http_server *server = cls;
	int fd = connection_fd(connection), out;

	(void)context;
	if (what != MHD_CONNECTION_NOTIFY_STARTED) {
		connections_remove(&server->connections, fd);
		return;
	}
	out = connections_add(&server->connections, fd, source_of(connection), now_secs());
	if (out < 0)
		return;
	shutdown(out, SHUT_RDWR);
	server->threw_out = true;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **request,
			 enum MHD_RequestTerminationCode how)
{
	struct http_server *server = cls;

	(void)how;
	free(*request);
	*request = NULL;
	connections_served(&server->connections, connection_fd(connection), now_secs());
}

/* A client that sends or reads a byte now and then is not idle, but makes no progress either. */
static void end_late_requests(struct http_server *server)
{
	int fd;

	while ((fd = connections_late(&server->connections, now_secs())) >= 0)
		shutdown(fd, SHUT_RDWR);
}

static void on_message(void *cls, const char *format, va_list args)
{
	const struct http_server *server = cls;
	char line[256];

	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\n")] = '\0';
	log_at(server->running ? LOG_DEBUG : LOG_ERROR, "http: %s", line);
}

static int start_daemon(struct http_server *server, int listen_fd, const struct http_config *config)
{
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, config ? config->cert : NULL},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, config ? config->key : NULL},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, TLS_PRIORITIES},
		{MHD_OPTION_END, 0, NULL},
	};
	bool has_tls = config && config->cert;

	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME |
			(has_tls ? MHD_USE_TLS : 0),
		0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_message, server,
		MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_LIMIT,
		CONNECTIONS_PLACES, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECS,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, server, MHD_OPTION_ARRAY, has_tls ? tls : &tls[3], MHD_OPTION_END);
	return server->daemon ? 0 : -EINVAL;
}

static int watch(struct http_server *server, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int start_polling(struct http_server *server)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	int err;

	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	server->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (!info || server->epoll_fd < 0 || server->timer_fd < 0)
		return -errno;
	server->daemon_fd = info->epoll_fd;
	err = watch(server, server->daemon_fd);
	return err ? err : watch(server, server->timer_fd);
}

int http_new(const char *address, const struct http_config *config, http_handler handler,
	     void *data, struct http_server **ret_server)
{
	struct http_server *server = calloc(1, sizeof(*server));
	int fd, err;

	if (!server)
		return -ENOMEM;
	server->handler = handler;
	server->data = data;
	server->epoll_fd = server->timer_fd = -1;
	server->address = address;
	fd = http_listen(address, &server->listening);
	err = fd < 0 ? fd : 0;
	if (!err && config && config->nr_users)
		err = http_auth_new(config, &server->auth);
	if (!err && server->auth)
		err = http_checks_new(server->auth, on_checked, &server->checks);
	if (!err) {
		err = start_daemon(server, fd, config);
		if (err)
			close(fd);
	}
	if (!err)
		err = start_polling(server);
	if (err) {
		http_free(server);
		return err;
	}
	snprintf(server->url, sizeof(server->url),
		 server->listening.is_unix ? "%s://%s:/" : "%s://%s/",
		 config && config->cert ? "https" : "http", server->listening.where);
	server->running = true;
	*ret_server = server;
	return 0;
}

void http_free(struct http_server *server)
{
	if (!server)
		return;
	http_checks_free(server->checks); /* so that no connection is suspended */
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	if (server->epoll_fd >= 0)
		close(server->epoll_fd);
	if (server->timer_fd >= 0)
		close(server->timer_fd);
	http_auth_free(server->auth);
	free(server);
}

int http_fd(const struct http_server *server)
{
	return server->epoll_fd;
}

const char *http_url(const struct http_server *server)
{
	return server->url;
}

/*
 * Wake up when libmicrohttpd asks for it, and every second: while all places are taken, it removes
 * the listening socket from its epoll set, and adds it again only when it runs after one has become
 * free.
 */
static int set_timer(struct http_server *server, bool at_once)
{
	struct itimerspec spec = {.it_value = {.tv_sec = 1}};
	MHD_UNSIGNED_LONG_LONG ms;

	if (at_once)
		spec.it_value = (struct timespec){0, 1};
	else if (MHD_get_timeout(server->daemon, &ms) == MHD_YES && ms < 1000)
		spec.it_value = (struct timespec){0, ms ? (long)ms * 1000000 : 1};
	return timerfd_settime(server->timer_fd, 0, &spec, NULL) ? -errno : 0;
}

static bool has_more(const struct http_server *server)
{
	struct pollfd pfd = {.fd = server->daemon_fd, .events = POLLIN};

	return poll(&pfd, 1, 0) > 0;
}

void http_shed(struct http_server *server)
{
	int fd = connections_slowest(&server->connections);

	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
}

int http_run(struct http_server *server)
{
	uint64_t expirations, begun = mono_ns();
	int rounds = 0;
	bool again;

	if (read(server->timer_fd, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN)
		return -errno;
	do {
		again = server->threw_out;
		server->threw_out = false;
		if (MHD_run(server->daemon) != MHD_YES)
			return -EIO;
		again |= server->threw_out || has_more(server);
	} while (again && ++rounds < ROUNDS_MAX && mono_ns() - begun < ROUNDS_NS);
	end_late_requests(server);
	return set_timer(server, again);
}
