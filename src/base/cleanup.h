/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a scope owns is released when the scope ends.
 *
 *	autofree char *path = NULL;
 *	autoclose int fd = open(…);
 *	return take_ptr(path);		ownership goes to the caller
 */
#ifndef STEALSCOPE_CLEANUP_H
#define STEALSCOPE_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *ptr)
{
	free(*(void **)ptr);
}

/* errno survives, so that a failing function can still return it. */
static inline void cleanup_close(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void cleanup_fclose(FILE **file)
{
	int saved = errno;

	if (*file)
		fclose(*file);
	errno = saved;
}

static inline void cleanup_closedir(DIR **dir)
{
	int saved = errno;

	if (*dir)
		closedir(*dir);
	errno = saved;
}

#define cleanup(func) __attribute__((cleanup(func)))
#define autofree cleanup(cleanup_free)
#define autoclose cleanup(cleanup_close)
#define autofclose cleanup(cleanup_fclose)
#define autoclosedir cleanup(cleanup_closedir)

#define take_ptr(ptr)                       \
	({                                  \
		__typeof__(ptr) _p = (ptr); \
		(ptr) = NULL;               \
		_p;                         \
	})

#define take_fd(fd)             \
	({                      \
		int _fd = (fd); \
		(fd) = -1;      \
		_fd;            \
	})

#endif
