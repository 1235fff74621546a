// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trace/tracer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "stealscope.skel.h"
#include "trace/kvm_types.h"

/*
 * Slots are mapped in chunks, a multiple of the page size for any slot: a few at a time, since what
 * is mapped counts as our resident set, too.
 */
#define CHUNK_SLOTS 512U
#define MAX_CHUNKS 2U
#define CHUNK_BYTES (CHUNK_SLOTS * sizeof(struct slot))

/*
 * Half of all slots are at hand for the kernel side, if they are free; topped up at every
 * tracer_adopted(). So many threads may start while we are busy, with a big report say, and not be
 * missed.
 */
#define RESERVE_SHARE 2U

/* What one read of an iterator returns at most (kernel/bpf/bpf_iter.c: bpf_seq_read()). */
#define CENSUS_READ ((size_t)32 << 10)

/* The clock's offset is the biggest seen in so many observations: a look is late, never early. */
#define NR_OFFSETS 16

struct chunk {
	struct slot *slots; /* NULL: none is mapped here */
	uint32_t number;
	uint64_t used;
};

struct tracer {
	struct stealscope_bpf *skel;
	struct chunk chunks[MAX_CHUNKS];
	uint64_t looks;	      /* at slots, to tell which chunk was not needed for longest */
	uint64_t *free_queue; /* mmapped, free_mask + 1 entries */
	struct cpu_runs *cpus;
	struct event *events;
	struct skew_cell *cells;
	unsigned int nr_cpus;
	uint32_t nr_slots; /* slot 0 included */
	uint32_t free_mask;
	uint32_t nr_cells;
	uint32_t reserve;
	uint32_t *spare; /* heap of free slots that are not queued, smallest on top */
	size_t nr_spare;
	uint64_t adopted; /* position in the free queue up to which adoptions were reported */
	uint64_t event_tail;
	int64_t offsets[NR_OFFSETS]; /* runqueue clock - CLOCK_MONOTONIC */
	unsigned int nr_offsets;
	int stats_fd;
};

static int on_libbpf_message(enum libbpf_print_level level, const char *fmt, va_list args)
{
	char line[1024];

	(void)level;
	vsnprintf(line, sizeof(line), fmt, args);
	line[strcspn(line, "\n")] = '\0';
	log_debug("libbpf: %s", line);
	return 0;
}

/* Keep the lowest numbers in use, so that they fill few chunks: a binary heap. */
static void spare_push(struct tracer *tracer, uint32_t index)
{
	size_t at = tracer->nr_spare++;

	while (at && tracer->spare[(at - 1) / 2] > index) {
		tracer->spare[at] = tracer->spare[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	tracer->spare[at] = index;
}

static uint32_t spare_pop(struct tracer *tracer)
{
	uint32_t least = tracer->spare[0], last = tracer->spare[--tracer->nr_spare];
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= tracer->nr_spare)
			break;
		if (child + 1 < tracer->nr_spare && tracer->spare[child + 1] < tracer->spare[child])
			child++;
		if (tracer->spare[child] >= last)
			break;
		tracer->spare[at] = tracer->spare[child];
		at = child;
	}
	tracer->spare[at] = last;
	return least;
}

static void refill(struct tracer *tracer, size_t reserve)
{
	struct control *control = &tracer->skel->bss->control;
	uint64_t head = __atomic_load_n(&control->free_head, __ATOMIC_ACQUIRE);
	uint64_t tail = control->free_tail;

	while (tail - head < reserve && tail - tracer->adopted <= tracer->free_mask &&
	       tracer->nr_spare) {
		tracer->free_queue[tail & tracer->free_mask] = spare_pop(tracer);
		__atomic_store_n(&control->free_tail, ++tail, __ATOMIC_RELEASE);
	}
}

static void *map_map(struct bpf_map *map, size_t size, size_t offset, int prot)
{
	void *at = mmap(NULL, size, prot, MAP_SHARED, bpf_map__fd(map), (off_t)offset);

	return at == MAP_FAILED ? NULL : at;
}

/* The chunk, mapped in place of the one that was not needed for longest; without memory, not. */
static struct chunk *chunk_of(struct tracer *tracer, uint32_t number)
{
	struct chunk *chunk, *oldest = &tracer->chunks[0];

