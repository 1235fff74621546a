/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The file of --web-config: TLS and basic authentication, in the format that Prometheus' exporters
 * share (exporter-toolkit, docs/web-configuration.md). Of that format:
 *
 *	tls_server_config:
 *	  cert_file: server.crt		relative to the file's directory
 *	  key_file: server.key
 *	basic_auth_users:
 *	  alice: $2y$10$…			bcrypt, as htpasswd -nBC 10 writes it
 *
 * Anything else is an error, never ignored: what protects must not be misread.
 */
#ifndef STEALSCOPE_CMD_HTTP_CONFIG_H
#define STEALSCOPE_CMD_HTTP_CONFIG_H

#include <stddef.h>

struct http_user {
	char *name, *hash;
};

struct http_config {
	char *cert, *key; /* PEM, or NULL: no TLS */
	struct http_user *users;
	size_t nr_users; /* 0: no authentication */
};

/* bcrypt's: a check takes 2^cost rounds. */
int http_user_cost(const struct http_user *user);

/* 0 or -errno; the reason has been logged. */
int http_config_load(const char *path, struct http_config *ret_config);
void http_config_free(struct http_config *config);

#endif
