// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "host/vm/libvirt.h"

#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "host/procfs.h"

/* A start tag: from behind its '<' to its '>'. */
struct tag {
	const char *text;
	size_t len;
};

/* The next tag at or after *@at, which moves behind it. Comments are skipped. */
static bool next_tag(const char **at, struct tag *ret)
{
	const char *s = *at;

	while ((s = strchr(s, '<'))) {
		char quote = 0;

		s++;
		if (!strncmp(s, "!--", 3)) {
			s = strstr(s, "-->");
			if (!s)
				return false;
			continue;
		}
		ret->text = s;
		for (; *s && (quote || *s != '>'); s++) {
			if (quote && *s == quote)
				quote = '\0';
			else if (!quote && (*s == '\'' || *s == '"'))
				quote = *s;
		}
		ret->len = (size_t)(s - ret->text);
		*at = s;
		return true;
	}
	return false;
}

static bool tag_is(const struct tag *tag, const char *name)
{
	size_t len = strlen(name);

	return tag->len >= len && !memcmp(tag->text, name, len) &&
	       (tag->len == len || strchr(" \t\n/", tag->text[len]));
}

/* The value of attribute @name as a number > -1; -1: it is none, or not there. */
static int tag_number(const struct tag *tag, const char *name)
{
	const char *at = tag->text, *end = tag->text + tag->len;
	size_t len = strlen(name);

	while ((at = memmem(at, (size_t)(end - at), name, len))) {
		long value = 0;
		char quote;

		at += len;
		if (!strchr(" \t\n", at[-(long)len - 1]) || end - at < 3 || at[0] != '=')
			continue;
		quote = at[1];
		for (at += 2; *at >= '0' && *at <= '9' && value < INT_MAX; at++)
			value = value * 10 + (*at - '0');
		return at[-1] != quote && *at == quote && value < INT_MAX ? (int)value : -1;
	}
	return -1;
}

int libvirt_parse_status(const char *xml, pid_t *ret_pid, struct libvirt_vcpu *ret_vcpus,
			 size_t max, size_t *ret_nr)
{
	struct tag tag;
	size_t nr = 0;
	int pid = -1;

	while (next_tag(&xml, &tag) && !tag_is(&tag, "domain")) {
		if (pid < 0 && tag_is(&tag, "domstatus")) {
			pid = tag_number(&tag, "pid");
		} else if (tag_is(&tag, "vcpu") && nr < max) {
			int index = tag_number(&tag, "id"), tid = tag_number(&tag, "pid");

			if (index >= 0 && tid > 0)
				ret_vcpus[nr++] = (struct libvirt_vcpu){index, tid};
		}
	}
	if (pid <= 0)
		return -EINVAL;
	*ret_pid = pid;
	*ret_nr = nr;
	return 0;
}

/* A file that only root, or whoever runs us, can have written; an fd or -errno. */
static int open_trusted(const char *dir, const char *name)
{
	autofree char *path = NULL;
	autoclose int fd = -1;
	struct stat st;

	if (strchr(name, '/'))
		return -EINVAL;
	if (asprintf(&path, "%s/%s.xml", dir, name) < 0) {
		path = NULL; /* undefined after a failure */
		return -ENOMEM;
	}
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || (st.st_uid != 0 && st.st_uid != geteuid()) ||
	    st.st_mode & (S_IWGRP | S_IWOTH))
		return -EPERM;
	return take_fd(fd);
}

int libvirt_read_status(const char *dir, const char *name, pid_t pid,
			struct libvirt_vcpu *ret_vcpus, size_t max, size_t *ret_nr)
{
	autoclose int fd = open_trusted(dir, name);
	autotext struct text text = {0};
	pid_t found;
	size_t nr;
	int err;

	if (fd < 0)
		return fd;
	err = proc_read_fd(fd, &text);
	if (!err)
		err = libvirt_parse_status(text.data, &found, ret_vcpus, max, &nr);
	if (err)
		return err;
	if (found != pid)
		return -ESTALE;
	*ret_nr = nr;
	return 0;
}
