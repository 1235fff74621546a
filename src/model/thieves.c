// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/thieves.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/arith.h"
#include "model/names.h"

/* Where an actor is in the list being made, if its epoch is the list's. */
struct tally {
	bool was_host; /* the kernel side took it for a host process */
	unsigned int epoch[NR_CAUSES];
	uint32_t pos[NR_CAUSES];
};

static uint64_t hash_string(const char *s)
{
	uint64_t hash = 0xcbf29ce484222325ULL; /* FNV-1a */

	for (; s && *s; s++)
		hash = (hash ^ (unsigned char)*s) * 0x100000001b3ULL;
	return hash;
}

/* Actors with the same identity are one to the operator: of the host, all of a unit. */
static void identity(const struct actor *actor, uint64_t *ret_a, uint64_t *ret_b)
{
	*ret_a = (uint64_t)actor->kind << 32 | (uint32_t)actor->pid;
	switch (actor->kind) {
	case ACTOR_IDLE:
		*ret_a = *ret_b = 0;
		break;
	case ACTOR_HOST:
		*ret_a = (uint64_t)actor->kind << 32 | !!actor->unit;
		*ret_b = hash_string(actor_title(actor));
		break;
	default:
		*ret_b = actor->key;
		break;
	}
}

/* The domain that a process of the host has become by now, or NULL. */
static const struct domain_counts *late_domain(const struct actor *actor,
					       const struct idmap *domains)
{
	if (actor->kind != ACTOR_HOST || actor->many)
		return NULL;
	return idmap_get(domains, (uint64_t)actor->pid, 0);
}

static int copy_actor(struct arena *arena, const struct actor *from,
		      const struct domain_counts *late, struct actor *to)
{
	const char *name = late ? late->name : from->domain;

	*to = *from;
	if (late) {
		to->kind = ACTOR_THREAD;
		to->domain_pid = from->pid;
		to->role = ROLE_EMULATOR;
		to->index = -1;
	}
	to->comm = arena_strdup(arena, from->comm);
	to->unit = arena_strdup(arena, from->unit);
	to->domain = arena_strdup(arena, name);
	if ((from->comm && !to->comm) || (from->unit && !to->unit) || (name && !to->domain))
		return -ENOMEM;
	return 0;
}

bool actor_is_same(const struct actor *a, const struct actor *b)
{
	uint64_t a1, a2, b1, b2;

	identity(a, &a1, &a2);
	identity(b, &b1, &b2);
	return a1 == b1 && a2 == b2;
}

void actor_merge(struct actor *same, const struct actor *other)
{
	if (same->kind != ACTOR_HOST)
		return;
	same->many |= other->many || same->pid != other->pid;
	if (other->comm && (!same->comm || strcmp(same->comm, other->comm)))
		same->mixed = true;
}

int thieves_init(struct thieves *thieves, const struct snapshot *snap, const struct idmap *domains,
		 struct arena *arena)
{
	struct idmap known = {0};
	size_t nr = 0;
	int err;

	*thieves = (struct thieves){.arena = arena};
	thieves->actors = arena_array(arena, snap->nr_actors, sizeof(*thieves->actors));
	thieves->tallies = calloc(snap->nr_actors + 1, sizeof(*thieves->tallies));
	err = idmap_init(&thieves->by_key, snap->nr_actors);
	if (!err)
		err = idmap_init(&known, snap->nr_actors);
	if (!err && (!thieves->actors || !thieves->tallies))
		err = -ENOMEM;
	for (size_t i = 0; !err && i < snap->nr_actors; i++) {
		const struct actor *actor = &snap->actors[i];
		const struct domain_counts *late = late_domain(actor, domains);
		struct actor *same;
		uint64_t a, b;

		identity(actor, &a, &b);
		if (late)
			b = (uint64_t)actor->pid;
		same = idmap_get(&known, a, b);
		if (!same) {
			same = &thieves->actors[nr];
			err = copy_actor(arena, actor, late, same);
			thieves->tallies[nr].was_host = late;
			idmap_put(&known, a, b, same);
			nr++;
		} else {
			actor_merge(same, actor);
		}
		idmap_put(&thieves->by_key, actor->key, 0, same);
	}
	idmap_free(&known);
	return err;
}

void thieves_free(struct thieves *thieves)
{
	idmap_free(&thieves->by_key);
	free(thieves->tallies);
	free(thieves->list);
}

void thieves_begin(struct thieves *thieves)
{
	thieves->epoch++;
	thieves->nr = 0;
}

