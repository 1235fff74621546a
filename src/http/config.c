// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "http/config.h"

#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/cleanup.h"
#include "base/log.h"

#define FILE_MAX 65536

/* $2y$10$ followed by 53 characters of salt and hash. */
#define BCRYPT_LEN 60
/*
 * A check takes 2^cost rounds: 50 ms at cost 10, 200 ms at cost 12, for which a client waits at its
 * first request. 4 is the minimum of bcrypt.
 */
#define BCRYPT_COST_MIN 4
#define BCRYPT_COST_MAX 12

struct loader {
	const char *path;
	yaml_document_t document;
	struct http_config config;
};

static int complain(const struct loader *loader, const yaml_node_t *node, const char *what,
		    const char *name)
{
	log_err("%s:%zu: %s%s%s", loader->path, node ? node->start_mark.line + 1 : 1, name,
		*name ? " " : "", what);
	return -EINVAL;
}

static const char *scalar(const yaml_node_t *node)
{
	return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value
						      : NULL;
}

static int read_file(const char *path, char **ret)
{
	autofclose FILE *file = fopen(path, "re");
	autofree char *text = calloc(1, FILE_MAX);
	size_t len;

	if (!file || !text)
		return -errno;
	len = fread(text, 1, FILE_MAX, file);
	if (ferror(file))
		return -EIO;
	if (len == FILE_MAX)
		return -EFBIG;
	*ret = take_ptr(text);
	return 0;
}

/* The contents of the file named by @node. */
static int load_pem(const struct loader *loader, const yaml_node_t *node, char **pem)
{
	autofree char *base = strdup(loader->path);
	autofree char *full = NULL;
	const char *name = scalar(node);
	int err;

	if (!name || !*name)
		return complain(loader, node, "must be a file name", "");
	if (*pem)
		return complain(loader, node, "is given twice", name);
	if (!base)
		return -ENOMEM;
	if ((*name == '/' ? asprintf(&full, "%s", name)
			  : asprintf(&full, "%s/%s", dirname(base), name)) < 0) {
		full = NULL;
		return -ENOMEM;
	}
	err = read_file(full, pem);
	if (err)
		log_err("%s: %s", full, strerror(-err));
	return err;
}

static int load_tls(struct loader *loader, const char *key, const yaml_node_t *key_node,
		    const yaml_node_t *value)
{
	if (!strcmp(key, "cert_file"))
		return load_pem(loader, value, &loader->config.cert);
	if (!strcmp(key, "key_file"))
		return load_pem(loader, value, &loader->config.key);
	return complain(loader, key_node, "is not supported in tls_server_config", key);
}

static bool is_bcrypt(const char *hash)
{
	return strlen(hash) == BCRYPT_LEN && hash[0] == '$' && hash[1] == '2' &&
	       strchr("aby", hash[2]) && hash[3] == '$' && isdigit((unsigned char)hash[4]) &&
	       isdigit((unsigned char)hash[5]) && hash[6] == '$' &&
	       atoi(hash + 4) >= BCRYPT_COST_MIN;
}

int http_user_cost(const struct http_user *user)
{
	return atoi(user->hash + 4);
}

static int load_user(struct loader *loader, const char *name, const yaml_node_t *key_node,
		     const yaml_node_t *value)
{
	struct http_config *config = &loader->config;
	struct http_user *users, *user;
	const char *hash = scalar(value);

	if (!hash || !is_bcrypt(hash))
		return complain(loader, value, "has no bcrypt hash (htpasswd -nBC 10 creates one)",
				name);
	if (atoi(hash + 4) > BCRYPT_COST_MAX)
		return complain(loader, value, "has a bcrypt cost above 12", name);
	for (size_t i = 0; i < config->nr_users; i++) {
		if (!strcmp(config->users[i].name, name))
			return complain(loader, key_node, "is given twice", name);
	}
	users = reallocarray(config->users, config->nr_users + 1, sizeof(*users));
	if (!users)
		return -ENOMEM;
	config->users = users;
	user = &users[config->nr_users++];
	user->name = strdup(name);
	user->hash = strdup(hash);
	return user->name && user->hash ? 0 : -ENOMEM;
}

typedef int (*entry_fn)(struct loader *loader, const char *key, const yaml_node_t *key_node,
			const yaml_node_t *value);

static int load_map(struct loader *loader, const yaml_node_t *map, entry_fn entry)
{
	const yaml_node_pair_t *pair;
	int err = 0;

	if (!map || map->type != YAML_MAPPING_NODE)
		return complain(loader, map, "must be a mapping", "");
	for (pair = map->data.mapping.pairs.start; !err && pair < map->data.mapping.pairs.top;
	     pair++) {
		const yaml_node_t *key = yaml_document_get_node(&loader->document, pair->key);
		const yaml_node_t *value = yaml_document_get_node(&loader->document, pair->value);

		err = scalar(key) ? entry(loader, scalar(key), key, value)
				  : complain(loader, key, "must be a name", "");
	}
	return err;
}

static int load_section(struct loader *loader, const char *key, const yaml_node_t *key_node,
			const yaml_node_t *value)
{
	if (!strcmp(key, "tls_server_config"))
		return load_map(loader, value, load_tls);
	if (!strcmp(key, "basic_auth_users"))
		return load_map(loader, value, load_user);
	return complain(loader, key_node, "is not supported", key);
}

static int load_document(struct loader *loader)
{
	const yaml_node_t *root = yaml_document_get_root_node(&loader->document);
	int err = root ? load_map(loader, root, load_section) : 0; /* an empty file is valid */

	if (!err && !loader->config.cert != !loader->config.key)
		return complain(loader, root, "cert_file and key_file belong together", "");
	return err;
}

static int not_yaml(const struct loader *loader, const yaml_parser_t *parser)
{
	log_err("%s:%zu: %s", loader->path, parser->problem_mark.line + 1,
		parser->problem ? parser->problem : "cannot be read");
	return -EINVAL;
}

/* A second document would be ignored. */
static int load_end(struct loader *loader, yaml_parser_t *parser)
{
	const yaml_node_t *root;
	int err;

	if (!yaml_parser_load(parser, &loader->document))
		return not_yaml(loader, parser);
	root = yaml_document_get_root_node(&loader->document);
	err = root ? complain(loader, root, "only one document is allowed", "") : 0;
	yaml_document_delete(&loader->document);
	return err;
}

static int load_stream(struct loader *loader, yaml_parser_t *parser)
{
	int err;

	if (!yaml_parser_load(parser, &loader->document))
		return not_yaml(loader, parser);
	err = load_document(loader);
	yaml_document_delete(&loader->document);
	return err ? err : load_end(loader, parser);
}

int http_config_load(const char *path, struct http_config *ret_config)
{
	autofclose FILE *file = fopen(path, "re");
	struct loader loader = {.path = path};
	yaml_parser_t parser;
	int err;

	if (!file) {
		err = -errno;
		log_err("%s: %s", path, strerror(-err));
		return err;
	}
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_file(&parser, file);
	err = load_stream(&loader, &parser);
	yaml_parser_delete(&parser);
	if (err)
		http_config_free(&loader.config);
	else
		*ret_config = loader.config;
	return err;
}

void http_config_free(struct http_config *config)
{
	for (size_t i = 0; i < config->nr_users; i++) {
		free(config->users[i].name);
		free(config->users[i].hash);
	}
	free(config->users);
	if (config->key)
		explicit_bzero(config->key, strlen(config->key));
	free(config->cert);
	free(config->key);
	*config = (struct http_config){0};
}
