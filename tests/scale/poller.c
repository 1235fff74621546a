// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What kvmtop and vmtop do at every interval, as cheaply as it can be done: list the threads of
 * every process whose executable is EXE and read each one's schedstat. poller EXE ROUNDS
 *
 * Prints threads, milliseconds and milliseconds of CPU of each round. (They also read other files
 * of each thread, and open them anew, too.)
 */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static unsigned long long sum; /* so that what is read is used */

static unsigned int poll_process(const char *pid)
{
	char path[600], text[128];
	unsigned int threads = 0;
	struct dirent *entry;
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks))) {
		int fd;

		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/task/%s/schedstat", pid, entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && read(fd, text, sizeof(text)) > 0)
			sum += strtoull(text, NULL, 10);
		close(fd);
		threads++;
	}
	if (tasks)
		closedir(tasks);
	return threads;
}

/* The processes are known after the first round, as theirs are. */
static size_t find(const char *exe, char (**ret_pids)[16])
{
	DIR *proc = opendir("/proc");
	size_t nr = 0, room = 0;
	struct dirent *entry;

	while (proc && (entry = readdir(proc))) {
		char path[600], target[PATH_MAX];
		ssize_t len;

		snprintf(path, sizeof(path), "/proc/%s/exe", entry->d_name);
		len = readlink(path, target, sizeof(target) - 1);
		if (len < 0 || (target[len] = '\0', strcmp(target, exe)))
			continue;
		if (nr == room) {
			room = 2 * room + 64;
			*ret_pids = reallocarray(*ret_pids, room, sizeof(**ret_pids));
			if (!*ret_pids)
				exit(1);
		}
		snprintf((*ret_pids)[nr++], sizeof(**ret_pids), "%.15s", entry->d_name);
	}
	if (proc)
		closedir(proc);
	return nr;
}

int main(int argc, char **argv)
{
	char(*pids)[16] = NULL;
	size_t nr = argc == 3 ? find(argv[1], &pids) : 0;

	for (int round = 0; argc == 3 && round < atoi(argv[2]); round++) {
		struct stopwatch watch = stopwatch_start();
		unsigned int threads = 0;

		for (size_t i = 0; i < nr; i++)
			threads += poll_process(pids[i]);
		printf("%u threads, " STOPWATCH_FMT "\n", threads, STOPWATCH_ARGS(watch));
		usleep(200000);
	}
	free(pids);
	return sum == 1;
}
