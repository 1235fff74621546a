// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/export_textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t written = write(fd, data, len);

		if (written < 0)
			return -errno;
		data += written;
		len -= (size_t)written;
	}
	return 0;
}

static int write_new(const char *path, const char *data, size_t len)
{
	/* The directory may be one that others write to: never through what they put there. */
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	int err;

	if (fd < 0)
		return -errno;
	err = fchmod(fd, 0644) ? -errno : write_all(fd, data, len);
	/* Some file systems say only here that the disk is full. */
	if (close(take_fd(fd)) && !err)
		err = -errno;
	return err;
}

int export_textfile(const char *path, const char *data, size_t len)
{
	autofree char *new = NULL;
	int err;

	if (asprintf(&new, "%s.new", path) < 0) {
		new = NULL;
		return -ENOMEM;
	}
	if (unlink(new) && errno != ENOENT)
		return -errno;
	err = write_new(new, data, len);
	if (!err && rename(new, path))
		err = -errno;
	if (err)
		unlink(new);
	return err;
}
