/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The --web-config file: TLS and basic authentication, in the format shared by Prometheus'
 * exporters (exporter-toolkit, docs/web-configuration.md). Supported are:
 *
 *	tls_server_config:
 *	  cert_file: server.crt		relative to the file's directory
 *	  key_file: server.key
 *	basic_auth_users:
 *	  alice: $2y$10$…		bcrypt, as printed by htpasswd -nBC 10
 *
 * Anything else is an error and never ignored: a security setting must not be lost silently.
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

/* The bcrypt cost of the user's hash: a check takes 2^cost rounds. */
int http_user_cost(const struct http_user *user);

/* 0 or -errno; the reason has been logged. */
int http_config_load(const char *path, struct http_config *ret_config);
void http_config_free(struct http_config *config);

#endif
