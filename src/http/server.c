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
#include "base/log.h"
#include "http/auth.h"
#include "http/listen.h"
#include "http/reply.h"

#define MAX_CONNECTIONS 64U
#define CONNECTION_MEMORY (16 * 1024) /* request line and headers */
#define IDLE_SECS 15U
/* From its first byte, or the end of the one before, to the end of its reply. */
#define REQUEST_SECS 20
/* libmicrohttpd takes a connection in one round, and reads from it in the next. */
#define ROUNDS_MAX 4

/* What libgnutls should speak: TLS 1.2 and newer. */
#define TLS_PRIORITIES "NORMAL:-VERS-TLS1.0:-VERS-TLS1.1"

struct connection {
	int fd; /* -1: this place is free */
	time_t since;
};

struct http_server {
	struct MHD_Daemon *daemon;
	struct http_auth *auth; /* NULL: everyone may */
	http_handler handler;
	void *data;
	int epoll_fd, timer_fd;
	int daemon_fd; /* libmicrohttpd's own epoll, which is its to close */
	bool running;  /* messages of libmicrohttpd are about clients from now on */
	struct connection connections[MAX_CONNECTIONS];
	char url[128];
};

static time_t now_secs(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* 0: go on; else the status to reply with. */
static unsigned int authenticate(struct http_server *server, struct MHD_Connection *connection)
{
	enum http_auth_verdict verdict = HTTP_AUTH_WRONG;
	char *name, *password = NULL;

	if (!server->auth)
		return 0;
	name = MHD_basic_auth_get_username_password(connection, &password);
	if (name && password)
		verdict = http_auth_check(server->auth, name, password);
	if (password)
		explicit_bzero(password, strlen(password));
	MHD_free(password);
	MHD_free(name);
	if (verdict == HTTP_AUTH_BUSY)
		return MHD_HTTP_TOO_MANY_REQUESTS;
	return verdict == HTTP_AUTH_OK ? 0 : MHD_HTTP_UNAUTHORIZED;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **request)
{
	struct http_server *server = cls;
	struct http_reply reply = {0};
	enum MHD_Result result;
	unsigned int status;

	(void)version, (void)upload, (void)upload_size, (void)request;
	status = authenticate(server, connection);
	if (!status && strcmp(method, MHD_HTTP_METHOD_GET) && strcmp(method, MHD_HTTP_METHOD_HEAD))
		status = MHD_HTTP_METHOD_NOT_ALLOWED;
	if (status)
		return http_reply_status(connection, status);
	server->handler(url, &reply, server->data);
	if (!reply.body)
		return http_reply_status(connection, reply.status);
	result = MHD_queue_response(connection, reply.status, http_response(reply.body));
	if (!reply.keep)
		http_body_put(reply.body);
	return result;
}

static struct connection *find_connection(struct http_server *server, int fd)
{
	for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
		if (server->connections[i].fd == fd)
			return &server->connections[i];
	}
	return NULL;
}

static int connection_fd(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct http_server *server = cls;
	int fd = connection_fd(connection);
	bool started = what == MHD_CONNECTION_NOTIFY_STARTED;
	struct connection *place = find_connection(server, started ? -1 : fd);

	(void)context;
	if (place && started)
		*place = (struct connection){fd, now_secs()};
	else if (place)
		place->fd = -1;
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **request,
			 enum MHD_RequestTerminationCode how)
{
	struct connection *place = find_connection(cls, connection_fd(connection));

	(void)request, (void)how;
	if (place)
		place->since = now_secs();
}

/* One that sends or takes a byte now and then is not idle, but does not get anywhere either. */
static void end_late_requests(struct http_server *server)
{
	time_t now = now_secs();

	for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
		const struct connection *connection = &server->connections[i];

		if (connection->fd >= 0 && now - connection->since > REQUEST_SECS)
			shutdown(connection->fd, SHUT_RDWR);
	}
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
		MHD_USE_EPOLL | MHD_USE_ERROR_LOG | (has_tls ? MHD_USE_TLS : 0), 0, NULL, NULL,
		on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_message, server,
		MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_LIMIT, MAX_CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_MEMORY, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_ARRAY,
		has_tls ? tls : &tls[3], MHD_OPTION_END);
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
	char where[96];
	int fd, err;

	if (!server)
		return -ENOMEM;
	server->handler = handler;
	server->data = data;
	server->epoll_fd = server->timer_fd = -1;
	for (size_t i = 0; i < MAX_CONNECTIONS; i++)
		server->connections[i].fd = -1;
	fd = http_listen(address, where, sizeof(where));
	err = fd < 0 ? fd : 0;
	if (!err && config && config->nr_users)
		err = http_auth_new(config, &server->auth);
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
	snprintf(server->url, sizeof(server->url), "%s://%s/",
		 config && config->cert ? "https" : "http", where);
	server->running = true;
	*ret_server = server;
	return 0;
}

void http_free(struct http_server *server)
{
	if (!server)
		return;
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

/* Wake up when libmicrohttpd wants to, and each second: it takes the listening socket out of its
 * epoll while all places are taken, and puts it back only when it is run after one became free. */
static int set_timer(struct http_server *server)
{
	struct itimerspec spec = {.it_value = {.tv_sec = 1}};
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(server->daemon, &ms) == MHD_YES && ms < 1000)
		spec.it_value = (struct timespec){0, ms ? (long)ms * 1000000 : 1};
	return timerfd_settime(server->timer_fd, 0, &spec, NULL) ? -errno : 0;
}

static bool has_more(const struct http_server *server)
{
	struct pollfd pfd = {.fd = server->daemon_fd, .events = POLLIN};

	return poll(&pfd, 1, 0) > 0;
}

int http_run(struct http_server *server)
{
	uint64_t expirations;
	int rounds = 0;

	if (read(server->timer_fd, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN)
		return -errno;
	do {
		if (MHD_run(server->daemon) != MHD_YES)
			return -EIO;
	} while (++rounds < ROUNDS_MAX && has_more(server));
	end_late_requests(server);
	return set_timer(server);
}
