// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trace/sample.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "host/cpu.h"
#include "model/departed.h"
#include "model/arith.h"
#include "model/thieves.h"
#include "trace/actors.h"

#define NR_PROGRAMS 16

/* Threads that ended and are kept apart in a run without an interval, whatever the table holds. */
#define DEPARTED_LEAST 8192U

struct sampler {
	struct tracer *tracer;
	struct registry *registry;
	struct watched_table *watched;
	struct actors *actors;
	struct departed departed;
	uint64_t clock;		 /* of the snapshot under way, for what is not finished */
	char fallback[32];	 /* the name of a domain that was gone before it was looked at */
	struct arena wait_arena; /* what the last sampler_wait() handed out */
};

static const char *domain_name(struct sampler *sampler, pid_t pid)
{
	const struct domain *domain = registry_find_last(sampler->registry, pid);

	if (domain)
		return domain->name;
	snprintf(sampler->fallback, sizeof(sampler->fallback), "qemu-%d", pid);
	return sampler->fallback;
}

static void thread_of_key(void *data, uint64_t key, struct actor_thread *ret_thread)
{
	struct sampler *sampler = data;
	const struct watched *watched = &sampler->watched->at[key_slot(key)];

	ret_thread->domain = domain_name(sampler, (pid_t)key_process(key));
	if (watched->key != key)
		return;
	ret_thread->tid = watched->tid;
	ret_thread->role = watched->role;
	ret_thread->index = watched->index;
}

int sampler_new(struct tracer *tracer, struct registry *registry, struct watched_table *watched,
		struct sampler **ret_sampler)
{
	struct sampler *sampler = calloc(1, sizeof(*sampler));
	int err;

	if (!sampler)
		return -ENOMEM;
	sampler->tracer = tracer;
	sampler->registry = registry;
	sampler->watched = watched;
	/* as many more as the table holds, or as take some 10 MiB */
	sampler->departed.max = max(tracer_slots(tracer), DEPARTED_LEAST);
	err = actors_new(thread_of_key, sampler, &sampler->actors);
	if (err) {
		free(sampler);
		return err;
	}
	*ret_sampler = sampler;
	return 0;
}

void sampler_free(struct sampler *sampler)
{
	if (!sampler)
		return;
	actors_free(sampler->actors);
	departed_free(&sampler->departed);
	arena_free(&sampler->wait_arena);
	free(sampler);
}

static int copy_bins(struct arena *arena, const struct slot_waits *from, struct wait_sample *to)
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

static int copy_interval(struct sampler *sampler, struct arena *arena,
			 const struct slot_interval *ended, struct thread_sample *thread)
{
	struct thief_sample *copy;
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

		if (actors_note(sampler->actors, &entry))
			return -ENOMEM;
		copy[i].key = entry.key;
		copy[i].ns = entry.ns;
	}
	thread->nr_thieves = ended->thieves.nr;
	thread->thieves = copy;
	return 0;
}

static void copy_counts(struct sampler *sampler, const struct slot *slot, struct watched *watched,
			struct thread_sample *thread)
{
	uint64_t under_way = sampler->clock > slot->since ? sampler->clock - slot->since : 0;

	if (slot->state == SLOT_DEAD)
		watched_leave(sampler->watched, watched);
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

static int depart(struct sampler *sampler, const struct watched *watched)
{
	const struct actor_thread thread = {.tid = watched->tid,
					    .role = watched->role,
					    .index = watched->index,
					    .domain = watched->domain_sample->name};

	return actors_depart(sampler->actors, watched->key, &thread);
}

static int sample_thread(struct sampler *sampler, uint32_t index, struct arena *arena,
			 struct arena *thieves)
{
	struct watched *watched = &sampler->watched->at[index];
	struct thread_sample *thread = watched->sample;
	struct slot_interval ended;
	struct slot slot;
	unsigned int kind;

	if (tracer_take(sampler->tracer, index, &slot, &ended))
		return -ENOMEM;
	copy_counts(sampler, &slot, watched, thread);
	if (slot.cell)
		watched->domain_sample->skew_ns = tracer_skew(sampler->tracer, slot.cell);
	thread->name = arena_strdup(arena, watched->name);
	if (!thread->name)
		return -ENOMEM;
	for (kind = 0; kind < NR_WAIT_KINDS; kind++)
		if (copy_bins(arena, &slot.waits[kind], &thread->waits[kind]))
			return -ENOMEM;
	if (copy_interval(sampler, thieves, &ended, thread))
		return -ENOMEM;
	return watched->taken ? depart(sampler, watched) : 0;
}

static int describe(struct sampler *sampler, pid_t pid, struct arena *arena,
		    struct domain_sample *sample)
{
	const struct domain *domain = registry_find_last(sampler->registry, pid);