	for (chunk = tracer->chunks; chunk < tracer->chunks + MAX_CHUNKS; chunk++) {
		if (chunk->slots && chunk->number == number)
			return chunk;
		if (chunk->used < oldest->used)
			oldest = chunk;
	}
	if (oldest->slots)
		munmap(oldest->slots, CHUNK_BYTES);
	oldest->number = number;
	oldest->slots = map_map(tracer->skel->maps.slots, CHUNK_BYTES, number * CHUNK_BYTES,
				PROT_READ | PROT_WRITE);
	return oldest;
}

static struct slot *slot_rw(struct tracer *tracer, uint32_t index)
{
	struct chunk *chunk;

	if (index >= tracer->nr_slots)
		return NULL;
	chunk = chunk_of(tracer, index / CHUNK_SLOTS);
	chunk->used = ++tracer->looks;
	return chunk->slots ? &chunk->slots[index % CHUNK_SLOTS] : NULL;
}

const struct slot *tracer_slot(struct tracer *tracer, uint32_t index)
{
	return slot_rw(tracer, index);
}

/* All that says something: the buckets only of kinds that were counted. */
static void slot_copy(struct slot *to, const struct slot *from)
{
	unsigned int kind;

	memcpy(to, from, offsetof(struct slot, waits));
	for (kind = 0; kind < NR_WAIT_KINDS; kind++) {
		if (from->waits[kind].count)
			to->waits[kind] = from->waits[kind];
		else
			to->waits[kind].count = 0;
	}
}

int tracer_take(struct tracer *tracer, uint32_t index, struct slot *ret_slot, uint64_t *ret_epoch)
{
	struct slot *slot = slot_rw(tracer, index);
	uint32_t before, after;
	unsigned int tries;
	uint64_t epoch;

	if (!slot)
		return -ENOMEM;
	epoch = slot->epoch;
	__atomic_store_n(&slot->epoch, epoch + 1, __ATOMIC_SEQ_CST);
	/* A hook holds a slot for a microsecond at most; the bound is for a CPU that was stopped.
	 */
	for (tries = 0; tries < 1000; tries++) {
		before = __atomic_load_n(&slot->seq, __ATOMIC_ACQUIRE);
		slot_copy(ret_slot, slot);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = __atomic_load_n(&slot->seq, __ATOMIC_RELAXED);
		if (before == after && !(before & 1))
			break;
	}
	*ret_epoch = epoch;
	return 0;
}

uint32_t tracer_adopted(struct tracer *tracer)
{
	struct control *control = &tracer->skel->bss->control;
	uint32_t index = 0;

	if (tracer->adopted < __atomic_load_n(&control->free_head, __ATOMIC_ACQUIRE))
		index = (uint32_t)tracer->free_queue[tracer->adopted++ & tracer->free_mask];
	refill(tracer, tracer->reserve);
	return index;
}

bool tracer_is_full(const struct tracer *tracer)
{
	const struct control *control = &tracer->skel->bss->control;

	return !tracer->nr_spare && control->free_head >= control->free_tail;
}

size_t tracer_slots(const struct tracer *tracer)
{
	return tracer->nr_slots - 1;
}

size_t tracer_free_slots(const struct tracer *tracer)
{
	const struct control *control = &tracer->skel->bss->control;

	return tracer->nr_spare + (size_t)(control->free_tail - control->free_head);
}

/* The cell is free again when the last vCPU has left it. */
static void cell_leave(struct tracer *tracer, uint32_t index)
{
	struct skew_cell *cell = &tracer->cells[index % tracer->nr_cells];

	if (index && !__atomic_sub_fetch(&cell->vcpus, 1, __ATOMIC_SEQ_CST))
		memset(cell, 0, sizeof(*cell));
}

uint64_t tracer_skew(const struct tracer *tracer, uint32_t index)
{
	const struct skew_cell *cell = &tracer->cells[index % tracer->nr_cells];
	unsigned int tries;

	/* The two words change one after the other; their signs tell whether they belong together.
	 */
	for (tries = 0; index && tries < 1000; tries++) {
		uint64_t states = __atomic_load_n(&cell->states, __ATOMIC_ACQUIRE);
		int64_t skew = (int64_t)__atomic_load_n(&cell->skew_ns, __ATOMIC_ACQUIRE);
		bool skewed = states >> 32 && (uint32_t)states;

		if (skewed == (skew < 0))
			return (uint64_t)skew + (skewed ? mono_ns() : 0);
	}
	return 0;
}

