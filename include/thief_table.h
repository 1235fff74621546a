/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who took a thread's CPU, and for how long: the NR_THIEVES biggest by name. For the kernel side,
 * where it is filled with a runqueue's lock held, and for the host alike.
 */
#ifndef STEALSCOPE_THIEF_TABLE_H
#define STEALSCOPE_THIEF_TABLE_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define COMM_LEN 16
#define NR_THIEVES 32U

/*
 * What is known of an actor beyond its key. Tasks of one comm in one cgroup are one actor of HOST:
 * an operator acts upon a service or a program, and short-lived processes would drown in their
 * number.
 */
struct actor_name {
	__u64 cgroup; /* HOST: its id (kernfs), CGROUP_V1 if it is the cpu controller's; 0: the root
		       */
	char comm[COMM_LEN];
};

#define CGROUP_V1 (1ULL << 63)

/* Beside an actor's name. HOST: the latest process, KERNEL: the thread, else 0. */
#define ACTOR_MANY (1U << 31) /* HOST: there was more than one process */

/* A thief is looked for in THIEF_PROBES places from its key's hash on. */
#define THIEF_PLACE_BITS 6
#define THIEF_PLACES (1U << THIEF_PLACE_BITS)
#define THIEF_PROBES 8U

/*
 * An array for each thing that is known of a thief: a wait that ends adds to many of them, and what
 * it touches of this is rarely in a cache. Volatile: the verifier does not follow each value of
 * what is held in memory.
 */
struct thief_table {
	__u32 nr;		    /* thieves */
	__u8 spare;		    /* so many may be pushed out */
	__u8 first;		    /* the caller's */
	volatile __u8 least;	    /* while the smallest is looked for */
	volatile __u8 vacant;	    /* while a place is looked for */
	__u8 place[THIEF_PLACES];   /* 1 + a thief's number; 0: none */
	__u8 placed_at[NR_THIEVES]; /* for each thief */
	__u64 key[NR_THIEVES];
	__u64 ns[NR_THIEVES];
	__u32 process[NR_THIEVES];
	struct actor_name name[NR_THIEVES];
};

#define thief_inline static inline __attribute__((always_inline))

thief_inline void thief_table_empty(struct thief_table *table)
{
	table->nr = 0;
	__builtin_memset(table->place, 0, sizeof(table->place));
}

/* The multiplier is the golden ratio's: all bits of the key reach the upper ones. */
thief_inline __u32 thief_home(__u64 key)
{
	return (__u32)(key * 0x9e3779b97f4a7c15ULL >> (64 - THIEF_PLACE_BITS));
}

/*
 * The number for a new thief. When all are taken the smallest goes: its time is in the cause's sum
 * all the same, only its name is lost. NR_THIEVES: no more may be pushed out.
 */
thief_inline __u32 thief_make_room(struct thief_table *table)
{
	__u64 least = ~0ULL;
	__u32 at;

	if (table->nr < NR_THIEVES)
		return table->nr++;
	if (!table->spare)
		return NR_THIEVES;
	table->spare--;
	for (at = 0; at < NR_THIEVES; at++) {
		if (table->ns[at] < least) {
			least = table->ns[at];
			table->least = (__u8)at;
		}
	}
	at = table->least & (NR_THIEVES - 1);
	table->place[table->placed_at[at] & (THIEF_PLACES - 1)] = 0;
	return at;
}

/* The thief had @ns more. Where all places of its key are others', its name is lost. */
thief_inline void thief_table_add(struct thief_table *table, __u64 key, __u32 process,
				  const struct actor_name *name, __u64 ns)
{
	__u32 home = thief_home(key), place, at, i;

	table->vacant = THIEF_PLACES;
	for (i = 0; i < THIEF_PROBES; i++) {
		place = (home + i) & (THIEF_PLACES - 1);
		at = table->place[place];
		if (!at) {
			table->vacant = (__u8)place;
			continue;
		}
		at = (at - 1) & (NR_THIEVES - 1);
		if (table->key[at] == key)
			goto found;
	}
	place = table->vacant;
	if (place == THIEF_PLACES)
		return;
	at = thief_make_room(table);
	if (at >= NR_THIEVES)
		return;
	table->place[place & (THIEF_PLACES - 1)] = (__u8)(at + 1);
	table->placed_at[at] = (__u8)place;
	table->key[at] = key;
	table->ns[at] = 0;
	table->process[at] = process;
	table->name[at] = *name;
found:
	table->ns[at] += ns;
	if (table->process[at] != process)
		table->process[at] |= ACTOR_MANY;
}

/* One thief, without where it is to be found. */
thief_inline void thief_copy(struct thief_table *to, __u32 at, const struct thief_table *from,
			     __u32 i)
{
	to->key[at] = from->key[i];
	to->ns[at] = from->ns[i];
	to->process[at] = from->process[i];
	to->name[at] = from->name[i];
}

#undef thief_inline

#endif
