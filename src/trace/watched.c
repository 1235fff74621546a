// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trace/watched.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "host/task.h"
#include "share.h"

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

void watched_leave(struct watched_table *table, struct watched *watched)
{
	if (watched->left_ns)
		return;
	watched->left_ns = mono_ns();
	table->nr_left++;
}

/* False: the kernel side is still filling it in. */
static bool take(struct watched_table *table, const struct slot *slot, uint32_t index)
{
	struct watched *watched = &table->at[index];

	if (__atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) == SLOT_FREE ||
	    __atomic_load_n(&slot->seq, __ATOMIC_ACQUIRE) & 1)
		return false;
	memset(watched, 0, sizeof(*watched));
	watched->key = slot->key;
	watched->tid = (pid_t)slot->tid;
	watched->domain = (pid_t)slot->tgid;
	watched->start = slot->start_boottime / TICK_NS;
	watched->role = slot->vcpu >= 0 ? ROLE_VCPU : ROLE_EMULATOR;
	watched->index = slot->vcpu;
	watched->joined = table->joins + 1; /* its process is looked at first */
	table->order[table->nr++] = index;
	table->unsorted = true;
	watched->taken = is_void(slot);
	if (!watched->taken)
		table->slot_of_tid[slot->tid % NR_TIDS] = index;
	if (slot->state == SLOT_DEAD)
		watched_leave(table, watched);
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

		if (slot && !take(table, slot, table->fresh[i]))
			table->fresh[left++] = table->fresh[i];
	}
	table->nr_fresh = left;
}

