// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "trace/actors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "host/units.h"

/* An actor that was no thief in so many snapshots is forgotten. */
#define KEEP_SNAPSHOTS 64

/* And a thread that has ended, if it was none since, after this time: no wait is longer. */
#define KEEP_DEPARTED_NS 60000000000ULL

/* So many times the unit of a cgroup is asked for. */
#define UNIT_TRIES 10

struct known {
	uint64_t key;	/* 0: free */
	uint64_t noted; /* the snapshot in which it was last a thief */
	struct actor_name name;
	uint32_t process; /* as in struct thief_table */
	char *unit;	  /* of HOST */
	unsigned int asked;
	uint64_t departed; /* CLOCK_MONOTONIC, 0: of DOMAIN, it can still be asked for */
	struct actor_thread thread;
	char *domain; /* @thread's */
};

/* A hash table with open addressing, rebuilt when it fills. */
struct actors {
	struct known *known;
	size_t mask, used, noted;
	uint64_t snapshot;
	struct units *units;
	actor_thread_fn thread;
	void *data;
};

static size_t hash(uint64_t key)
{
	return (size_t)((key ^ key >> 29) * 0x9e3779b97f4a7c15ULL >> 20);
}

static struct known *lookup(struct known *known, size_t mask, uint64_t key)
{
	size_t at = hash(key) & mask;

	while (known[at].key && known[at].key != key)
		at = (at + 1) & mask;
	return &known[at];
}

static bool is_of_interest(const struct actors *actors, const struct known *known, uint64_t now)
{
	if (!known->key)
		return false;
	return known->departed && known->noted != actors->snapshot
		       ? now < known->departed + KEEP_DEPARTED_NS
		       : known->noted + KEEP_SNAPSHOTS >= actors->snapshot;
}

static void known_free(struct known *known)
{
	free(known->unit);
	free(known->domain);
}

/* Room for twice what is still of interest. */
static int rebuild(struct actors *actors)
{
	size_t i, live = 0, size = 64;
	uint64_t now = mono_ns();
	struct known *fresh;

	for (i = 0; actors->known && i <= actors->mask; i++)
		live += is_of_interest(actors, &actors->known[i], now);
	while (size < 4 * (live + 1))
		size *= 2;
	fresh = calloc(size, sizeof(*fresh));
	if (!fresh)
		return -ENOMEM;
	for (i = 0; actors->known && i <= actors->mask; i++) {
		struct known *old = &actors->known[i];

		if (is_of_interest(actors, old, now))
			*lookup(fresh, size - 1, old->key) = *old;
		else
			known_free(old);
	}
	free(actors->known);
	actors->known = fresh;
	actors->mask = size - 1;
	actors->used = live;
	return 0;
}

int actors_new(actor_thread_fn thread, void *data, struct actors **ret_actors)
{
	struct actors *actors = calloc(1, sizeof(*actors));
	int err;

	if (!actors)
		return -ENOMEM;
	actors->thread = thread;
	actors->data = data;
	actors->snapshot = KEEP_SNAPSHOTS;
	err = rebuild(actors);
	if (!err)
		err = units_new("/proc", &actors->units);
	if (err) {
		actors_free(actors);
		return err;
	}
	*ret_actors = actors;
	return 0;
}

void actors_free(struct actors *actors)
{
	if (!actors)
		return;
	for (size_t i = 0; actors->known && i <= actors->mask; i++)
		known_free(&actors->known[i]);
	free(actors->known);
	units_free(actors->units);
	free(actors);
}

static struct known *know_key(struct actors *actors, uint64_t key)
{
	struct known *known;

	if (2 * actors->used > actors->mask && rebuild(actors))
		return NULL;
	known = lookup(actors->known, actors->mask, key);
	if (!known->key) {
		known->key = key;
		known->noted = actors->snapshot - 1;
		actors->used++;
	}
	return known;
}

static pid_t process_of(const struct known *known)
{
	return (pid_t)(known->process & ~ACTOR_MANY);
}