void tracer_release(struct tracer *tracer, uint32_t index)
{
	struct slot *slot = slot_rw(tracer, index);
	uint64_t key;

	if (!slot)
		return;
	cell_leave(tracer, slot->cell);
	key = slot->key; /* holds the slot's generation */
	memset(slot, 0, sizeof(*slot));
	slot->key = key;
	spare_push(tracer, index);
	refill(tracer, tracer->reserve);
}

bool tracer_event(struct tracer *tracer, struct event *ret_event, uint64_t *ret_lost)
{
	uint64_t head = __atomic_load_n(&tracer->skel->bss->control.event_head, __ATOMIC_ACQUIRE);

	while (tracer->event_tail < head) {
		uint64_t at = tracer->event_tail;
		const struct event *event = &tracer->events[at % NR_EVENTS];
		uint64_t before, after;

		if (head - at > NR_EVENTS) {
			*ret_lost += head - at - NR_EVENTS;
			tracer->event_tail = head - NR_EVENTS;
			continue;
		}
		before = __atomic_load_n(&event->seq, __ATOMIC_ACQUIRE);
		if (!before || before < at + 1)
			return false; /* still being written */
		memcpy(ret_event, event, sizeof(*ret_event));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = __atomic_load_n(&event->seq, __ATOMIC_RELAXED);
		tracer->event_tail++;
		if (before == at + 1 && after == before)
			return true;
		(*ret_lost)++;
	}
	return false;
}

uint64_t tracer_clock(struct tracer *tracer)
{
	int64_t now, best;
	unsigned int cpu, i, nr;
	uint64_t last = 0;

	for (cpu = 0; cpu < tracer->nr_cpus; cpu++) {
		const struct cpu_runs *runs = &tracer->cpus[cpu];
		uint64_t end = runs->runs[(runs->head - 1) % NR_RUNS].end;

		if (end > last)
			last = end;
	}
	now = (int64_t)mono_ns();
	if (!last)
		return 0;
	tracer->offsets[tracer->nr_offsets++ % NR_OFFSETS] = (int64_t)last - now;
	nr = tracer->nr_offsets < NR_OFFSETS ? tracer->nr_offsets : NR_OFFSETS;
	best = tracer->offsets[0];
	for (i = 1; i < nr; i++)
		if (tracer->offsets[i] > best)
			best = tracer->offsets[i];
	return (uint64_t)(now + best);
}

void tracer_counts(const struct tracer *tracer, struct tracer_counts *ret_counts)
{
	struct tracer_counts counts = {0};
	unsigned int cpu;

	for (cpu = 0; cpu < tracer->nr_cpus; cpu++) {
		counts.merged += tracer->cpus[cpu].merged;
		counts.chain_breaks += tracer->cpus[cpu].chain_breaks;
		counts.clamped += tracer->cpus[cpu].clamped;
		counts.watch_lost += tracer->cpus[cpu].rate_lost;
	}
	*ret_counts = counts;
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

		if (used == nr || bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			break;
		costs[used].name = bpf_program__name(program);
		costs[used].ns = info.run_time_ns;
		costs[used++].runs = info.run_cnt;
	}
	return used;
}

size_t tracer_map_bytes(const struct tracer *tracer)
{
	return tracer->nr_slots * sizeof(struct slot) + tracer->nr_cpus * sizeof(struct cpu_runs) +
	       NR_EVENTS * sizeof(struct event) + tracer->nr_cells * sizeof(struct skew_cell) +
	       (tracer->free_mask + 1) * sizeof(*tracer->free_queue);
}

bool tracer_find_kvm(struct tracer *tracer)
{
	struct control *control = &tracer->skel->bss->control;
	struct kvm_layout layout;

	if (control->kvm.known)
		return true;
	if (kvm_types_read(&layout))
		return false;
	control->kvm.vcpu_id = layout.vcpu_id;
	control->kvm.pid = layout.pid;
	__atomic_store_n(&control->kvm.known, 1, __ATOMIC_RELEASE);
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
	autofree struct watch_request *what = calloc(nr, sizeof(*what));
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
	struct control *control = &tracer->skel->bss->control;
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
		refill(tracer, nr + tracer->reserve);
		err = run_adoption(tracer);
		if (control->refused >= before)
			break;
	}
	forget_requests(map);
	return err;
}

