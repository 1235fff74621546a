// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "host/exe.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

static bool is_roots(const struct stat *st)
{
	/* The group's bit also is the mask of an ACL, so group root is no exception. */
	return st->st_uid == 0 && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

/* The file at @path if nobody but root can replace it or a directory above it. */
static bool stat_roots(const char *path, struct stat *ret)
{
	autoclose int dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	while (dir >= 0 && !fstat(dir, ret) && is_roots(ret)) {
		char name[NAME_MAX + 1];
		size_t len;
		int next;

		path += strspn(path, "/");
		if (!*path)
			return true;
		len = strcspn(path, "/");
		if (len > NAME_MAX)
			return false;
		memcpy(name, path, len);
		name[len] = '\0';
		path += len;
		next = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		close(dir);
		dir = next;
	}
	return false;
}

bool exe_is_roots(int dir, const char *path)
{
	struct stat runs, there;

	return *path == '/' && !fstatat(dir, "exe", &runs, 0) && stat_roots(path, &there) &&
	       S_ISREG(runs.st_mode) && runs.st_dev == there.st_dev && runs.st_ino == there.st_ino;
}
