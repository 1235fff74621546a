// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trace/watched.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* include/linux/threads.h, PID_MAX_LIMIT on 64 bit: 4 * 1024 * 1024 */
#define NR_TIDS (1U << 22)

static void *reserve(size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

int watched_init(struct watched_table *table)
{
	memset(table, 0, sizeof(*table));
	table->at = reserve(MAX_SLOTS * sizeof(*table->at));
	table->order = reserve(MAX_SLOTS * sizeof(*table->order));
	table->fresh = reserve(MAX_SLOTS * sizeof(*table->fresh));
	table->slot_of_tid = reserve(NR_TIDS * sizeof(*table->slot_of_tid));
	if (table->at && table->order && table->fresh && table->slot_of_tid)
		return 0;
	watched_free(table);
	return -ENOMEM;
}

static void release(void *at, size_t size)
{
	if (at)
		munmap(at, size);
}

void watched_free(struct watched_table *table)
{
	release(table->at, MAX_SLOTS * sizeof(*table->at));
	release(table->order, MAX_SLOTS * sizeof(*table->order));
	release(table->fresh, MAX_SLOTS * sizeof(*table->fresh));
	release(table->slot_of_tid, NR_TIDS * sizeof(*table->slot_of_tid));
	memset(table, 0, sizeof(*table));
}

/* Dead without ever having run: the thread could not be adopted, or was by another slot. */
static bool is_void(const struct slot *slot)
{
	return slot->state == SLOT_DEAD && !slot->run_ns;
}

/* False: the kernel side is still filling it in. */
static bool take(struct watched_table *table, struct tracer *tracer, const struct slot *slot,
		 uint32_t index)
{
	struct watched *watched = &table->at[index];

	if (__atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) == SLOT_FREE ||
	    __atomic_load_n(&slot->seq, __ATOMIC_ACQUIRE) & 1)
		return false;
	if (is_void(slot)) {
		tracer_release(tracer, index);
		return true;
	}
	memset(watched, 0, sizeof(*watched));
	watched->key = slot->key;
	watched->tid = (pid_t)slot->tid;
	watched->domain = (pid_t)slot->tgid;
	watched->start = slot->start_boottime / TICK_NS;
	watched->role = slot->vcpu >= 0 ? ROLE_VCPU : ROLE_EMULATOR;
	watched->index = slot->vcpu;
	table->slot_of_tid[slot->tid % NR_TIDS] = index;
	table->order[table->nr++] = index;
	table->unsorted = true;
	if (index > table->highest)
		table->highest = index;
	return true;
}

void watched_take_adopted(struct watched_table *table, struct tracer *tracer)
{
	size_t i, left = 0;
	uint32_t index;

	while ((index = tracer_adopted(tracer)))
		table->fresh[table->nr_fresh++] = index;
	for (i = 0; i < table->nr_fresh; i++) {
		const struct slot *slot = tracer_slot(tracer, table->fresh[i]);

		if (slot && !take(table, tracer, slot, table->fresh[i]))
			table->fresh[left++] = table->fresh[i];
	}
	table->nr_fresh = left;
}

static void describe(struct watched_table *table, struct watched *watched,
		     const struct thread *thread)
{
	if (watched->role != thread->role || watched->index != thread->index)
		table->unsorted = true;
	watched->role = thread->role;
	watched->index = thread->index;
	watched->missing = 0;
	snprintf(watched->name, sizeof(watched->name), "%s",
		 thread->name ? thread->name : thread->comm);
}

static bool is_slot_of(const struct watched_table *table, uint32_t slot,
		       const struct thread *thread)
{
	const struct watched *watched = &table->at[slot];

	return slot && watched->key && watched->tid == thread->tid &&
	       (!thread->start || watched->start == thread->start);
}

ssize_t watched_join(struct watched_table *table, struct registry *registry,
		     struct tracer_request **ret_requests)
{
	size_t nr_domains, d, t, nr = 0, room = 0;
	struct domain *domains = registry_domains(registry, &nr_domains);
	struct tracer_request *requests;

	for (d = 0; d < nr_domains; d++)
		room += domains[d].nr_threads;
	requests = calloc(room + 1, sizeof(*requests));
	if (!requests)
		return -ENOMEM;
	for (d = 0; d < nr_domains; d++) {
		for (t = 0; t < domains[d].nr_threads; t++) {
			struct thread *thread = &domains[d].threads[t];
			uint32_t slot = table->slot_of_tid[(uint32_t)thread->tid % NR_TIDS];

			if (is_slot_of(table, slot, thread)) {
				thread->slot = (int)slot;
				describe(table, &table->at[slot], thread);
				continue;
			}
			thread->slot = -1;
			if (thread->gone || domains[d].gone)
				continue;
			requests[nr].tid = thread->tid;
			requests[nr].what.start = thread->start;
			requests[nr].what.domain = (uint32_t)domains[d].pid;
			requests[nr++].what.vcpu = thread->role == ROLE_VCPU ? thread->index : -1;
		}
	}
	*ret_requests = requests;
	return (ssize_t)nr;
}

/* Full scans that must miss a thread whose last switch was hidden from tracing. */
#define MISSING_SCANS 2

void watched_drop_dead(struct watched_table *table, struct tracer *tracer)
{
	size_t i, left = 0;
	uint32_t slot;

	for (slot = 1; slot <= table->highest; slot++) {
		struct watched *watched = &table->at[slot];
		uint32_t *by_tid = &table->slot_of_tid[(uint32_t)watched->tid % NR_TIDS];

		if (!watched->key || (!watched->last_taken && watched->missing <= MISSING_SCANS))
			continue;
		if (*by_tid == slot)
			*by_tid = 0;
		watched->key = 0;
		tracer_release(tracer, slot);
	}
	for (i = 0; i < table->nr; i++)
		if (table->at[table->order[i]].key)
			table->order[left++] = table->order[i];
	table->nr = left;
}

static int by_place(const void *a, const void *b, void *data)
{
	const struct watched *at = data;
	const struct watched *x = &at[*(const uint32_t *)a], *y = &at[*(const uint32_t *)b];

	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	if (x->role != y->role)
		return x->role < y->role ? -1 : 1;
	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return (x->tid > y->tid) - (x->tid < y->tid);
}

const uint32_t *watched_order(struct watched_table *table)
{
	if (table->unsorted)
		qsort_r(table->order, table->nr, sizeof(*table->order), by_place, table->at);
	table->unsorted = false;
	return table->order;
}