/* Iterators that may sleep, and so find memory for any number of adoptions: since 5.18. */
static bool iterators_may_sleep(void)
{
	unsigned int major, minor;
	struct utsname name;

	return !uname(&name) && sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
	       (major > 5 || (major == 5 && minor >= 18));
}

static int tracer_configure(struct tracer *tracer, const struct tracer_config *config)
{
	struct stealscope_bpf *skel = tracer->skel;
	uint32_t slots = config->max_threads + 1;
	uint32_t queue = 2 * TRACER_MAX_REQUESTS;

	slots = (slots + CHUNK_SLOTS - 1) / CHUNK_SLOTS * CHUNK_SLOTS;
	if (slots > MAX_SLOTS)
		slots = MAX_SLOTS;
	tracer->nr_slots = slots;
	tracer->reserve = slots / RESERVE_SHARE;
	while (queue < slots)
		queue *= 2;
	tracer->free_mask = queue - 1;
	for (tracer->nr_cells = 64; tracer->nr_cells < slots / 4;)
		tracer->nr_cells *= 2;
	tracer->nr_cpus = (unsigned int)libbpf_num_possible_cpus();
	if (iterators_may_sleep())
		bpf_program__set_flags(skel->progs.adopt_requested, BPF_F_SLEEPABLE);
	skel->rodata->with_thieves = !config->no_thieves;
	skel->rodata->watch_over_ns = config->watch_over_ns;
	skel->rodata->watch_rate = config->watch_rate;
	skel->rodata->free_mask = tracer->free_mask;
	skel->rodata->skew_mask = tracer->nr_cells - 1;
	if (bpf_map__set_max_entries(skel->maps.slots, slots) ||
	    bpf_map__set_max_entries(skel->maps.free_slots, queue) ||
	    bpf_map__set_max_entries(skel->maps.cpus, tracer->nr_cpus) ||
	    bpf_map__set_max_entries(skel->maps.skew_cells, tracer->nr_cells) ||
	    bpf_map__set_max_entries(skel->maps.wait_details, config->watch_over_ns ? slots : 1) ||
	    bpf_map__set_max_entries(skel->maps.requests, TRACER_MAX_REQUESTS))
		return -EINVAL;
	return 0;
}

static int tracer_map(struct tracer *tracer)
{
	struct stealscope_bpf *skel = tracer->skel;
	uint32_t index;

	tracer->free_queue = map_map(skel->maps.free_slots,
				     (tracer->free_mask + 1) * sizeof(*tracer->free_queue), 0,
				     PROT_READ | PROT_WRITE);
	tracer->cpus =
		map_map(skel->maps.cpus, tracer->nr_cpus * sizeof(struct cpu_runs), 0, PROT_READ);
	tracer->events = map_map(skel->maps.events, NR_EVENTS * sizeof(struct event), 0, PROT_READ);
	tracer->cells = map_map(skel->maps.skew_cells, tracer->nr_cells * sizeof(struct skew_cell),
				0, PROT_READ | PROT_WRITE);
	tracer->spare = malloc(tracer->nr_slots * sizeof(*tracer->spare));
	if (!tracer->free_queue || !tracer->cpus || !tracer->events || !tracer->cells ||
	    !tracer->spare)
		return -ENOMEM;
	for (index = 1; index < tracer->nr_slots; index++)
		spare_push(tracer, index);
	refill(tracer, tracer->reserve);
	return 0;
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
	unsigned int chunk;

	if (!tracer)
		return;
	for (chunk = 0; chunk < MAX_CHUNKS; chunk++)
		if (tracer->chunks[chunk].slots)
			munmap(tracer->chunks[chunk].slots, CHUNK_BYTES);
	if (tracer->free_queue)
		munmap(tracer->free_queue, (tracer->free_mask + 1) * sizeof(*tracer->free_queue));
	if (tracer->cpus)
		munmap(tracer->cpus, tracer->nr_cpus * sizeof(struct cpu_runs));
	if (tracer->events)
		munmap(tracer->events, NR_EVENTS * sizeof(struct event));
	if (tracer->cells)
		munmap(tracer->cells, tracer->nr_cells * sizeof(struct skew_cell));
	stealscope_bpf__destroy(tracer->skel);
	if (tracer->stats_fd >= 0)
		close(tracer->stats_fd);
	free(tracer->spare);
	free(tracer);
}