static void describe(struct watched_table *table, struct watched *watched,
		     const struct thread *thread, bool gone)
{
	if (!gone)
		watched->joined = table->joins;
	if (watched->role != thread->role || watched->index != thread->index)
		table->unsorted = true;
	watched->role = thread->role;
	watched->index = thread->index;
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

/* Join the two; true: the thread has no slot and may be asked for. */
static bool join(struct watched_table *table, struct domain *domain, struct thread *thread)
{
	uint32_t slot = table->slot_of_tid[(uint32_t)thread->tid % NR_TIDS];
	bool gone = thread->gone || domain->gone;

	thread->watched = false;
	if (is_slot_of(table, slot, thread)) {
		describe(table, &table->at[slot], thread, gone);
		thread->watched = !table->at[slot].left_ns;
	}
	return !gone && !thread->watched;
}

static struct share count_share(const struct domain *domain)
{
	struct share share = {0};

	for (size_t t = 0; t < domain->nr_threads; t++) {
		const struct thread *thread = &domain->threads[t];

		if (thread->watched && thread->role == ROLE_VCPU)
			share.vcpus++;
		else if (thread->watched)
			share.others++;
	}
	return share;
}

struct requests {
	struct tracer_request *all;
	size_t nr;
	uint32_t slots, free;
};

static void refuse(struct watched_table *table, struct domain *domain, struct thread *thread)
{
	table->refused += !thread->refused;
	thread->refused = true;
	table->unwatched++;
	domain->unwatched++;
}

/* Ask for those threads of @domain that have no slot and may have one: its vCPUs, or the others. */
static void ask(struct watched_table *table, struct registry *registry, struct domain *domain,
		bool vcpus, struct requests *requests)
{
	struct share share = count_share(domain);

	for (size_t t = 0; t < domain->nr_threads; t++) {
		struct thread *thread = &domain->threads[t];
		struct tracer_request *request = &requests->all[requests->nr];

		/* a number without a start time may be another's by now */
		if ((thread->role == ROLE_VCPU) != vcpus || !thread->wanted ||
		    !registry_thread_start(registry, domain, thread))
			continue;
		if (!share_allows(&share, vcpus, requests->slots, requests->free)) {
			refuse(table, domain, thread);
			continue;
		}
		*(vcpus ? &share.vcpus : &share.others) += 1;
		requests->free--;
		requests->nr++;
		request->tid = thread->tid;
		request->what.start = thread->start;
		request->what.domain = (uint32_t)domain->pid;
		request->what.vcpu = vcpus ? thread->index : -1;
		request->what.is_vcpu = vcpus;
	}
}

ssize_t watched_join(struct watched_table *table, const struct tracer *tracer,
		     struct registry *registry, struct tracer_request **ret_requests)
{
	size_t nr_domains, d, t, room = 0;
	struct domain *domains = registry_domains(registry, &nr_domains);
	struct requests requests = {.slots = (uint32_t)tracer_slots(tracer),
				    .free = (uint32_t)tracer_free_slots(tracer)};

	table->joins++;
	table->unwatched = 0;
	for (d = 0; d < nr_domains; d++) {
		domains[d].unwatched = 0;
		for (t = 0; t < domains[d].nr_threads; t++) {
			struct thread *thread = &domains[d].threads[t];

			thread->wanted = join(table, &domains[d], thread);
			room += thread->wanted;
		}
	}
	requests.all = calloc(room + 1, sizeof(*requests.all));
	if (!requests.all)
		return -ENOMEM;
	for (d = 0; d < nr_domains; d++)
		ask(table, registry, &domains[d], true, &requests);
	for (d = 0; d < nr_domains; d++)
		ask(table, registry, &domains[d], false, &requests);
	*ret_requests = requests.all;
	return (ssize_t)requests.nr;
}

void watched_looking(const struct watched_table *table, struct tracer *tracer, pid_t domain)
{
	for (size_t i = 0; i < table->nr; i++) {
		uint32_t index = table->order[i];

		if (!domain || table->at[index].domain == domain)
			tracer_looking(tracer, index);
	}
}

/* The hooks that found a slot before its thread left, or its last switch, are done with it. */
#define RIPE_NS 10000000ULL

/* A thread leaves /proc before its last switch; when that was hidden from tracing, it is not known
 * to be dead. */
#define MISSED_NS 2000000000ULL

static bool is_in_proc(const struct watched *watched)
{
	struct task_stat stat;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/stat", watched->tid);
	return !task_read_stat(AT_FDCWD, path, &stat) && stat.start == watched->start;
}

static void review(struct watched_table *table, struct tracer *tracer, struct registry *registry,
		   uint32_t index)
{
	struct watched *watched = &table->at[index];
	const struct slot *slot = tracer_slot(tracer, index);
	uint64_t now = mono_ns();
	bool there;

	if (!slot)
		return;
	if (__atomic_load_n(&slot->state, __ATOMIC_ACQUIRE) == SLOT_DEAD) {
		watched_leave(table, watched);
		return;
	}
	there = is_in_proc(watched);
	if (there && registry_find(registry, watched->domain))
		return;
	if (!there && !watched->missed_ns)
		watched->missed_ns = now;
	if (there || now - watched->missed_ns >= MISSED_NS) {
		tracer_retire(tracer, index);
		watched_leave(table, watched);
		return;
	}
	table->nr_missed++;
}

void watched_review(struct watched_table *table, struct tracer *tracer, struct registry *registry)
{
	table->nr_missed = 0;
	for (uint32_t index = 1; index <= table->highest; index++) {
		const struct watched *watched = &table->at[index];

		if (watched->key && !watched->left_ns && watched->joined != table->joins)
			review(table, tracer, registry, index);
	}
}

static bool is_ripe(const struct watched *watched, uint64_t now)
{
	return watched->key && watched->left_ns && now - watched->left_ns >= RIPE_NS;
}

uint32_t watched_ripe(const struct watched_table *table, uint32_t from)
{
	uint64_t now = table->nr_left ? mono_ns() : 0;

	for (uint32_t index = from; now && index <= table->highest; index++)
		if (is_ripe(&table->at[index], now) && !table->at[index].taken)
			return index;
	return 0;
}

void watched_drop(struct watched_table *table, struct tracer *tracer)
{
	uint64_t now = mono_ns();
	size_t i, left = 0;

	if (!table->nr_left)
		return;
	for (uint32_t slot = 1; slot <= table->highest; slot++) {
		struct watched *watched = &table->at[slot];
		uint32_t *by_tid = &table->slot_of_tid[(uint32_t)watched->tid % NR_TIDS];

		if (!is_ripe(watched, now) || !watched->taken)
			continue;
		if (*by_tid == slot)
			*by_tid = 0;
		watched->key = 0;
		table->nr_left--;
		tracer_release(tracer, slot);
	}
	for (i = 0; i < table->nr; i++)
		if (table->at[table->order[i]].key)
			table->order[left++] = table->order[i];
	table->nr = left;
}

void watched_hold(const struct watched_table *table, struct registry *registry)
{
	size_t nr, i;
	struct domain *domains = registry_domains(registry, &nr);

	for (i = 0; i < nr; i++)
		domains[i].held = false;
	for (i = 0; i < table->nr; i++) {
		const struct watched *watched = &table->at[table->order[i]];
		struct domain *domain = registry_find_last(registry, watched->domain);

		if (domain && !watched->taken)
			domain->held = true;
	}
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
