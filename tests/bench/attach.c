// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * attach FILE: load a BPF object, attach all its programs, say "attached" and wait to be ended.
 * Nothing is pinned.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int attach(struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
	{
		if (!bpf_program__attach(program))
			return -1; /* libbpf has said why; what is attached ends with us */
	}
	return 0;
}

static void on_signal(int sig)
{
	(void)sig;
}

int main(int argc, char **argv)
{
	struct bpf_object *object;

	if (argc != 2) {
		fprintf(stderr, "usage: attach FILE\n");
		return 2;
	}
	object = bpf_object__open_file(argv[1], NULL);
	if (!object || bpf_object__load(object) || attach(object)) {
		fprintf(stderr, "attach: %s\n", strerror(errno));
		return 1;
	}
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	puts("attached");
	fflush(stdout);
	pause();
	return 0;
}
