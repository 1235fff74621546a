// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trace/tracer.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "host/cpu.h"
#include "stealscope.skel.h"
#include "trace/kvm_types.h"
#include "trace/tracer_parts.h"

/* What one read of an iterator returns at most (kernel/bpf/bpf_iter.c: bpf_seq_read()). */
#define CENSUS_READ ((size_t)32 << 10)

#define MIN_EVENTS 256U
#define MAX_EVENTS 16384U

static int on_libbpf_message(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char line[1024];

	(void)level;
	vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = '\0';
	log_debug("libbpf: %s", line);
	return 0;
}

static void *map_map(struct bpf_map *map, size_t size, int prot)
{
	void *at = mmap(NULL, size, prot, MAP_SHARED, bpf_map__fd(map), 0);

	return at == MAP_FAILED ? NULL : at;
}

static size_t events_bytes(const struct tracer *tracer)
{
	return (tracer->event_mask + 1) * sizeof(*tracer->events);
}

static size_t marks_bytes(const struct tracer *tracer)
{
	return tracer->nr_slots / 64 * sizeof(*tracer->marks);
}

size_t tracer_cost(struct tracer *tracer, struct program_cost *costs, size_t nr)
{
	struct bpf_program *program;
	size_t used = 0;

	if (tracer->stats_fd < 0)
		return 0;
	bpf_object__for_each_program(program, tracer->skel->obj)
	{
		struct bpf_prog_info info = {};
		__u32 size = sizeof(info);

		if (!bpf_program__autoload(program))
			continue;
		if (used == nr || bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			break;
		costs[used].name = bpf_program__name(program);
		costs[used].ns = info.run_time_ns;
		costs[used++].runs = info.run_cnt;
	}
	return used;
}

uint64_t tracer_missed(const struct tracer *tracer)
{
	struct bpf_program *program;
	uint64_t missed = 0;

	bpf_object__for_each_program(program, tracer->skel->obj)
	{
		struct bpf_prog_info info = {};
		__u32 size = sizeof(info);

		if (!bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			missed += info.recursion_misses;
	}
	return missed;
}

/* As the kernel accounts it: "memlock" in the descriptor's fdinfo (kernel/bpf/syscall.c). */
static size_t map_bytes(int fd)
{
	autofclose FILE *file = NULL;
	char path[48], line[64];
	size_t bytes = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %zu", &bytes) == 1)
			break;
	return bytes;
}

/* Allocated when the maps are made, all but task storage's elements. */
static void measure_maps(struct tracer *tracer)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, tracer->skel->obj) tracer->map_bytes +=
		map_bytes(bpf_map__fd(map));
}

size_t tracer_map_bytes(const struct tracer *tracer)
{
	return tracer->map_bytes;
}

/* The map lives on, and libbpf closes the number at the end; until then it leads nowhere. */
static int seal(const struct bpf_map *map)
{
	autoclose int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (nothing < 0 || dup3(nothing, bpf_map__fd(map), O_CLOEXEC) < 0)
		return -errno;
	return 0;
}

