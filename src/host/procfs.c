// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "host/procfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>

#define MAX_TEXT ((size_t)1 << 20)

int proc_open(int dir, const char *path)
{
	int fd = openat(dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

ssize_t proc_read_once(int dir, const char *path, char *buf, size_t size)
{
	autoclose int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, buf, size - 1);
	if (len < 0)
		return -errno;
	buf[len] = '\0';
	return len;
}

static int text_reserve(struct text *text, size_t size)
{
	char *data;

	if (size <= text->size)
		return 0;
	data = realloc(text->data, size);
	if (!data)
		return -ENOMEM;
	text->data = data;
	text->size = size;
	return 0;
}

int proc_read_fd(int fd, struct text *text)
{
	text->len = 0;
	while (text->len < MAX_TEXT) {
		size_t want = text->len + 1 < text->size ? text->size : 2 * text->size + 4096;
		ssize_t len;

		if (text_reserve(text, want))
			return -ENOMEM;
		len = read(fd, text->data + text->len, text->size - text->len - 1);
		if (len < 0)
			return -errno;
		if (!len)
			break;
		text->len += (size_t)len;
	}
	text->data[text->len] = '\0';
	return 0;
}

int proc_read(int dir, const char *path, struct text *text)
{
	autoclose int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? -errno : proc_read_fd(fd, text);
}

ssize_t proc_link(int dir, const char *path, char *buf, size_t size)
{
	ssize_t len = readlinkat(dir, path, buf, size - 1);

	if (len < 0)
		return -errno;
	buf[len] = '\0';
	return len;
}

/* The whole of @name as a number that fits an int; -1 if it is none. */
static int entry_id(const char *name)
{
	int id = 0;

	if (!*name)
		return -1;
	for (; *name; name++) {
		if (*name < '0' || *name > '9' || id > (INT_MAX - 9) / 10)
			return -1;
		id = id * 10 + (*name - '0');
	}
	return id;
}

int proc_list_add(struct proc_list *list, int id, uint64_t ino)
{
	if (list->nr == list->size) {
		size_t size = list->size ? 2 * list->size : 64;
		struct proc_entry *entries = reallocarray(list->entries, size, sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		list->entries = entries;
		list->size = size;
	}
	list->entries[list->nr++] = (struct proc_entry){id, ino};
	return 0;
}

static int by_id(const void *a, const void *b)
{
	int left = ((const struct proc_entry *)a)->id, right = ((const struct proc_entry *)b)->id;

	return (left > right) - (left < right);
}

static void list_sort(struct proc_list *list)
{
	for (size_t i = 1; i < list->nr; i++) {
		if (list->entries[i - 1].id > list->entries[i].id) {
			qsort(list->entries, list->nr, sizeof(*list->entries), by_id);
			return;
		}
	}
}

/* Without opendir(): it allocates and asks for the file's type, once per process of the host. */
int proc_list_part(int dir, const char *path, off_t *at, size_t max, struct proc_list *list)
{
	autoclose int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char buf[16384] __attribute__((aligned(8)));
	ssize_t len = 0;

	if (fd < 0 || (*at && lseek(fd, *at, SEEK_SET) < 0))
		return -errno;
	list->nr = 0;
	while (list->nr < max && (len = getdents64(fd, buf, sizeof(buf))) > 0) {
		const struct dirent64 *entry;

		for (ssize_t next = 0; next < len; next += entry->d_reclen) {
			int id;

			entry = (const void *)(buf + next);
			id = entry_id(entry->d_name);
			*at = entry->d_off;
			if (id >= 0 && proc_list_add(list, id, entry->d_ino))
				return -ENOMEM;
		}
	}
	if (len < 0)
		return -errno;
	list_sort(list);
	return len > 0;
}

int proc_list(int dir, const char *path, struct proc_list *list)
{
	off_t at = 0;

	return proc_list_part(dir, path, &at, SIZE_MAX, list);
}
