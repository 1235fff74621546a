/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who the thieves of a snapshot are: keys resolved to names while they can be.
 */
#ifndef STEALSCOPE_ACTORS_H
#define STEALSCOPE_ACTORS_H

#include "model/snapshot.h"
#include "slot.h"

struct actors;

/* What is known of a domain's thread. */
struct actor_thread {
	pid_t tid; /* 0: it is gone */
	enum role role;
	int index;
	const char *domain; /* never NULL, also for a domain that is gone */
};

/* Asked for the thread with a key of CLASS_DOMAIN. */
typedef void (*actor_thread_fn)(void *data, uint64_t key, struct actor_thread *ret_thread);

/* 0 or -errno. */
int actors_new(actor_thread_fn thread, void *data, struct actors **ret_actors);
void actors_free(struct actors *actors);

/* One of a table of the kernel side's. */
struct thief_entry {
	uint64_t key, ns;
	uint32_t process; /* as in struct thief_table */
	struct actor_name name;
};

static inline struct thief_entry thief_at(const struct thief_table *table, uint32_t i)
{
	return (struct thief_entry){table->key[i], table->ns[i], table->process[i], table->name[i]};
}

/* Note a thief of the next snapshot; put all that were noted into it. 0 or -ENOMEM. */
int actors_note(struct actors *actors, const struct thief_entry *entry);
int actors_end(struct actors *actors, struct snapshot *snap);

/* Nobody will know the domain's thread with this key any more; waits under way may still name it. 0
 * or -ENOMEM. */
int actors_depart(struct actors *actors, uint64_t key, const struct actor_thread *thread);

/* One actor by itself, outside a snapshot; its strings are in @arena. 0 or -ENOMEM. */
int actors_describe(struct actors *actors, const struct thief_entry *entry, struct arena *arena,
		    struct actor *ret_actor);

#endif
