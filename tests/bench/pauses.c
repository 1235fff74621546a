// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * pauses FILE: load and attach pauses.bpf.o, say "attached", and when the standard input ends,
 * print what it counted, as `stealscope hist --times` does.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "slot.h"

static int print_counts(int map)
{
	struct hook_times sum = {0}, times;

	for (uint32_t cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (bpf_map_lookup_elem(map, &cpu, &times))
			return -1;
		hook_times_merge(&sum, &times);
	}
	printf("pause: longest run %" PRIu64 " ns, %" PRIu64 " of %" PRIu64 " over %u ns\n",
	       (uint64_t)sum.longest_ns, (uint64_t)sum.over, (uint64_t)sum.runs, LONG_RUN_NS);
	return 0;
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct bpf_program *program;

	if (argc != 2) {
		fprintf(stderr, "usage: pauses FILE\n");
		return 2;
	}
	object = bpf_object__open_file(argv[1], NULL);
	program = object ? bpf_object__next_program(object, NULL) : NULL;
	if (!program || bpf_object__load(object) || !bpf_program__attach(program))
		goto failed;
	puts("attached");
	fflush(stdout);
	while (getchar() != EOF)
		;
	if (print_counts(bpf_object__find_map_fd_by_name(object, "pauses")))
		goto failed;
	bpf_object__close(object);
	return 0;

failed:
	fprintf(stderr, "pauses: %s\n", strerror(errno));
	return 1;
}
