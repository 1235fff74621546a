// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trace/collect.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/self.h"
#include "host/cpu.h"
#include "model/departed.h"
#include "model/arith.h"
#include "model/thieves.h"
#include "trace/actors.h"

#define NR_PROGRAMS 16

/* Threads that ended and are kept apart in a run without an interval, whatever the table holds. */
#define DEPARTED_LEAST 8192U

struct collector {
	struct tracer *tracer;
	struct registry *registry;
	struct watched_table *watched;
	struct actors *actors;
	struct departed departed;
	uint64_t clock;		 /* of the snapshot under way, for what is not finished */
	char fallback[32];	 /* the name of a domain that was gone before it was looked at */
	struct arena wait_arena; /* what the last collector_wait() handed out */
};

static const char *domain_name(struct collector *collector, pid_t pid)
{
	const struct domain *domain = registry_find_last(collector->registry, pid);

	if (domain)
		return domain->name;
	snprintf(collector->fallback, sizeof(collector->fallback), "qemu-%d", pid);
	return collector->fallback;
}

static void thread_of_key(void *data, uint64_t key, struct actor_thread *ret_thread)
{
	struct collector *collector = data;
	const struct watched *watched = &collector->watched->at[key_slot(key)];

	ret_thread->domain = domain_name(collector, (pid_t)key_process(key));
	if (watched->key != key)
		return;
	ret_thread->tid = watched->tid;
	ret_thread->role = watched->role;
	ret_thread->index = watched->index;
}

int collector_new(struct tracer *tracer, struct registry *registry, struct watched_table *watched,
		  struct collector **ret_collector)
{
	struct collector *collector = calloc(1, sizeof(*collector));
	int err;

	if (!collector)
		return -ENOMEM;
	collector->tracer = tracer;
	collector->registry = registry;
	collector->watched = watched;
	/* as many more as the table holds, or as take some 10 MiB */
	collector->departed.max = max(tracer_slots(tracer), DEPARTED_LEAST);
	err = actors_new(thread_of_key, collector, &collector->actors);
	if (err) {
		free(collector);
		return err;
	}
	*ret_collector = collector;
	return 0;
}

void collector_free(struct collector *collector)
{
	if (!collector)
		return;
	actors_free(collector->actors);
	departed_free(&collector->departed);
	arena_free(&collector->wait_arena);
	free(collector);
}

