// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "host/cgroup.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"

/* Is @word one of the comma-separated words at @list, @len bytes long? */
static bool list_has(const char *list, size_t len, const char *word)
{
	const char *end = list + len;

	while (list <= end) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		size_t n = (size_t)((comma ? comma : end) - list);

		if (n == strlen(word) && !memcmp(list, word, n))
			return true;
		list += n + 1;
	}
	return false;
}

static int set_path(char **path, const char *value, size_t len)
{
	free(*path);
	*path = strndup(value, len);
	return *path ? 0 : -ENOMEM;
}

/* One line "ID:CONTROLLERS:PATH". Only the path can hold a colon; none can hold a newline. */
static int parse_line(const char *line, size_t len, struct cgroup_paths *paths)
{
	const char *end = line + len, *list = memchr(line, ':', len), *path;
	size_t list_len;

	if (!list)
		return 0;
	list++;
	path = memchr(list, ':', (size_t)(end - list));
	if (!path)
		return 0;
	list_len = (size_t)(path - list);
	path++;
	if (!list_len)
		return set_path(&paths->unified, path, (size_t)(end - path));
	if (list_has(list, list_len, "cpu"))
		return set_path(&paths->cpu, path, (size_t)(end - path));
	if (list_has(list, list_len, "name=systemd"))
		return set_path(&paths->systemd, path, (size_t)(end - path));
	return 0;
}

int cgroup_parse_paths(const char *text, struct cgroup_paths *ret)
{
	struct cgroup_paths paths = {0};

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (parse_line(text, len, &paths)) {
			cgroup_paths_free(&paths);
			return -ENOMEM;
		}
		text += len + (text[len] == '\n');
	}
	*ret = paths;
	return 0;
}

void cgroup_paths_free(struct cgroup_paths *paths)
{
	free(paths->cpu);
	free(paths->systemd);
	free(paths->unified);
	*paths = (struct cgroup_paths){0};
}

const char *cgroup_cpu_path(const struct cgroup_paths *paths)
{
	return paths->cpu ? paths->cpu : paths->unified;
}

const char *cgroup_service_path(const struct cgroup_paths *paths)
{
	const char *candidates[] = {paths->unified, paths->systemd, paths->cpu};

	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		if (candidates[i] && strcmp(candidates[i], "/"))
			return candidates[i];
	}
	return NULL;
}

/* @len bytes of mountinfo with its \ooo (blank, tab, newline, backslash) undone, malloc()ed. */
static char *unescape_mount(const char *s, size_t len)
{
	char *out = malloc(len + 1), *at = out;

	if (!out)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\\' && len - i > 3 && s[i + 1] >= '0' && s[i + 1] <= '3') {
			*at++ = (char)((s[i + 1] - '0') << 6 | (s[i + 2] & 7) << 3 |
				       (s[i + 3] & 7));
			i += 3;
		} else {
			*at++ = s[i];
		}
	}
	*at = '\0';
	return out;
}

static int set_mount(struct cgroup_mount *mount, const char *const *field, const size_t *len)
{
	if (mount->point) /* the first one is as good */
		return 0;
	mount->root = unescape_mount(field[3], len[3]);
	mount->point = unescape_mount(field[4], len[4]);
	return mount->root && mount->point ? 0 : -ENOMEM;
}

/* "ID PARENT DEV ROOT POINT OPTIONS [TAGS…] - TYPE SOURCE OPTIONS", Documentation/filesystems/proc
 */
static int parse_mount(const char *line, size_t line_len, struct cgroup_mounts *mounts)
{
	enum { ROOT = 3, POINT = 4, TYPE = 6, OPTIONS = 8, FIELDS = 9 };
	const char *field[FIELDS], *end = line + line_len;
	size_t len[FIELDS], nr = 0;
	bool dash = false;

	while (line < end && nr < FIELDS) {
		const char *blank = memchr(line, ' ', (size_t)(end - line));
		size_t n = (size_t)((blank ? blank : end) - line);

		if (nr == TYPE && !dash) {
			dash = n == 1 && *line == '-';
		} else {
			field[nr] = line;
			len[nr++] = n;
		}
		line += n + 1;
	}
	if (nr < FIELDS)
		return 0;
	if (len[TYPE] == 7 && !memcmp(field[TYPE], "cgroup2", 7))
		return set_mount(&mounts->unified, field, len);
	if (len[TYPE] == 6 && !memcmp(field[TYPE], "cgroup", 6) &&
	    list_has(field[OPTIONS], len[OPTIONS], "cpu"))
		return set_mount(&mounts->cpu, field, len);
	return 0;
}

int cgroup_parse_mounts(const char *text, struct cgroup_mounts *ret)
{
	struct cgroup_mounts mounts = {0};

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (parse_mount(text, len, &mounts)) {
			cgroup_mounts_free(&mounts);
			return -ENOMEM;
		}
		text += len + (text[len] == '\n');
	}
	*ret = mounts;
	return 0;
}

void cgroup_mounts_free(struct cgroup_mounts *mounts)
{
	free(mounts->cpu.point);
	free(mounts->cpu.root);
	free(mounts->unified.point);
	free(mounts->unified.root);
	*mounts = (struct cgroup_mounts){0};
}

static bool has_suffix(const char *name, size_t len, const char *suffix)
{
	size_t n = strlen(suffix);

	return len > n && !memcmp(name + len - n, suffix, n);
}

/* A login's session, or the machine's own first process: nobody acts upon it as a whole. */
static bool is_session(const char *name, size_t len)
{
	static const char session[] = "session-", init[] = "init.scope";

	return has_suffix(name, len, ".scope") &&
	       (!strncmp(name, session, strlen(session)) ||
		(len == strlen(init) && !memcmp(name, init, len)));
}

const char *cgroup_unit(const char *path, size_t *ret_len)
{
	const char *end = path + strlen(path);
	bool slices = true;

	while (end > path) {
		const char *slash = memrchr(path, '/', (size_t)(end - path));
		const char *name = slash ? slash + 1 : path;
		size_t len = (size_t)(end - name);

		if (is_session(name, len))
			return NULL;
		if (has_suffix(name, len, ".service") || has_suffix(name, len, ".scope")) {
			*ret_len = len;
			return name;
		}
		slices &= !len || has_suffix(name, len, ".slice");
		end = slash ? slash : path;
	}
	*ret_len = strlen(path);
	return slices ? NULL : path;
}
