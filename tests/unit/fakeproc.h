/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A procfs made of files, for tests of what reads one. */
#ifndef STEALSCOPE_FAKEPROC_H
#define STEALSCOPE_FAKEPROC_H

#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct fake {
	char root[64];
	char proc[80];
	unsigned int removed;
};

#define FAKE_HIDDEN UINT64_MAX

struct fake_process {
	pid_t pid, ppid;
	const char *comm;
	uint64_t start;
	uint64_t stack; /* 0: as of the pid; FAKE_HIDDEN: 0, as another user reads it */
	uint32_t flags;
	char state;	     /* 0: 'S' */
	const char *cmdline; /* one argument a line */
	const char *exe;
	const char *cgroup;
};

static inline void fake_new(struct fake *fake)
{
	strcpy(fake->root, "/tmp/fakeproc.XXXXXX");
	fake->removed = 0;
	assert_non_null(mkdtemp(fake->root));
	snprintf(fake->proc, sizeof(fake->proc), "%s/proc", fake->root);
	assert_int_equal(mkdir(fake->proc, 0755), 0);
}

static inline int fake_unlink(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void fake_free(struct fake *fake)
{
	nftw(fake->root, fake_unlink, 16, FTW_DEPTH | FTW_PHYS);
}

/* Everything below takes a path relative to the root; missing directories are made. */
static inline char *fake_path(const struct fake *fake, const char *path)
{
	char *full;

	assert_true(asprintf(&full, "%s/%s", fake->root, path) > 0);
	for (char *at = full + strlen(fake->root) + 1; (at = strchr(at, '/')); *at++ = '/') {
		*at = '\0';
		assert_true(!mkdir(full, 0755) || errno == EEXIST);
	}
	return full;
}

static inline void fake_bytes(struct fake *fake, const char *path, const char *data, size_t len)
{
	char *full = fake_path(fake, path);
	FILE *file = fopen(full, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	free(full);
}

static inline void fake_file(struct fake *fake, const char *path, const char *data)
{
	fake_bytes(fake, path, data, strlen(data));
}

static inline void fake_link(struct fake *fake, const char *path, const char *target)
{
	char *full = fake_path(fake, path);

	unlink(full);
	assert_int_equal(symlink(target, full), 0);
	free(full);
}

/* Out of the way, but not deleted: its inode number must not be used again. */
static inline void fake_remove(struct fake *fake, const char *path)
{
	char *full = fake_path(fake, path), grave[32], *away;

	snprintf(grave, sizeof(grave), "removed/%u", fake->removed++);
	away = fake_path(fake, grave);
	assert_int_equal(rename(full, away), 0);
	free(full);
	free(away);
}

#define fakef(buf, ...)                                                                     \
	({                                                                                  \
		assert_true((size_t)snprintf(buf, sizeof(buf), __VA_ARGS__) < sizeof(buf)); \
		buf;                                                                        \
	})

static inline void fake_stat(struct fake *fake, const char *path, const struct fake_process *p)
{
	uint64_t stack = p->stack ?: (uint64_t)p->pid << 12;
	char text[1024];

	if (stack == FAKE_HIDDEN)
		stack = 0;
	fakef(text,
	      "%d (%s) %c %d 1 1 0 -1 %u 0 0 0 0 0 0 0 0 20 0 1 0 %" PRIu64 " 0 0 1 1 1 %" PRIu64
	      " 0 0 0 0 0 0 0 0 0 17 3 0 0 0 0 0 0 0 0 %" PRIu64 " 0 0 0 0\n",
	      p->pid, p->comm, p->state ?: 'S', p->ppid, p->flags, p->start, stack, stack);
	fake_file(fake, path, text);
}

static inline void fake_thread(struct fake *fake, pid_t pid, pid_t tid, const char *comm,
			       uint64_t start, uint32_t flags)
{
	struct fake_process thread = {.pid = tid, .comm = comm, .start = start, .flags = flags};
	char path[128], text[128];

	fake_file(fake, fakef(path, "proc/%d/task/%d/comm", pid, tid), fakef(text, "%s\n", comm));
	fake_stat(fake, fakef(path, "proc/%d/task/%d/stat", pid, tid), &thread);
}

static inline void fake_process(struct fake *fake, const struct fake_process *p)
{
	char path[128], text[64];
	char *cmdline = strdup(p->cmdline ?: "");
	size_t len = strlen(cmdline);

	for (char *at = cmdline; (at = strchr(at, '\n')); at++)
		*at = '\0';
	fake_stat(fake, fakef(path, "proc/%d/stat", p->pid), p);
	fake_file(fake, fakef(path, "proc/%d/status", p->pid),
		  fakef(text, "Name:\tx\nTgid:\t%d\nUid:\t1000\t0\t0\t0\n", p->pid));
	fake_bytes(fake, fakef(path, "proc/%d/cmdline", p->pid), cmdline, len ? len + 1 : 0);
	fake_file(fake, fakef(path, "proc/%d/cgroup", p->pid), p->cgroup ?: "0::/\n");
	if (p->exe)
		fake_link(fake, fakef(path, "proc/%d/exe", p->pid), p->exe);
	fake_link(fake, fakef(path, "proc/%d/fd/0", p->pid), "/dev/null");
	fake_thread(fake, p->pid, p->pid, p->comm, p->start, p->flags);
	free(cmdline);
}

/* Give the process fd @fd that leads to @target. */
static inline void fake_fd(struct fake *fake, pid_t pid, int fd, const char *target)
{
	char path[64];

	fake_link(fake, fakef(path, "proc/%d/fd/%d", pid, fd), target);
}

/* The text of tests/fixtures/@name, malloc()ed. */
static inline char *fixture(const char *name)
{
	char path[256], *text = calloc(1, 65536);
	FILE *file = fopen(fakef(path, "tests/fixtures/%s", name), "r");

	assert_non_null(text);
	if (!file)
		fail_msg("%s: %s (run from the top of the tree)", path, strerror(errno));
	assert_true(fread(text, 1, 65535, file) > 0);
	fclose(file);
	return text;
}

#endif
