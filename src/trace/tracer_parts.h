/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The inside of struct tracer, for its parts alone: tracer.c loads and attaches, tracer_slots.c
 * keeps the books of the slots, tracer_feed.c reads what the kernel side publishes.
 */
#ifndef STEALSCOPE_TRACER_PARTS_H
#define STEALSCOPE_TRACER_PARTS_H

#include <assert.h>

#include "trace/tracer.h"

/*
 * Slots are mapped in chunks, a multiple of any page size: a few at a time, since what is mapped
 * counts as our resident set, too.
 */
#define CHUNK_SLOTS 256U
#define MAX_CHUNKS 2U
#define CHUNK_BYTES (CHUNK_SLOTS * sizeof(struct slot))
static_assert(CHUNK_BYTES % (64 << 10) == 0, "arm64's pages have up to 64 KiB");

/*
 * Half of all slots are at hand for the kernel side, if they are free; topped up at every
 * tracer_adopted(). So many threads may start while we are busy, with a big report say, and not be
 * missed.
 */
#define RESERVE_SHARE 2U

struct chunk {
	struct slot *slots; /* NULL: none is mapped here */
	uint32_t number;
	uint64_t used;
};

struct tracer {
	struct stealscope_bpf *skel; /* tracer.c alone knows what it is */
	struct control *control;
	int slots_fd;
	struct chunk chunks[MAX_CHUNKS];
	uint64_t looks;	      /* at slots, to know which chunk was not needed for longest */
	uint64_t *free_queue; /* mmapped, free_mask + 1 entries */
	struct cpu_counts *counts;
	struct wait_event *events;
	uint64_t *marks;   /* mmapped, a bit for each slot */
	uint64_t *callers; /* mmapped, NR_CALLERS */
	struct skew_cell *cells;
	unsigned int nr_cpus;
	uint32_t nr_slots; /* slot 0 included */
	uint32_t free_mask;
	uint32_t nr_cells;
	uint32_t reserve;
	uint32_t *spare; /* heap of free slots that are not queued, smallest on top */
	size_t nr_spare;
	uint64_t adopted;    /* position in the free queue up to which adoptions were reported */
	uint32_t event_mask; /* wait events in the ring - 1 */
	uint64_t event_tail;
	uint64_t marked; /* of the marks' word before @next_mark, taken and not handed out yet */
	uint32_t next_mark;
	uint32_t next_caller;
	uint64_t callers_lost; /* as of the last tracer_notices_lost() */
	size_t map_bytes;
	int stats_fd;
	bool knows_kvm;
	bool sealed;
};

/* A slot in the shared map, as tracer_slot(). */
struct slot *slots_at(struct tracer *tracer, uint32_t index);

/*
 * Whether to read once more what a hook was just writing. It takes a microsecond, or as long as a
 * hypervisor below has stopped the hook's CPU, hence the pauses; after some seconds, no more.
 */
bool slots_retry(unsigned int *tries);

/* All slots but 0 are free. -ENOMEM. */
int slots_init(struct tracer *tracer);
void slots_free(struct tracer *tracer);

/* Put free slots at hand for the kernel side, up to @reserve. */
void slots_refill(struct tracer *tracer, size_t reserve);

#endif
