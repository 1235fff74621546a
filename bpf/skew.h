/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Co-stop skew: how long at least one vCPU of a domain waited while a sibling ran, which is when a
 * guest spins on a lock whose holder is not running (what esxtop's %CSTP warns of).
 *
 * Each domain with two vCPUs or more has a cell: how many wait, how many run. A change adds the
 * time since the last one if both were there. Two CPUs that change it at once can be off by what
 * lies between their two atomic operations, well under a microsecond.
 */
#ifndef STEALSCOPE_SKEW_H
#define STEALSCOPE_SKEW_H

#include "common.h"

static __always_inline __u64 skew_weight(__u32 state)
{
	return state == SLOT_WAITING ? 1ULL << 32 : state == SLOT_RUNNING;
}

static __always_inline struct skew_cell *cell_at(__u32 index)
{
	return bpf_map_lookup_elem(&skew_cells, &index);
}

/* Process and members change as one, so that the loader never empties a cell that is joined. */
static __always_inline bool cell_join(struct skew_cell *cell, __u32 domain)
{
	__u32 tries;

	for (tries = 0; tries < 8; tries++) {
		__u64 owner = *(volatile __u64 *)&cell->owner;

		if ((__u32)owner && (__u32)owner != domain)
			break;
		if (__sync_val_compare_and_swap(&cell->owner, owner,
						(owner | domain) + CELL_MEMBER) == owner)
			return true;
	}
	return false;
}

/*
 * The domain's cell, a new one if it has none, for one more of its threads; 0 when 8 places from
 * its own are taken.
 */
__noinline int cell_find(__u32 domain)
{
	__u32 i;

	for (i = 0; i < 8; i++) {
		__u32 index = (domain + i) & skew_mask;
		struct skew_cell *cell = cell_at(index);

		if (cell && index && cell_join(cell, domain))
			return index;
	}
	return 0;
}

/* @slot's thread, one of the cell's, is a vCPU. */
static __always_inline void cell_count_vcpu(const struct slot *slot)
{
	struct skew_cell *cell = slot->cell ? cell_at(slot->cell) : NULL;

	if (cell && slot->vcpu >= 0)
		__sync_fetch_and_add(&cell->vcpus, 1);
}

/*
 * How the cell changes when @slot's thread is in @state from now on. A domain with one vCPU has no
 * skew and pays for none; the first vCPU is counted from its first change after the second has
 * come.
 */
static __always_inline __u64 skew_weigh(struct slot *slot, __u32 state)
{
	struct skew_cell *cell;
	__u64 change;

	if (!slot->cell || slot->vcpu < 0 || slot->counted == state)
		return 0;
	cell = cell_at(slot->cell);
	if (!cell || cell->vcpus < 2)
		return 0;
	change = skew_weight(state) - skew_weight(slot->counted);
	slot->counted = state;
	return change;
}

static __always_inline bool is_skewed(__u64 states)
{
	return states >> 32 && (__u32)states;
}

/* The clock is read only when skew begins (it is subtracted then) or ends (added): any order will
 * do. */
static __always_inline void skew_apply(__u32 index, __u64 change)
{
	struct skew_cell *cell;
	__u64 old, now;
	bool begins;

	if (!index || !change)
		return;
	cell = cell_at(index);
	if (!cell)
		return;
	old = __sync_fetch_and_add(&cell->states, change);
	begins = is_skewed(old + change);
	if (begins == is_skewed(old))
		return;
	now = bpf_ktime_get_ns();
	__sync_fetch_and_add(&cell->skew_ns, begins ? -now : now);
}

#endif