static int add(struct thieves *thieves, struct actor *actor, enum cause cause, uint64_t ns)
{
	struct tally *tally = &thieves->tallies[actor - thieves->actors];

	if (tally->epoch[cause] == thieves->epoch) {
		thieves->list[tally->pos[cause]].ns += ns;
		return 0;
	}
	if (thieves->nr == thieves->room) {
		size_t room = thieves->room ? 2 * thieves->room : 64;
		struct thief *list = reallocarray(thieves->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		thieves->list = list;
		thieves->room = room;
	}
	tally->epoch[cause] = thieves->epoch;
	tally->pos[cause] = (uint32_t)thieves->nr;
	thieves->list[thieves->nr++] = (struct thief){.cause = cause, .actor = actor, .ns = ns};
	return 0;
}

int thieves_add(struct thieves *thieves, const struct stats *part)
{
	int err = 0;

	for (size_t i = 0; !err && i < part->nr_thieves; i++) {
		const struct thief *thief = &part->thieves[i];

		if (thief->actor)
			err = add(thieves, thief->actor, thief->cause, thief->ns);
	}
	return err;
}

int thief_compare(const void *a, const void *b)
{
	const struct thief *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? 1 : -1;
	/* Actors are in the order of the snapshot: the result does not depend on qsort(). */
	return (x->actor > y->actor) - (x->actor < y->actor);
}

/* The list as the report keeps it: no more than there is, for many have none. -ENOMEM. */
static int keep(struct thieves *thieves, const struct thief *list, size_t nr, struct stats *whole)
{
	struct thief *kept;

	whole->thieves = NULL;
	whole->nr_thieves = nr;
	if (!nr)
		return 0;
	kept = arena_array(thieves->arena, nr, sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	memcpy(kept, list, nr * sizeof(*kept));
	whole->thieves = kept;
	return 0;
}

int thieves_end(struct thieves *thieves, struct stats *whole)
{
	struct thief list[REPORT_THIEVES_MAX + NR_CAUSES];
	uint64_t left[NR_CAUSES];
	size_t nr = 0;

	memcpy(left, whole->cause_ns, sizeof(left));
	if (thieves->nr > 1)
		qsort(thieves->list, thieves->nr, sizeof(*thieves->list), thief_compare);
	thieves->nr = min(thieves->nr, REPORT_THIEVES_MAX);
	for (size_t i = 0; i < thieves->nr; i++) {
		struct thief thief = thieves->list[i];

		thief.ns = min(thief.ns, left[thief.cause]);
		left[thief.cause] -= thief.ns;
		if (thief.ns)
			list[nr++] = thief;
	}
	for (enum cause cause = 0; cause < NR_CAUSES; cause++) {
		if (cause_infos[cause].thief && left[cause])
			list[nr++] =
				(struct thief){.cause = cause, .actor = NULL, .ns = left[cause]};
	}
	return keep(thieves, list, nr, whole);
}

static void move(struct stats *own, enum cause to, uint64_t ns)
{
	ns = min(ns, own->cause_ns[CAUSE_HOST]);
	own->cause_ns[CAUSE_HOST] -= ns;
	own->cause_ns[to] += ns;
}

/* Time of a thread that was registered only after it had been counted as `host`. */
static void settle_late(const struct thieves *thieves, struct stats *own)
{
	static const enum cause late[] = {CAUSE_VM, CAUSE_SELF};
	uint64_t named[NR_CAUSES] = {0};

	for (size_t i = 0; i < thieves->nr; i++)
		named[thieves->list[i].cause] += thieves->list[i].ns;
	for (size_t i = 0; i < sizeof(late) / sizeof(late[0]); i++) {
		enum cause cause = late[i];
		uint64_t host = own->cause_ns[CAUSE_HOST];

		if (named[cause] > own->cause_ns[cause] && host > named[CAUSE_HOST])
			move(own, cause,
			     min(named[cause] - own->cause_ns[cause], host - named[CAUSE_HOST]));
	}
}

enum cause actor_cause(const struct actor *actor, pid_t victim)
{
	switch (actor->kind) {
	case ACTOR_IDLE:
		return CAUSE_IDLE;
	case ACTOR_KERNEL:
		return CAUSE_KERNEL;
	case ACTOR_HOST:
		return CAUSE_HOST;
	default:
		return actor->domain_pid == victim ? CAUSE_SELF : CAUSE_VM;
	}
}

int thieves_of_thread(struct thieves *thieves, const struct thread_counts *to, pid_t pid,
		      struct stats *own)
{
	int err = 0;

	thieves_begin(thieves);
	for (size_t i = 0; !err && i < to->nr_thieves; i++) {
		const struct thief_time *taken = &to->thieves[i];
		struct actor *actor = idmap_get(&thieves->by_key, taken->key, 0);
		enum cause cause;

		if (!taken->ns || !actor)
			continue;
		cause = actor_cause(actor, pid);
		if (thieves->tallies[actor - thieves->actors].was_host)
			move(own, cause, taken->ns);
		err = add(thieves, actor, cause, taken->ns);
	}
	if (err)
		return err;
	settle_late(thieves, own);
	return thieves_end(thieves, own);
}