/* The same for the globals that libbpf has mapped. */
static int seal_globals(struct bpf_map *map)
{
	size_t size;
	const void *at = bpf_map__initial_value(map, &size);

	if (at && mmap((void *)(uintptr_t)at, size, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -errno;
	return seal(map);
}

int tracer_seal(struct tracer *tracer)
{
	const struct stealscope_bpf *skel = tracer->skel;
	const struct bpf_map *const maps[] = {
		skel->maps.records,	 skel->maps.waiters,	skel->maps.domain_sums,
		skel->maps.wait_details, skel->maps.task_slots, skel->maps.counts,
		skel->maps.wait_events,	 skel->maps.marks,	skel->maps.callers,
		skel->maps.free_slots,	 skel->maps.skew_cells};
	int err = seal_globals(skel->maps.bss);

	for (size_t i = 0; !err && i < sizeof(maps) / sizeof(*maps); i++)
		err = seal(maps[i]);
	if (!err && tracer->knows_kvm)
		err = seal(skel->maps.kvm_layouts);
	tracer->sealed = !err;
	return err;
}

bool tracer_find_kvm(struct tracer *tracer)
{
	const struct bpf_map *map = tracer->skel->maps.kvm_layouts;
	struct kvm_layout layout;
	const __u32 zero = 0;

	if (tracer->knows_kvm)
		return true;
	if (kvm_types_read(&layout) ||
	    bpf_map_update_elem(bpf_map__fd(map), &zero, &layout, BPF_ANY))
		return false;
	tracer->knows_kvm = true;
	if (tracer->sealed)
		seal(map);
	return true;
}

int tracer_census(struct tracer *tracer, struct census_task **ret_tasks, size_t *ret_nr)
{
	autoclose int fd = bpf_iter_create(bpf_link__fd(tracer->skel->links.census));
	autofree char *bytes = NULL;
	size_t size = 0, len = 0;
	ssize_t more;

	if (fd < 0)
		return fd;
	do {
		if (size - len < CENSUS_READ) {
			char *grown = realloc(bytes, size = 2 * size + 4 * CENSUS_READ);

			if (!grown)
				return -ENOMEM;
			bytes = grown;
		}
		more = read(fd, bytes + len, size - len);
		if (more < 0)
			return -errno;
		len += (size_t)more;
	} while (more);
	*ret_nr = len / sizeof(**ret_tasks);
	*ret_tasks = (struct census_task *)(void *)take_ptr(bytes);
	return 0;
}

static int run_adoption(struct tracer *tracer)
{
	autoclose int fd = bpf_iter_create(bpf_link__fd(tracer->skel->links.adopt_requested));
	char buf[16];

	if (fd < 0)
		return fd;
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	return 0;
}

/* What is left of the requests: those of threads that are gone. */
static void forget_requests(int map)
{
	__u32 tid;

	while (!bpf_map_get_next_key(map, NULL, &tid) && !bpf_map_delete_elem(map, &tid))
		;
}

static int put_requests(int map, const struct tracer_request *requests, size_t nr)
{
	autofree __u32 *tids = calloc(nr, sizeof(*tids));
	autofree struct adopt_request *what = calloc(nr, sizeof(*what));
	__u32 done = (__u32)nr;

	if (!tids || !what)
		return -ENOMEM;
	for (size_t i = 0; i < nr; i++) {
		tids[i] = (__u32)requests[i].tid;
		what[i] = requests[i].what;
	}
	return bpf_map_update_batch(map, tids, what, &done, NULL);
}

int tracer_request(struct tracer *tracer, const struct tracer_request *requests, size_t nr)
{
	struct control *control = tracer->control;
	int map = bpf_map__fd(tracer->skel->maps.requests);
	uint64_t left;
	int err;

	if (nr > TRACER_MAX_REQUESTS)
		return -E2BIG;
	err = nr ? put_requests(map, requests, nr) : 0;
	/* What could not be adopted for want of memory at hand is tried again while that helps. */
	for (left = nr; left && !err; left = control->refused) {
		uint64_t before = left;

		control->refused = 0;
		slots_refill(tracer, nr + tracer->reserve);
		err = run_adoption(tracer);
		if (control->refused >= before)
			break;
	}
	forget_requests(map);
	return err;
}

/*
 * Iterators that may sleep, and so find memory for any number of adoptions. They came together with
 * a helper (v5.18: b77fb25dcb34, 376040e47334), which is what can be seen.
 */
static bool iterators_may_sleep(void)
{
	struct btf *kernel = btf__parse(VMLINUX_BTF, NULL);
	int id = kernel ? btf__find_by_name_kind(kernel, "bpf_func_id", BTF_KIND_ENUM) : -1;
	const struct btf_type *type = id > 0 ? btf__type_by_id(kernel, (__u32)id) : NULL;
	bool found = false;

	for (__u16 i = 0; type && i < btf_vlen(type) && !found; i++)
		found = !strcmp(btf__name_by_offset(kernel, btf_enum(type)[i].name_off),
				"BPF_FUNC_copy_from_user_task");
	btf__free(kernel);
	return found;
}

/* In windows as short as whole lines allow: what comes is spread over the second. */
static void set_long_wait_rate(struct stealscope_bpf *skel, unsigned int rate)
{
	unsigned int windows = rate >= 10 ? 10 : 1;

	skel->rodata->long_wait_rate = rate / windows;
	skel->rodata->watch_window_ns = 1000000000ULL / windows;
}

/*
 * Places for what the CPUs may publish in two windows, twice the rate where domains compete. Not
 * for any rate: an event is some 2 KB.
 */
static uint32_t ring_size(const struct tracer *tracer, const struct tracer_config *config)
{
	uint64_t want = 4ULL * tracer->nr_cpus * (config->long_wait_rate / 10 + 1);
	uint32_t size = MIN_EVENTS;

	if (!config->long_wait_ns)
		return 1;
	while (size < want && size < MAX_EVENTS)
		size *= 2;
	return size;
}

/* Those that are not @timed, or those that are. */
static void choose_hooks(struct stealscope_bpf *skel, bool timed)
{
	const struct {
		struct bpf_program *plain, *timed;
	} hooks[] = {{skel->progs.on_switch, skel->progs.timed_switch},
		     {skel->progs.on_wakeup, skel->progs.timed_wakeup},
		     {skel->progs.on_wakeup_new, skel->progs.timed_wakeup_new},
		     {skel->progs.on_migrate, skel->progs.timed_migrate}};

	for (size_t i = 0; i < sizeof(hooks) / sizeof(*hooks); i++) {
		bpf_program__set_autoload(hooks[i].plain, !timed);
		bpf_program__set_autoload(hooks[i].timed, timed);
	}
}

static int tracer_configure(struct tracer *tracer, const struct tracer_config *config)
{
	struct stealscope_bpf *skel = tracer->skel;
	uint32_t slots = config->max_threads + 1;
	uint32_t queue = 2 * TRACER_MAX_REQUESTS;
	int cpus;

	slots = (slots + CHUNK_SLOTS - 1) / CHUNK_SLOTS * CHUNK_SLOTS;
	if (slots >= MAX_SLOTS)
		slots = MAX_SLOTS - CHUNK_SLOTS;
	tracer->nr_slots = slots;
	tracer->reserve = slots / RESERVE_SHARE;
	while (queue < slots)
		queue *= 2;
	tracer->free_mask = queue - 1;
	for (tracer->nr_cells = 64; tracer->nr_cells < slots / 4;)
		tracer->nr_cells *= 2;
	cpus = cpu_possible_end("/sys");
	if (cpus < 0)
		return cpus;
	if ((unsigned int)cpus > MAX_CPUS) {
		log_err("this host has CPU numbers up to %d, stealscope supports %u", cpus - 1,
			MAX_CPUS);
		return -E2BIG;
	}
	tracer->nr_cpus = (unsigned int)cpus;
	if (iterators_may_sleep())
		bpf_program__set_flags(skel->progs.adopt_requested, BPF_F_SLEEPABLE);
	skel->rodata->with_thieves = !config->no_thieves;
	choose_hooks(skel, config->times);
	skel->rodata->long_wait_ns = config->long_wait_ns;
	set_long_wait_rate(skel, config->long_wait_rate);
	tracer->event_mask = ring_size(tracer, config) - 1;
	skel->rodata->event_mask = tracer->event_mask;
	skel->rodata->free_mask = tracer->free_mask;
	skel->rodata->skew_mask = tracer->nr_cells - 1;
	if (bpf_map__set_max_entries(skel->maps.slots, slots) ||
	    bpf_map__set_max_entries(skel->maps.free_slots, queue) ||
	    bpf_map__set_max_entries(skel->maps.marks, slots / 64) ||
	    bpf_map__set_max_entries(skel->maps.wait_events, tracer->event_mask + 1) ||
	    bpf_map__set_max_entries(skel->maps.counts, tracer->nr_cpus) ||
	    bpf_map__set_max_entries(skel->maps.records, tracer->nr_cpus) ||
	    bpf_map__set_max_entries(skel->maps.waiters, slots) ||
	    bpf_map__set_max_entries(skel->maps.domain_sums, tracer->nr_cpus * tracer->nr_cells) ||
	    bpf_map__set_max_entries(skel->maps.skew_cells, tracer->nr_cells) ||
	    bpf_map__set_max_entries(skel->maps.wait_details, config->long_wait_ns ? slots : 1) ||
	    bpf_map__set_max_entries(skel->maps.requests, TRACER_MAX_REQUESTS))
		return -EINVAL;
	return 0;
}

static int tracer_map(struct tracer *tracer)
{
	struct stealscope_bpf *skel = tracer->skel;

	tracer->control = &skel->data_control->control;
	tracer->slots_fd = bpf_map__fd(skel->maps.slots);
	tracer->free_queue = map_map(skel->maps.free_slots,
				     (tracer->free_mask + 1) * sizeof(*tracer->free_queue),
				     PROT_READ | PROT_WRITE);
	tracer->counts =
		map_map(skel->maps.counts, tracer->nr_cpus * sizeof(struct cpu_counts), PROT_READ);
	tracer->events = map_map(skel->maps.wait_events, events_bytes(tracer), PROT_READ);
	tracer->marks = map_map(skel->maps.marks, marks_bytes(tracer), PROT_READ | PROT_WRITE);
	tracer->callers = map_map(skel->maps.callers, NR_CALLERS * sizeof(*tracer->callers),
				  PROT_READ | PROT_WRITE);
	tracer->cells = map_map(skel->maps.skew_cells, tracer->nr_cells * sizeof(struct skew_cell),
				PROT_READ | PROT_WRITE);
	if (!tracer->free_queue || !tracer->counts || !tracer->events || !tracer->marks ||
	    !tracer->callers || !tracer->cells)
		return -ENOMEM;
	return slots_init(tracer);
}

static int tracer_start(struct tracer *tracer, const struct tracer_config *config)
{
	int err;

	tracer->skel = stealscope_bpf__open();
	if (!tracer->skel)
		return -errno;
	err = tracer_configure(tracer, config);
	if (err)
		return err;
	err = stealscope_bpf__load(tracer->skel);
	if (err)
		return err;
	err = tracer_map(tracer);
	if (err)
		return err;
	measure_maps(tracer);
	tracer_find_kvm(tracer);
	if (config->cost)
		tracer->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	return stealscope_bpf__attach(tracer->skel);
}

int tracer_new(const struct tracer_config *config, struct tracer **ret_tracer)
{
	struct tracer *tracer = calloc(1, sizeof(*tracer));
	int err;

	if (!tracer)
		return -ENOMEM;
	tracer->stats_fd = -1;
	libbpf_set_print(on_libbpf_message);
	err = tracer_start(tracer, config);
	if (err) {
		tracer_free(tracer);
		return err;
	}
	*ret_tracer = tracer;
	return 0;
}

void tracer_free(struct tracer *tracer)
{
	if (!tracer)
		return;
	slots_free(tracer);
	if (tracer->free_queue)
		munmap(tracer->free_queue, (tracer->free_mask + 1) * sizeof(*tracer->free_queue));
	if (tracer->counts)
		munmap(tracer->counts, tracer->nr_cpus * sizeof(struct cpu_counts));
	if (tracer->events)
		munmap(tracer->events, events_bytes(tracer));
	if (tracer->marks)
		munmap(tracer->marks, marks_bytes(tracer));
	if (tracer->callers)
		munmap(tracer->callers, NR_CALLERS * sizeof(*tracer->callers));
	if (tracer->cells)
		munmap(tracer->cells, tracer->nr_cells * sizeof(struct skew_cell));
	stealscope_bpf__destroy(tracer->skel);
	if (tracer->stats_fd >= 0)
		close(tracer->stats_fd);
	free(tracer);
}
