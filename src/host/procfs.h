/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading procfs, and files like its.
 *
 * Everything is read relative to a directory fd. An fd of /proc/P stands for that process, not for
 * the number (its inode holds the struct pid, fs/proc/base.c: proc_pid_make_inode()): once the
 * process is gone, reads through it fail with -ESRCH or -ENOENT, also when P is in use again. So
 * what is read through one fd belongs to one process, without looking twice.
 */
#ifndef STEALSCOPE_HOST_PROCFS_H
#define STEALSCOPE_HOST_PROCFS_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

#include "base/cleanup.h"

/* A buffer that grows and is used again; a zeroed one is empty. @data ends in NUL after a read. */
struct text {
	char *data;
	size_t len, size;
};

static inline void text_free(struct text *text)
{
	free(text->data);
}

#define autotext cleanup(text_free)

/* A numeric directory entry: a process, a thread or an fd. */
struct proc_entry {
	int id;
	uint64_t ino;
};

struct proc_list {
	struct proc_entry *entries; /* ascending by id */
	size_t nr, size;
};

static inline void proc_list_free(struct proc_list *list)
{
	free(list->entries);
}

#define autolist cleanup(proc_list_free)

/* An O_PATH fd of the directory @path, or -errno. */
int proc_open(int dir, const char *path);

/* The file @path, at most 1 MiB of it, into @text. 0 or -errno. */
int proc_read(int dir, const char *path, struct text *text);

/* The same from an open file. */
int proc_read_fd(int fd, struct text *text);

/* One read of at most @size - 1 bytes, terminated. Bytes read or -errno. */
ssize_t proc_read_once(int dir, const char *path, char *buf, size_t size);

/* Where the link @path leads, terminated, cut at @size - 1. Length or -errno. */
ssize_t proc_link(int dir, const char *path, char *buf, size_t size);

/* The numeric entries of directory @path into @list, whose memory is used again. 0 or -errno. */
int proc_list(int dir, const char *path, struct proc_list *list);

/*
 * A part of them: from where *@at says (0: the start), @max or some hundreds more. 0: that was the
 * last, 1: there are more, from *@at on; -errno.
 */
int proc_list_part(int dir, const char *path, off_t *at, size_t max, struct proc_list *list);

/* One more, at the end. 0 or -ENOMEM. */
int proc_list_add(struct proc_list *list, int id, uint64_t ino);

#endif
