// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * poller SECONDS: read /proc/PID/task/TID/schedstat of every thread of the host, every so often, as
 * kvmtop and vmtop do for those of their guests. Prints how many there were.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static unsigned long long run_delay(int task, const char *tid)
{
	unsigned long long run, delay = 0;
	char path[300], text[96];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "%s/schedstat", tid);
	fd = openat(task, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	size = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (size > 0) {
		text[size] = '\0';
		if (sscanf(text, "%llu %llu", &run, &delay) != 2)
			return 0;
	}
	return delay;
}

static size_t poll_process(const char *pid, unsigned long long *sum)
{
	char path[300];
	struct dirent *entry;
	size_t nr = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.') {
			*sum += run_delay(dirfd(dir), entry->d_name);
			nr++;
		}
	if (dir)
		closedir(dir);
	return nr;
}

int main(int argc, char **argv)
{
	double seconds = argc == 2 ? atof(argv[1]) : 0;
	struct timespec pause = {(time_t)seconds, (long)((seconds - (long)seconds) * 1e9)};

	if (seconds <= 0) {
		fprintf(stderr, "usage: poller SECONDS\n");
		return 2;
	}
	for (;;) {
		unsigned long long sum = 0;
		DIR *proc = opendir("/proc");
		struct dirent *entry;
		size_t nr = 0;

		while (proc && (entry = readdir(proc)))
			if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
				nr += poll_process(entry->d_name, &sum);
		if (proc)
			closedir(proc);
		printf("%zu threads waited %llu ns\n", nr, sum);
		fflush(stdout);
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
}
