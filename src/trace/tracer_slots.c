// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/clock.h"
#include "trace/tracer_parts.h"

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

void slots_refill(struct tracer *tracer, size_t reserve)
{
	struct control *control = tracer->control;
	uint64_t head = __atomic_load_n(&control->free_head, __ATOMIC_ACQUIRE);
	uint64_t tail = control->free_tail;

	while (tail - head < reserve && tail - tracer->adopted <= tracer->free_mask &&
	       tracer->nr_spare) {
		tracer->free_queue[tail & tracer->free_mask] = spare_pop(tracer);
		__atomic_store_n(&control->free_tail, ++tail, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&control->spare, (uint32_t)tracer->nr_spare, __ATOMIC_RELAXED);
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
	oldest->slots = mmap(NULL, CHUNK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
			     tracer->slots_fd, (off_t)(number * CHUNK_BYTES));
	if (oldest->slots == MAP_FAILED)
		oldest->slots = NULL;
	return oldest;
}

struct slot *slots_at(struct tracer *tracer, uint32_t index)
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
	return slots_at(tracer, index);
}

static void interval_copy(struct slot_interval *to, const struct slot_interval *from)
{
	uint32_t nr = from->thieves.nr < NR_THIEVES ? from->thieves.nr : NR_THIEVES;

	memcpy(to, from, offsetof(struct slot_interval, thieves.name));
	memcpy(to->thieves.name, from->thieves.name, nr * sizeof(*to->thieves.name));
	to->thieves.nr = nr;
}

/* All that says something: the buckets only of kinds that were counted. */
static void slot_copy(struct slot *to, const struct slot *from)
{
	unsigned int kind;

	memcpy(to, from, offsetof(struct slot, waits));
	interval_copy(&to->interval[0], &from->interval[0]);
	interval_copy(&to->interval[1], &from->interval[1]);
	for (kind = 0; kind < NR_WAIT_KINDS; kind++) {
		if (from->waits[kind].count)
			to->waits[kind] = from->waits[kind];
		else
			to->waits[kind].count = 0;
	}
}

bool slots_retry(unsigned int *tries)
{
	const struct timespec pause = {.tv_nsec = MILLISECOND};

	if (++*tries > 1000)
		nanosleep(&pause, NULL);
	return *tries < 4000;
}

static void slot_read(const struct slot *slot, struct slot *ret_slot)
{
	unsigned int tries = 0;
	uint32_t before, after;

	do {
		before = __atomic_load_n(&slot->seq, __ATOMIC_ACQUIRE);
		slot_copy(ret_slot, slot);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = __atomic_load_n(&slot->seq, __ATOMIC_RELAXED);
	} while ((before != after || before & 1) && slots_retry(&tries));
}

/* Of more thieves than there is room for the smallest lose their names. */
static void thieves_merge(struct thief_table *to, const struct thief_table *from)
{
	uint32_t i, k, least;

	for (i = 0; i < from->nr; i++) {
		for (k = 0; k < to->nr && to->key[k] != from->key[i]; k++)
			;
		if (k < to->nr) {
			to->ns[k] += from->ns[i];
			continue;
		}
		if (to->nr < NR_THIEVES) {
			thief_copy(to, to->nr++, from, i);
			continue;
		}
		for (k = 1, least = 0; k < NR_THIEVES; k++)
			if (to->ns[k] < to->ns[least])
				least = k;
		if (to->ns[least] < from->ns[i])
			thief_copy(to, least, from, i);
	}
}

static void interval_merge(struct slot_interval *to, const struct slot_interval *from)
{
	unsigned int kind;

	for (kind = 0; kind < NR_WAIT_KINDS; kind++)
		if (from->max_ns[kind] > to->max_ns[kind])
			to->max_ns[kind] = from->max_ns[kind];
	thieves_merge(&to->thieves, &from->thieves);
}

int tracer_take(struct tracer *tracer, uint32_t index, struct slot *ret_slot,
		struct slot_interval *ret_ended)
{
	struct slot *slot = slots_at(tracer, index);
	const struct slot_interval *ended, *begun;
	unsigned int tries = 0;
	uint64_t epoch;

	if (!slot)
		return -ENOMEM;
	memset(ret_ended, 0, offsetof(struct slot_interval, thieves.place));
	do {
		epoch = slot->epoch;
		__atomic_store_n(&slot->epoch, epoch + 1, __ATOMIC_SEQ_CST);
		slot_read(slot, ret_slot);
		ended = &ret_slot->interval[epoch & 1];
		begun = &ret_slot->interval[(epoch + 1) & 1];
		if (ended->epoch == epoch)
			interval_merge(ret_ended, ended);
		/* A wait that ended between the two is in the counts: its epoch ends as well. */
	} while (begun->epoch == epoch + 1 && ++tries < 16);
	return 0;
}

