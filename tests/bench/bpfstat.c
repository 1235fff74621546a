// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bpfstat SECONDS PID…: nanoseconds per run of the BPF programs that these processes hold, by the
 * kernel's own statistics, which are on only meanwhile. One line per program: pid, name, runs, ns
 * per run.
 *
 * The ns are the median over windows of WINDOW_NS: an interrupt, or a hypervisor that takes the CPU
 * away, falls into few of them. Where windows hold too few runs they are the mean.
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define WINDOW_NS 10000000L
#define MAX_PROGRAMS 256
#define MAX_WINDOWS 6000
#define MIN_RUNS 100   /* in a window, for it to count */
#define MIN_WINDOWS 10 /* of such, for their median to count */

struct program {
	int fd;
	__u32 id;
	int pid;
	char name[BPF_OBJ_NAME_LEN];
	unsigned long long runs, ns, all_runs, all_ns;
	double window[MAX_WINDOWS];
	size_t nr_windows;
};

static struct program programs[MAX_PROGRAMS];
static size_t nr_programs;

static int read_program(int fd, struct bpf_prog_info *info)
{
	__u32 size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(fd, info, &size);
}

static bool is_known(int pid, __u32 id)
{
	size_t i;

	for (i = 0; i < nr_programs; i++)
		if (programs[i].pid == pid && programs[i].id == id)
			return true;
	return false;
}

static void add_program(int pid, __u32 id)
{
	struct program *program = &programs[nr_programs];
	struct bpf_prog_info info;

	if (nr_programs == MAX_PROGRAMS || is_known(pid, id))
		return;
	program->fd = bpf_prog_get_fd_by_id(id);
	if (program->fd < 0 || read_program(program->fd, &info))
		return;
	memcpy(program->name, info.name, sizeof(program->name));
	program->id = id;
	program->pid = pid;
	program->runs = info.run_cnt;
	program->ns = info.run_time_ns;
	nr_programs++;
}

/* /proc/PID/fdinfo/FD of a program, or of a link to one, holds a line "prog_id: N". */
static void find_programs(int pid)
{
	char path[300], line[128];
	struct dirent *entry;
	unsigned int id;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fdinfo", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", pid, entry->d_name);
		file = fopen(path, "re");
		while (file && fgets(line, sizeof(line), file))
			if (sscanf(line, "prog_id: %u", &id) == 1)
				add_program(pid, id);
		if (file)
			fclose(file);
	}
	if (dir)
		closedir(dir);
}

static void end_window(struct program *program)
{
	struct bpf_prog_info info;
	unsigned long long runs;

	if (read_program(program->fd, &info))
		return;
	runs = info.run_cnt - program->runs;
	if (runs >= MIN_RUNS && program->nr_windows < MAX_WINDOWS)
		program->window[program->nr_windows++] =
			(double)(info.run_time_ns - program->ns) / (double)runs;
	program->all_runs += runs;
	program->all_ns += info.run_time_ns - program->ns;
	program->runs = info.run_cnt;
	program->ns = info.run_time_ns;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(struct program *program)
{
	double ns;

	if (!program->all_runs)
		return;
	ns = (double)program->all_ns / (double)program->all_runs;
	if (program->nr_windows >= MIN_WINDOWS) {
		qsort(program->window, program->nr_windows, sizeof(double), compare);
		ns = program->window[program->nr_windows / 2];
	}
	printf("%d %s %llu %.2f\n", program->pid, program->name, program->all_runs, ns);
}

int main(int argc, char **argv)
{
	double seconds = argc > 2 ? atof(argv[1]) : 0;
	struct timespec window = {.tv_nsec = WINDOW_NS};
	long windows = (long)(seconds * 1e9 / WINDOW_NS);
	size_t i;
	int arg;

	if (windows < 1 || windows > MAX_WINDOWS) {
		fprintf(stderr, "usage: bpfstat SECONDS PID...\n");
		return 2;
	}
	if (bpf_enable_stats(BPF_STATS_RUN_TIME) < 0) {
		perror("bpfstat: BPF_ENABLE_STATS");
		return 1;
	}
	for (arg = 2; arg < argc; arg++)
		find_programs(atoi(argv[arg]));
	while (windows--) {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &window, NULL);
		for (i = 0; i < nr_programs; i++)
			end_window(&programs[i]);
	}
	for (i = 0; i < nr_programs; i++)
		print(&programs[i]);
	return 0;
}
