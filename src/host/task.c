// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "host/task.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/procfs.h"

/* Fields of /proc/P/stat after comm, counted from state = 0; fs/proc/array.c: do_task_stat(). */
enum {
	STAT_PPID = 1,
	STAT_FLAGS = 6,
	STAT_THREADS = 17,
	STAT_START = 19,
	STAT_START_STACK = 25,
	STAT_PROCESSOR = 36,
	STAT_ARG_START = 45,
	STAT_FIELDS,
};

/* The numbers from *@text on, a sign is allowed, into @fields; how many there are. */
static size_t scan_numbers(const char *text, const char *end, uint64_t *fields, size_t max)
{
	size_t nr = 0;

	while (nr < max) {
		bool minus;
		uint64_t value = 0;
		const char *digits;

		while (text < end && *text == ' ')
			text++;
		minus = text < end && *text == '-';
		text += minus;
		for (digits = text; text < end && *text >= '0' && *text <= '9'; text++)
			value = value * 10 + (uint64_t)(*text - '0');
		if (text == digits)
			break;
		fields[nr++] = minus ? -value : value;
	}
	return nr;
}

int task_parse_stat(const char *text, size_t len, struct task_stat *ret)
{
	const char *open = memchr(text, '(', len), *close = memrchr(text, ')', len);
	uint64_t field[STAT_FIELDS] = {0}, pid;
	struct task_stat stat = {0};
	size_t comm_len;

	if (!open || !close || close < open || close + 3 >= text + len || close[1] != ' ')
		return -EINVAL;
	if (scan_numbers(text, open, &pid, 1) != 1)
		return -EINVAL;
	/* arg_start is missing before 3.5 only, and not needed */
	if (scan_numbers(close + 3, text + len, field + 1, STAT_FIELDS - 1) < STAT_PROCESSOR)
		return -EINVAL;
	comm_len = (size_t)(close - open) - 1;
	if (comm_len >= sizeof(stat.comm))
		comm_len = sizeof(stat.comm) - 1;
	memcpy(stat.comm, open + 1, comm_len);
	stat.pid = (pid_t)pid;
	stat.state = close[2];
	stat.ppid = (pid_t)field[STAT_PPID];
	stat.flags = (uint32_t)field[STAT_FLAGS];
	stat.threads = (uint32_t)field[STAT_THREADS];
	stat.start = field[STAT_START];
	stat.start_stack = field[STAT_START_STACK];
	stat.processor = (int)field[STAT_PROCESSOR];
	stat.arg_start = field[STAT_ARG_START];
	*ret = stat;
	return 0;
}

/* fs/proc/base.c: proc_pid_syscall() */
int task_parse_syscall(const char *text, struct task_syscall *ret)
{
	struct task_syscall call = {.nr = -1};
	char *end;

	if (!strcmp(text, "running\n") || !strcmp(text, "running")) {
		call.running = true;
		*ret = call;
		return 0;
	}
	call.nr = strtol(text, &end, 10);
	if (end == text || *end != ' ')
		return -EINVAL;
	for (size_t i = 0; call.nr >= 0 && i < 6; i++) {
		const char *arg = end;

		if (strncmp(arg, " 0x", 3))
			return -EINVAL;
		call.args[i] = strtoull(arg + 1, &end, 16);
		if (end <= arg + 3)
			return -EINVAL;
	}
	*ret = call;
	return 0;
}

/* The value of @key ("\nNSpid:\t") up to the end of its line. */
static const char *status_value(const char *text, const char *key, size_t *ret_len)
{
	const char *value = strstr(text, key);

	if (!value)
		return NULL;
	value += strlen(key);
	*ret_len = strcspn(value, "\n");
	return value;
}

char *task_parse_cpus_allowed(const char *text)
{
	size_t len;
	const char *value = status_value(text, "\nCpus_allowed_list:\t", &len);

	return value ? strndup(value, len) : NULL;
}

unsigned int task_parse_pidns_depth(const char *text)
{
	unsigned int depth = 1;
	size_t len;
	const char *value = status_value(text, "\nNSpid:\t", &len);

	if (!value || !len)
		return 0;
	for (size_t i = 0; i < len; i++)
		depth += value[i] == '\t';
	return depth;
}

uid_t task_parse_uid(const char *text)
{
	size_t len;
	const char *value = status_value(text, "\nUid:\t", &len);

	return value ? (uid_t)strtoul(value, NULL, 10) : (uid_t)-1;
}

pid_t task_parse_tgid(const char *text)
{
	size_t len;
	const char *value = status_value(text, "\nTgid:\t", &len);

	return value ? (pid_t)strtol(value, NULL, 10) : 0;
}

int task_read_stat(int dir, const char *path, struct task_stat *ret)
{
	char buf[1024];
	ssize_t len = proc_read_once(dir, path, buf, sizeof(buf));

	return len < 0 ? (int)len : task_parse_stat(buf, (size_t)len, ret);
}

int task_read_syscall(int dir, const char *path, struct task_syscall *ret)
{
	char buf[256];
	ssize_t len = proc_read_once(dir, path, buf, sizeof(buf));

	return len < 0 ? (int)len : task_parse_syscall(buf, ret);
}

int task_read_comm(int dir, const char *path, char ret_comm[TASK_COMM_LEN])
{
	char buf[128];
	ssize_t len = proc_read_once(dir, path, buf, sizeof(buf));

	if (len < 0)
		return (int)len;
	if (len && buf[len - 1] == '\n') /* the kernel's own; comm itself can end in one, too */
		len--;
	if (len >= TASK_COMM_LEN)
		len = TASK_COMM_LEN - 1;
	memset(ret_comm, 0, TASK_COMM_LEN);
	memcpy(ret_comm, buf, (size_t)len);
	return 0;
}