uint32_t tracer_adopted(struct tracer *tracer)
{
	struct control *control = tracer->control;
	uint32_t index = 0;

	if (tracer->adopted < __atomic_load_n(&control->free_head, __ATOMIC_ACQUIRE))
		index = (uint32_t)tracer->free_queue[tracer->adopted++ & tracer->free_mask];
	slots_refill(tracer, tracer->reserve);
	return index;
}

size_t tracer_slots(const struct tracer *tracer)
{
	return tracer->nr_slots - 1;
}

size_t tracer_free_slots(const struct tracer *tracer)
{
	const struct control *control = tracer->control;

	return tracer->nr_spare + (size_t)(control->free_tail - control->free_head);
}

static uint64_t cell_weight(uint32_t state)
{
	return state == SLOT_WAITING ? 1ULL << 32 : state == SLOT_RUNNING;
}

/* As bpf/skew.h's skew_apply(): @slot's thread, as which it was counted, waits and runs no more. */
static void cell_uncount(struct skew_cell *cell, const struct slot *slot)
{
	uint64_t weight = cell_weight(slot->counted), states;

	__atomic_sub_fetch(&cell->vcpus, 1, __ATOMIC_SEQ_CST);
	if (!weight)
		return;
	states = __atomic_sub_fetch(&cell->states, weight, __ATOMIC_SEQ_CST);
	if ((states >> 32 && (uint32_t)states) ||
	    !((states + weight) >> 32 && (uint32_t)(states + weight)))
		return;
	__atomic_add_fetch(&cell->skew_ns, mono_ns(), __ATOMIC_SEQ_CST);
}

/* The cell is free again when the last thread has left it; whoever joins it meanwhile keeps it. */
static void cell_leave(struct tracer *tracer, const struct slot *slot)
{
	struct skew_cell *cell = &tracer->cells[slot->cell % tracer->nr_cells];
	uint64_t owner, left;

	if (!slot->cell)
		return;
	if (slot->vcpu >= 0)
		cell_uncount(cell, slot);
	owner = __atomic_load_n(&cell->owner, __ATOMIC_ACQUIRE);
	do
		left = owner >> 32 == 1 ? CELL_CLOSING : owner - CELL_MEMBER;
	while (!__atomic_compare_exchange_n(&cell->owner, &owner, left, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_ACQUIRE));
	if (left != CELL_CLOSING)
		return;
	cell->vcpus = 0;
	cell->states = 0;
	cell->skew_ns = 0;
	__atomic_store_n(&cell->owner, 0, __ATOMIC_RELEASE);
}

/* @key with the next generation in it. */
static uint64_t key_next(uint64_t key)
{
	return (key & ~(uint64_t)UINT32_MAX) | (uint32_t)(key + MAX_SLOTS);
}

void tracer_retire(struct tracer *tracer, uint32_t index)
{
	struct slot *slot = slots_at(tracer, index);

	if (slot)
		__atomic_store_n(&slot->key, key_next(slot->key), __ATOMIC_SEQ_CST);
}

void tracer_release(struct tracer *tracer, uint32_t index)
{
	struct slot *slot = slots_at(tracer, index);
	uint32_t next;

	if (!slot)
		return;
	cell_leave(tracer, slot);
	next = (uint32_t)key_next(slot->key) & ~(MAX_SLOTS - 1);
	memset(slot, 0, sizeof(*slot));
	slot->key = next;
	spare_push(tracer, index);
	slots_refill(tracer, tracer->reserve);
}

int slots_init(struct tracer *tracer)
{
	uint32_t index;

	tracer->spare = calloc(tracer->nr_slots, sizeof(*tracer->spare));
	if (!tracer->spare)
		return -ENOMEM;
	tracer->control->slots = tracer->nr_slots - 1;
	for (index = 1; index < tracer->nr_slots; index++)
		spare_push(tracer, index);
	slots_refill(tracer, tracer->reserve);
	return 0;
}

void tracer_taken(struct tracer *tracer)
{
	unsigned int chunk;

	for (chunk = 0; chunk < MAX_CHUNKS; chunk++) {
		if (tracer->chunks[chunk].slots)
			munmap(tracer->chunks[chunk].slots, CHUNK_BYTES);
		tracer->chunks[chunk].slots = NULL;
	}
}

void slots_free(struct tracer *tracer)
{
	tracer_taken(tracer);
	free(tracer->spare);
}