static int copy_bins(struct arena *arena, const struct slot_waits *from, struct wait_counts *to)
{
	struct bin bins[NR_BUCKETS], *copy;
	uint32_t bucket, nr = 0;

	if (!from->count)
		return 0;
	to->count = from->count;
	to->sum_ns = from->sum_ns;
	for (bucket = 0; bucket < NR_BUCKETS; bucket++)
		if (from->buckets[bucket])
			bins[nr++] = (struct bin){bucket, from->buckets[bucket]};
	copy = arena_array(arena, nr, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	memcpy(copy, bins, nr * sizeof(*copy));
	to->bins = copy;
	to->nr_bins = nr;
	return 0;
}

static int copy_interval(struct collector *collector, struct arena *arena,
			 const struct slot_interval *ended, struct thread_counts *thread)
{
	struct thief_time *copy;
	unsigned int kind;
	uint32_t i;

	for (kind = 0; kind < NR_WAIT_KINDS; kind++)
		thread->waits[kind].max_ns = ended->max_ns[kind];
	if (!ended->thieves.nr)
		return 0;
	copy = arena_array(arena, ended->thieves.nr, sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	for (i = 0; i < ended->thieves.nr; i++) {
		const struct thief_entry entry = thief_at(&ended->thieves, i);

		if (actors_note(collector->actors, &entry))
			return -ENOMEM;
		copy[i].key = entry.key;
		copy[i].ns = entry.ns;
	}
	thread->nr_thieves = ended->thieves.nr;
	thread->thieves = copy;
	return 0;
}

static void copy_counts(struct collector *collector, const struct slot *slot,
			struct watched *watched, struct thread_counts *thread)
{
	uint64_t under_way = collector->clock > slot->since ? collector->clock - slot->since : 0;

	if (slot->state == SLOT_DEAD)
		watched_leave(collector->watched, watched);
	if (watched->left_ns)
		under_way = 0;
	thread->role = watched->role;
	thread->index = watched->index;
	thread->tid = watched->tid;
	thread->start = watched->start;
	thread->dead = watched->left_ns;
#define COPY(field, ...) thread->field = slot->field;
	SLOT_COUNTERS(COPY)
#undef COPY
	thread->run_delay_ns = slot->cum;
	thread->waiting_ns = slot->state == SLOT_WAITING ? under_way : 0;
	memcpy(thread->cause_ns, slot->cause_ns, sizeof(thread->cause_ns));
	thread->run_ns = slot->run_ns + (slot->state == SLOT_RUNNING ? under_way : 0);
	if (thread->run_ns < watched->run_ns)
		thread->run_ns = watched->run_ns;
	watched->run_ns = thread->run_ns;
	watched->seen = true;
	watched->taken = thread->dead;
}

static int depart(struct collector *collector, const struct watched *watched)
{
	const struct actor_thread thread = {.tid = watched->tid,
					    .role = watched->role,
					    .index = watched->index,
					    .domain = watched->domain_counts->name};

	return actors_depart(collector->actors, watched->key, &thread);
}

static int collect_thread(struct collector *collector, uint32_t index, struct arena *arena,
			  struct arena *thieves)
{
	struct watched *watched = &collector->watched->at[index];
	struct thread_counts *thread = watched->counts;
	struct slot_interval ended;
	struct slot slot;
	unsigned int kind;

	if (tracer_take(collector->tracer, index, &slot, &ended))
		return -ENOMEM;
	copy_counts(collector, &slot, watched, thread);
	if (slot.cell)
		watched->domain_counts->skew_ns = tracer_skew(collector->tracer, slot.cell);
	thread->name = arena_strdup(arena, watched->name);
	if (!thread->name)
		return -ENOMEM;
	for (kind = 0; kind < NR_WAIT_KINDS; kind++)
		if (copy_bins(arena, &slot.waits[kind], &thread->waits[kind]))
			return -ENOMEM;
	if (copy_interval(collector, thieves, &ended, thread))
		return -ENOMEM;
	return watched->taken ? depart(collector, watched) : 0;
}

static int describe(struct collector *collector, pid_t pid, struct arena *arena,
		    struct domain_counts *counts)
{
	const struct domain *domain = registry_find_last(collector->registry, pid);

	counts->pid = pid;
	counts->name = arena_strdup(arena, domain_name(collector, pid));
	counts->manager = arena_strdup(arena, domain ? domain->manager : "qemu");
	counts->accel = arena_strdup(arena, domain ? domain->accel : "kvm");
	counts->uuid = domain ? arena_strdup(arena, domain->uuid) : NULL;
	counts->start = domain ? domain->start : 0;
	counts->uid = domain ? domain->uid : UID_UNKNOWN;
	counts->unwatched = domain && !domain->gone ? domain->unwatched : 0;
	return counts->name && counts->manager && counts->accel ? 0 : -ENOMEM;
}

/* Everyone's place: one domain per stretch of the order with the same process. */
static int place_watched(struct collector *collector, struct snapshot *snap)
{
	struct watched_table *watched = collector->watched;
	const uint32_t *order = watched_order(watched);
	size_t first, next, i;
	int err;

	for (first = 0; first < watched->nr; first = next) {
		pid_t pid = watched->at[order[first]].domain;
		struct domain_counts *domain = &snap->domains[snap->nr_domains];
		size_t nr = 0;

		for (next = first; next < watched->nr; next++) {
			if (watched->at[order[next]].domain != pid)
				break;
			nr += !watched->at[order[next]].taken;
		}
		if (!nr)
			continue;
		snap->nr_domains++;
		err = describe(collector, pid, &snap->arena, domain);
		if (err)
			return err;
		domain->threads = arena_array(&snap->arena, nr, sizeof(*domain->threads));
		if (!domain->threads)
			return -ENOMEM;
		for (i = first; i < next; i++) {
			if (watched->at[order[i]].taken)
				continue;
			watched->at[order[i]].domain_counts = domain;
			watched->at[order[i]].counts = &domain->threads[domain->nr_threads++];
		}
	}
	return 0;
}

static int collect_watched(struct collector *collector, struct snapshot *snap)
{
	struct watched_table *watched = collector->watched;
	int err = place_watched(collector, snap);
	uint32_t slot;

	for (slot = 1; slot <= watched->highest && !err; slot++)
		if (watched->at[slot].key && !watched->at[slot].taken)
			err = collect_thread(collector, slot, &snap->arena, &snap->thieves);
	return err;
}

static int by_pid(const void *a, const void *b)
{
	const struct domain_counts *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Domains none of whose threads is watched (yet) are still domains. */
static int collect_unwatched(struct collector *collector, struct snapshot *snap)
{
	size_t nr, i, watched = snap->nr_domains;
	const struct domain *domains = registry_domains(collector->registry, &nr);
	int err;

	for (i = 0; i < nr; i++) {
		struct domain_counts key = {.pid = domains[i].pid};

		if (domains[i].gone || bsearch(&key, snap->domains, watched, sizeof(key), by_pid))
			continue;
		err = describe(collector, key.pid, &snap->arena,
			       &snap->domains[snap->nr_domains++]);
		if (err)
			return err;
	}
	return 0;
}

static struct departed_domain *departed_domain(struct collector *collector, pid_t pid)
{
	const struct domain *known = registry_find_last(collector->registry, pid);
	struct departed *departed = &collector->departed;
	struct departed_domain *domain = departed_find(departed, pid, known ? known->start : 0);
	struct domain_counts counts = {0};

	if (domain || describe(collector, pid, &departed->arena, &counts))
		return domain;
	domain = departed_new(departed);
	if (domain)
		domain->counts = counts;
	return domain;
}

int collector_depart(struct collector *collector, uint32_t index)
{
	struct watched *watched = &collector->watched->at[index];
	struct departed_domain *domain = departed_domain(collector, watched->domain);
	struct arena *arena = &collector->departed.arena;
	struct thread_counts counts = {0};
	bool seen = watched->seen;
	int err;

	if (!domain)
		return -ENOMEM;
	watched->domain_counts = &domain->counts;
	watched->counts = &counts;
	err = collect_thread(collector, index, arena, arena);
	if (!err)
		err = departed_add(&collector->departed, domain, &counts, seen);
	return err;
}

static void collect_trace(struct tracer *tracer, struct trace_counts *trace)
{
	struct program_cost costs[NR_PROGRAMS];
	struct tracer_counts counts;
	size_t i, nr = tracer_cost(tracer, costs, NR_PROGRAMS);

	tracer_counts(tracer, &counts);
#define COPY(field, ...) trace->field = counts.field;
	CPU_COUNTERS(COPY)
#undef COPY
	trace->missed = tracer_missed(tracer);
	trace->long_waits_lost = counts.long_waits_lost;
	trace->has_bpf_cost = nr > 0;
	trace->self_cpu_ns = self_cpu_ns();
	trace->self_rss_bytes = self_rss_bytes();
	trace->map_bytes = tracer_map_bytes(tracer);
	for (i = 0; i < nr; i++) {
		trace->bpf_ns += costs[i].ns;
		trace->bpf_runs += costs[i].runs;
	}
}

static int collect_host(struct host_times *host)
{
	struct cpu_times times;
	int err = cpu_read_times("/proc", &times);

	if (err)
		return err;
	*host = (struct host_times){
		.cpus = times.cpus,
		.user = times.user,
		.nice = times.nice,
		.system = times.system,
		.idle = times.idle,
		.iowait = times.iowait,
		.irq = times.irq,
		.softirq = times.softirq,
		.steal = times.steal,
		.guest = times.guest,
		.guest_nice = times.guest_nice,
	};
	return 0;
}

int collector_take(struct collector *collector, struct snapshot *ret_snap)
{
	struct snapshot snap = {0};
	size_t nr;
	int err;

	registry_domains(collector->registry, &nr);
	nr += collector->watched->nr + collector->departed.nr_domains;
	snap.domains = arena_array(&snap.arena, nr, sizeof(*snap.domains));
	if (!snap.domains)
		return -ENOMEM;
	snap.time_ns = clock_ns(CLOCK_REALTIME);
	snap.mono_ns = clock_ns(CLOCK_MONOTONIC);
	collector->clock = tracer_clock(collector->tracer);
	err = collect_host(&snap.host);
	if (!err)
		err = collect_watched(collector, &snap);
	tracer_taken(collector->tracer);
	if (!err)
		err = collect_unwatched(collector, &snap);
	if (!err)
		err = departed_move(&collector->departed, &snap);
	if (!err)
		err = actors_end(collector->actors, &snap);
	if (err) {
		snapshot_free(&snap);
		return err;
	}
	collect_trace(collector->tracer, &snap.trace);
	*ret_snap = snap;
	return 0;
}

static int by_ns(const void *a, const void *b)
{
	const struct thief *x = a, *y = b;

	return (x->ns < y->ns) - (x->ns > y->ns);
}

static_assert(LONG_WAIT_THIEVES == NR_THIEVES, "all that the kernel side names have a place");

/* The thief of @wait that @actor is one with, or NULL. */
static struct thief *find_thief(struct long_wait *wait, const struct actor *actor)
{
	for (size_t i = 0; i < wait->nr_thieves; i++)
		if (actor_is_same(wait->thieves[i].actor, actor))
			return &wait->thieves[i];
	return NULL;
}

static void wait_thieves(struct collector *collector, const struct wait_event *event,
			 struct long_wait *wait)
{
	struct arena *arena = &collector->wait_arena;
	unsigned int i;

	for (i = 0; i < event->detail.thieves.nr && i < NR_THIEVES; i++) {
		const struct thief_entry entry = thief_at(&event->detail.thieves, i);
		struct actor *actor = arena_alloc(arena, sizeof(*actor));
		struct thief *thief;

		if (!actor || actors_describe(collector->actors, &entry, arena, actor))
			continue;
		thief = find_thief(wait, actor);
		if (thief) {
			actor_merge(thief->actor, actor);
			thief->ns += entry.ns;
			continue;
		}
		wait->thieves[wait->nr_thieves++] =
			(struct thief){.cause = actor_cause(actor, (pid_t)event->tgid),
				       .actor = actor,
				       .ns = entry.ns};
	}
	qsort(wait->thieves, wait->nr_thieves, sizeof(wait->thieves[0]), by_ns);
}

void collector_wait(struct collector *collector, const struct wait_event *event,
		    struct long_wait *ret_wait)
{
	const struct domain *domain = registry_find_last(collector->registry, (pid_t)event->tgid);
	struct actor_thread thread = {.role = event->vcpu >= 0 ? ROLE_VCPU : ROLE_EMULATOR,
				      .index = event->vcpu};
	const struct watched *watched = &collector->watched->at[event->slot % MAX_SLOTS];
	bool known = watched->key == event->key;

	arena_free(&collector->wait_arena);
	thread_of_key(collector, event->key, &thread);
	if (event->vcpu >= 0 && thread.role != ROLE_VCPU) { /* the announcement is in this batch */
		thread.role = ROLE_VCPU;
		thread.index = event->vcpu;
	}
	*ret_wait = (struct long_wait){
		.time_ns = clock_ns(CLOCK_REALTIME) - (clock_ns(CLOCK_MONOTONIC) - event->time_ns),
		.domain = arena_strdup(&collector->wait_arena, thread.domain),
		.uuid = domain ? domain->uuid : NULL,
		.pid = (pid_t)event->tgid,
		.role = thread.role,
		.index = thread.index,
		.name = known ? watched->name : "",
		.tid = (pid_t)event->tid,
		.cpu = event->cpu,
		.kind = event->kind,
		.wait_ns = event->wait_ns,
	};
	memcpy(ret_wait->cause_ns, event->detail.cause_ns, sizeof(ret_wait->cause_ns));
	wait_thieves(collector, event, ret_wait);
}
