// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"

/* Split at the last colon and strip brackets around the host. Modifies @host in place. */
static int split(char *host, char **ret_port)
{
	char *port = strrchr(host, ':');
	size_t len;
	uint64_t number;

	if (!port || parse_u64(port + 1, &number) || number > 65535)
		return -EINVAL;
	*port = '\0';
	len = strlen(host);
	if (*host == '[') {
		if (len < 2 || host[len - 1] != ']')
			return -EINVAL;
		host[len - 1] = '\0';
		memmove(host, host + 1, len - 1);
	} else if (strchr(host, ':')) {
		return -EINVAL;
	}
	*ret_port = port + 1;
	return 0;
}

static int listen_on(const struct addrinfo *at)
{
	autoclose int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int yes = 1, no = 0;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (at->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	if (bind(fd, at->ai_addr, at->ai_addrlen) || listen(fd, SOMAXCONN))
		return -errno;
	return take_fd(fd);
}

/* @host: as getnameinfo() writes the number. */
static bool is_loopback(const char *host)
{
	return !strncmp(host, "127.", strlen("127.")) || !strcmp(host, "::1");
}

static void describe(int fd, struct listening *ret)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	char host[64], port[NI_MAXSERV]; /* numeric only */

	if (getsockname(fd, (struct sockaddr *)&address, &len) ||
	    getnameinfo((struct sockaddr *)&address, len, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV)) {
		snprintf(ret->where, sizeof(ret->where), "?");
		return;
	}
	snprintf(ret->where, sizeof(ret->where), strchr(host, ':') ? "[%s]:%s" : "%s:%s", host,
		 port);
	ret->is_loopback = is_loopback(host);
}

/* Is it a socket left behind by a process that no longer listens? */
static bool is_left(const struct sockaddr_un *at)
{
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	return fd >= 0 && !lstat(at->sun_path, &st) && S_ISSOCK(st.st_mode) &&
	       connect(fd, (const struct sockaddr *)at, sizeof(*at)) && errno == ECONNREFUSED;
}

static int listen_unix(const char *path)
{
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	mode_t mask;
	int failed;

	if (fd < 0)
		return -errno;
	if (!*path || strlen(path) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, path, strlen(path) + 1);
	if (is_left(&at))
		unlink(path);
	mask = umask(0117);
	failed = bind(fd, (struct sockaddr *)&at, sizeof(at));
	umask(mask);
	if (failed || listen(fd, SOMAXCONN))
		return -errno;
	return take_fd(fd);
}

/* @host NULL: any address of @family. */
static int listen_at(const char *host, const char *port, int family)
{
	struct addrinfo hints = {
		.ai_family = family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *list, *at;
	int fd = -EADDRNOTAVAIL, err;

	err = getaddrinfo(host, port, &hints, &list);
	if (err == EAI_SYSTEM)
		return -errno;
	if (err)
		return -EADDRNOTAVAIL;
	for (at = list; at && fd < 0; at = at->ai_next)
		fd = listen_on(at);
	freeaddrinfo(list);
	return fd;
}

static int listen_path(const char *address, struct listening *ret)
{
	int fd = listen_unix(address + strlen(LISTEN_UNIX));

	if (fd < 0)
		log_err("--listen %s: %s", address, strerror(-fd));
	else
		snprintf(ret->where, sizeof(ret->where), "%s", address);
	ret->is_unix = true;
	return fd;
}

int http_listen(const char *address, struct listening *ret)
{
	autofree char *host = strdup(address);
	char *port;
	int fd;

	*ret = (struct listening){0};
	if (!host)
		return -ENOMEM;
	if (!strncmp(address, LISTEN_UNIX, strlen(LISTEN_UNIX)))
		return listen_path(address, ret);
	if (split(host, &port)) {
		log_err("--listen: '%s' is neither ADDRESS:PORT nor unix:PATH", address);
		return -EINVAL;
	}
	/* An IPv6 socket accepts IPv4 as well; without IPv6, fall back to IPv4. */
	fd = listen_at(*host ? host : NULL, port, *host ? AF_UNSPEC : AF_INET6);
	if (fd < 0 && !*host)
		fd = listen_at(NULL, port, AF_INET);
	if (fd < 0)
		log_err("--listen %s: %s", address, strerror(-fd));
	else
		describe(fd, ret);
	return fd;
}