/* The entry's actor, looked up on the host when it is new; NULL when out of memory. */
static struct known *know(struct actors *actors, const struct thief_entry *entry)
{
	struct known *known = know_key(actors, entry->key);

	if (!known)
		return NULL;
	known->name = entry->name;
	known->process = entry->process;
	if (key_class(entry->key) == CLASS_HOST && !known->unit && known->asked < UNIT_TRIES) {
		known->asked++;
		known->unit = units_find(actors->units, entry->name.cgroup, process_of(known));
	}
	return known;
}

int actors_note(struct actors *actors, const struct thief_entry *entry)
{
	struct known *known = know(actors, entry);

	if (!known)
		return -ENOMEM;
	actors->noted += known->noted != actors->snapshot;
	known->noted = actors->snapshot;
	return 0;
}

int actors_depart(struct actors *actors, uint64_t key, const struct actor_thread *thread)
{
	struct known *known = know_key(actors, key);
	char *domain = known ? strdup(thread->domain) : NULL;

	if (!domain)
		return -ENOMEM;
	free(known->domain);
	known->domain = domain;
	known->thread = *thread;
	known->thread.domain = domain;
	known->departed = mono_ns();
	return 0;
}

static int describe(struct actors *actors, const struct known *known, struct arena *arena,
		    struct actor *actor)
{
	struct actor_thread thread = {.index = -1, .role = ROLE_EMULATOR};
	char comm[COMM_LEN + 1] = "";

	actor->key = known->key;
	actor->index = -1;
	actor->pid = process_of(known);
	actor->many = known->process & ACTOR_MANY;
	memcpy(comm, known->name.comm, COMM_LEN);
	actor->comm = arena_strdup(arena, comm);
	if (known->unit)
		actor->unit = arena_strdup(arena, known->unit);
	switch (key_class(known->key)) {
	case CLASS_KERNEL:
		actor->kind = ACTOR_KERNEL;
		break;
	case CLASS_HOST:
		actor->kind = ACTOR_HOST;
		break;
	case CLASS_DOMAIN:
		if (known->departed)
			thread = known->thread;
		else
			actors->thread(actors->data, known->key, &thread);
		actor->kind = ACTOR_THREAD;
		actor->domain_pid = (pid_t)key_process(known->key);
		actor->pid = thread.tid;
		actor->role = thread.role;
		actor->index = thread.index;
		actor->domain = arena_strdup(arena, thread.domain);
		return actor->domain && actor->comm ? 0 : -ENOMEM;
	default:
		actor->kind = ACTOR_IDLE;
		break;
	}
	return actor->comm && !known->unit == !actor->unit ? 0 : -ENOMEM;
}

int actors_describe(struct actors *actors, const struct thief_entry *entry, struct arena *arena,
		    struct actor *ret_actor)
{
	struct known *known = know(actors, entry);

	memset(ret_actor, 0, sizeof(*ret_actor));
	return known ? describe(actors, known, arena, ret_actor) : -ENOMEM;
}

static int by_key(const void *a, const void *b)
{
	const struct actor *x = a, *y = b;

	return (x->key > y->key) - (x->key < y->key);
}

int actors_end(struct actors *actors, struct snapshot *snap)
{
	size_t i, nr = 0;
	int err;

	snap->actors = arena_array(&snap->arena, actors->noted, sizeof(*snap->actors));
	if (!snap->actors)
		return -ENOMEM;
	for (i = 0; i <= actors->mask; i++) {
		if (!actors->known[i].key || actors->known[i].noted != actors->snapshot)
			continue;
		err = describe(actors, &actors->known[i], &snap->arena, &snap->actors[nr]);
		if (err)
			return err;
		nr++;
	}
	snap->nr_actors = nr;
	qsort(snap->actors, nr, sizeof(*snap->actors), by_key);
	actors->snapshot++;
	actors->noted = 0;
	return 0;
}