	sample->pid = pid;
	sample->name = arena_strdup(arena, domain_name(sampler, pid));
	sample->manager = arena_strdup(arena, domain ? domain->manager : "qemu");
	sample->accel = arena_strdup(arena, domain ? domain->accel : "kvm");
	sample->uuid = domain ? arena_strdup(arena, domain->uuid) : NULL;
	sample->start = domain ? domain->start : 0;
	sample->uid = domain ? domain->uid : UID_UNKNOWN;
	sample->unwatched = domain && !domain->gone ? domain->unwatched : 0;
	return sample->name && sample->manager && sample->accel ? 0 : -ENOMEM;
}

/* Everyone's place: one domain per stretch of the order with the same process. */
static int place_watched(struct sampler *sampler, struct snapshot *snap)
{
	struct watched_table *watched = sampler->watched;
	const uint32_t *order = watched_order(watched);
	size_t first, next, i;
	int err;

	for (first = 0; first < watched->nr; first = next) {
		pid_t pid = watched->at[order[first]].domain;
		struct domain_sample *domain = &snap->domains[snap->nr_domains];
		size_t nr = 0;

		for (next = first; next < watched->nr; next++) {
			if (watched->at[order[next]].domain != pid)
				break;
			nr += !watched->at[order[next]].taken;
		}
		if (!nr)
			continue;
		snap->nr_domains++;
		err = describe(sampler, pid, &snap->arena, domain);
		if (err)
			return err;
		domain->threads = arena_array(&snap->arena, nr, sizeof(*domain->threads));
		if (!domain->threads)
			return -ENOMEM;
		for (i = first; i < next; i++) {
			if (watched->at[order[i]].taken)
				continue;
			watched->at[order[i]].domain_sample = domain;
			watched->at[order[i]].sample = &domain->threads[domain->nr_threads++];
		}
	}
	return 0;
}

static int sample_watched(struct sampler *sampler, struct snapshot *snap)
{
	struct watched_table *watched = sampler->watched;
	int err = place_watched(sampler, snap);
	uint32_t slot;

	for (slot = 1; slot <= watched->highest && !err; slot++)
		if (watched->at[slot].key && !watched->at[slot].taken)
			err = sample_thread(sampler, slot, &snap->arena, &snap->thieves);
	return err;
}

static int by_pid(const void *a, const void *b)
{
	const struct domain_sample *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Domains none of whose threads is watched (yet) are still domains. */
static int sample_unwatched(struct sampler *sampler, struct snapshot *snap)
{
	size_t nr, i, watched = snap->nr_domains;
	const struct domain *domains = registry_domains(sampler->registry, &nr);
	int err;

	for (i = 0; i < nr; i++) {
		struct domain_sample key = {.pid = domains[i].pid};

		if (domains[i].gone || bsearch(&key, snap->domains, watched, sizeof(key), by_pid))
			continue;
		err = describe(sampler, key.pid, &snap->arena, &snap->domains[snap->nr_domains++]);
		if (err)
			return err;
	}
	return 0;
}

static struct departed_domain *departed_domain(struct sampler *sampler, pid_t pid)
{
	const struct domain *known = registry_find_last(sampler->registry, pid);
	struct departed *departed = &sampler->departed;
	struct departed_domain *domain = departed_find(departed, pid, known ? known->start : 0);
	struct domain_sample sample = {0};

	if (domain || describe(sampler, pid, &departed->arena, &sample))
		return domain;
	domain = departed_new(departed);
	if (domain)
		domain->sample = sample;
	return domain;
}

int sampler_collect(struct sampler *sampler, uint32_t index)
{
	struct watched *watched = &sampler->watched->at[index];
	struct departed_domain *domain = departed_domain(sampler, watched->domain);
	struct arena *arena = &sampler->departed.arena;
	struct thread_sample sample = {0};
	bool seen = watched->seen;
	int err;

	if (!domain)
		return -ENOMEM;
	watched->domain_sample = &domain->sample;
	watched->sample = &sample;
	err = sample_thread(sampler, index, arena, arena);
	if (!err)
		err = departed_add(&sampler->departed, domain, &sample, seen);
	return err;
}

/* Second field of /proc/self/statm, in pages (fs/proc/array.c). */
static uint64_t resident_bytes(void)
{
	autofclose FILE *file = fopen("/proc/self/statm", "re");
	unsigned long size, resident;

	if (!file || fscanf(file, "%lu %lu", &size, &resident) != 2)
		return 0;
	return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void sample_trace(struct tracer *tracer, struct trace_sample *trace)
{
	struct program_cost costs[NR_PROGRAMS];
	struct tracer_counts counts;
	size_t i, nr = tracer_cost(tracer, costs, NR_PROGRAMS);

	tracer_counts(tracer, &counts);
#define COPY(field, ...) trace->field = counts.field;
	CPU_COUNTERS(COPY)
#undef COPY
	trace->missed = tracer_missed(tracer);
	trace->watch_lost = counts.watch_lost;
	trace->has_bpf_cost = nr > 0;
	trace->self_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
	trace->self_rss_bytes = resident_bytes();
	trace->map_bytes = tracer_map_bytes(tracer);
	for (i = 0; i < nr; i++) {
		trace->bpf_ns += costs[i].ns;
		trace->bpf_runs += costs[i].runs;
	}
}

static int sample_host(struct host_sample *host)
{
	struct cpu_times times;
	int err = cpu_read_times("/proc", &times);

	if (err)
		return err;
	*host = (struct host_sample){
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

int sampler_take(struct sampler *sampler, struct snapshot *ret_snap)
{
	struct snapshot snap = {0};
	size_t nr;
	int err;

	registry_domains(sampler->registry, &nr);
	nr += sampler->watched->nr + sampler->departed.nr_domains;
	snap.domains = arena_array(&snap.arena, nr, sizeof(*snap.domains));
	if (!snap.domains)
		return -ENOMEM;
	snap.time_ns = clock_ns(CLOCK_REALTIME);
	snap.mono_ns = clock_ns(CLOCK_MONOTONIC);
	sampler->clock = tracer_clock(sampler->tracer);
	err = sample_host(&snap.host);
	if (!err)
		err = sample_watched(sampler, &snap);
	tracer_taken(sampler->tracer);
	if (!err)
		err = sample_unwatched(sampler, &snap);
	if (!err)
		err = departed_move(&sampler->departed, &snap);
	if (!err)
		err = actors_end(sampler->actors, &snap);
	if (err) {
		snapshot_free(&snap);
		return err;
	}
	sample_trace(sampler->tracer, &snap.trace);
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

static void wait_thieves(struct sampler *sampler, const struct wait_event *event,
			 struct long_wait *wait)
{
	struct arena *arena = &sampler->wait_arena;
	unsigned int i;

	for (i = 0; i < event->detail.thieves.nr && i < NR_THIEVES; i++) {
		const struct thief_entry entry = thief_at(&event->detail.thieves, i);
		struct actor *actor = arena_alloc(arena, sizeof(*actor));
		struct thief *thief;

		if (!actor || actors_describe(sampler->actors, &entry, arena, actor))
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

void sampler_wait(struct sampler *sampler, const struct wait_event *event,
		  struct long_wait *ret_wait)
{
	const struct domain *domain = registry_find_last(sampler->registry, (pid_t)event->tgid);
	struct actor_thread thread = {.role = event->vcpu >= 0 ? ROLE_VCPU : ROLE_EMULATOR,
				      .index = event->vcpu};
	const struct watched *watched = &sampler->watched->at[event->slot % MAX_SLOTS];
	bool known = watched->key == event->key;

	arena_free(&sampler->wait_arena);
	thread_of_key(sampler, event->key, &thread);
	if (event->vcpu >= 0 && thread.role != ROLE_VCPU) { /* the announcement is in this batch */
		thread.role = ROLE_VCPU;
		thread.index = event->vcpu;
	}
	*ret_wait = (struct long_wait){
		.time_ns = clock_ns(CLOCK_REALTIME) - (clock_ns(CLOCK_MONOTONIC) - event->time_ns),
		.domain = arena_strdup(&sampler->wait_arena, thread.domain),
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
	wait_thieves(sampler, event, ret_wait);
}
