/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why a thread waited, and who had the CPU meanwhile.
 *
 * The part of a wait that was spent on one CPU is explained when it ends: what the bandwidth limit
 * took comes from the kernel's throttle clock (throttle.h), who ran from the CPU's record
 * (record.h). What is left is unknown.
 *
 * Idle time of a throttled wait is the limit's. Where others ran during a wait that was throttled
 * for a part of it, each is blamed for its share of the rest: the amounts of the causes are exact,
 * only among those who ran it can be off. Time in interrupts belongs to the task that they
 * interrupted.
 */
#ifndef STEALSCOPE_THIEF_H
#define STEALSCOPE_THIEF_H

#include "record.h"
#include "throttle.h"

/* The slot's numbers for the epoch that is under way. */
static __always_inline struct slot_interval *interval_of(struct slot *slot)
{
	__u64 epoch = *(volatile __u64 *)&slot->epoch;
	struct slot_interval *interval = &slot->interval[epoch & 1];
	int kind;

	if (interval->epoch != epoch) {
		for (kind = 0; kind < NR_WAIT_KINDS; kind++)
			interval->max_ns[kind] = 0;
		thief_table_empty(&interval->thieves);
		interval->epoch = epoch;
	}
	return interval;
}

/* A function of its own, verified once. */
__noinline int thief_add(struct thief_table *table, __u64 key, __u32 process,
			 const struct actor_name *name, __u64 ns)
{
	if (table && name)
		thief_table_add(table, key, process, name, ns);
	return 0;
}

static __always_inline struct wait_detail *detail_of(const struct slot *slot)
{
	__u32 index = key_slot(slot->key);

	return bpf_map_lookup_elem(&wait_details, &index);
}

static __always_inline void explain(struct slot *slot, enum cause cause, __u64 ns)
{
	slot->cause_ns[cause & (MAX_CAUSES - 1)] += ns;
	slot->explained += ns;
	if (long_wait_ns) {
		struct wait_detail *detail = detail_of(slot);

		if (detail)
			detail->cause_ns[cause & (MAX_CAUSES - 1)] += ns;
	}
}

/* A share is a fraction of SHARE_ONE; what it is taken of must be below 2^43 ns, 2.4 hours. */
#define SHARE_SHIFT 20
#define SHARE_ONE (1ULL << SHARE_SHIFT)
#define SHARE_MAX (1ULL << 43)

static __always_inline __u64 share_of(__u64 ns, __u64 share)
{
	return share == SHARE_ONE ? ns : ns * share >> SHARE_SHIFT;
}

/* Looking for the smallest thief takes its time, in which interrupts are off. */
#define PUSHED_OUT_BY_WAIT 4

/*
 * Name who ran since the baseline, but the @victim, each with @share of its time. Another one is
 * the first each time: whoever is new where the table is full shall not be the one that is left
 * out each time.
 */
__noinline int name_thieves(struct thief_table *table, const struct record *record,
			    const struct waiter *waiter, __u64 share, __u64 victim)
{
	__u32 nr, first, at, i;

	if (!table || !record || !waiter)
		return 0;
	nr = record->actors.nr;
	first = table->first < nr ? table->first : 0;
	table->first = first + PUSHED_OUT_BY_WAIT;
	table->spare = PUSHED_OUT_BY_WAIT;
	for (i = 0; i < NR_ACTORS && i < nr; i++) {
		__u64 ns;

		at = first + i;
		at = (at < nr ? at : at - nr) & (NR_ACTORS - 1);
		ns = share_of(actor_since(&record->actors, &waiter->actors, at), share);
		if (ns && record->actors.key[at] != victim)
			thief_add(table, record->actors.key[at], record->actors.process[at],
				  &record->actors.name[at], ns);
	}
	return 0;
}

struct ran {
	__u64 idle, kernel, host, domains, own;
};

static __always_inline void ran_since(const struct record *record, const struct waiter *waiter,
				      const __u64 *own, struct ran *ret)
{
	const __u64 *now = record->class_ns, *base = waiter->class_ns;

	ret->idle = now[CLASS_IDLE] - base[CLASS_IDLE];
	ret->kernel = now[CLASS_KERNEL] - base[CLASS_KERNEL];
	ret->host = now[CLASS_HOST] - base[CLASS_HOST];
	/* Without a sum of its own domain vm and self cannot be distinguished. */
	ret->domains = own ? now[CLASS_DOMAIN] - base[CLASS_DOMAIN] : 0;
	ret->own = own ? *own - waiter->own_ns : 0;
}

/* @ns of the wait were not the limit's; they are shared out among who @ran. */
static __always_inline void explain_ran(struct slot *slot, const struct record *record,
					const struct waiter *waiter, const struct ran *ran,
					__u64 ns)
{
	__u64 sum = ran->idle + ran->kernel + ran->host + ran->domains, share = SHARE_ONE;
	struct wait_detail *detail;

	if (sum > ns) {
		if (sum >= SHARE_MAX)
			return;
		share = (ns << SHARE_SHIFT) / sum;
	}
	explain(slot, CAUSE_IDLE, share_of(ran->idle, share));
	explain(slot, CAUSE_KERNEL, share_of(ran->kernel, share));
	explain(slot, CAUSE_HOST, share_of(ran->host, share));
	explain(slot, CAUSE_VM, share_of(ran->domains - ran->own, share));
	explain(slot, CAUSE_SELF, share_of(ran->own, share));
	name_thieves(&interval_of(slot)->thieves, record, waiter, share, slot->key);
	detail = long_wait_ns ? detail_of(slot) : NULL;
	if (detail)
		name_thieves(&detail->thieves, record, waiter, share, slot->key);
}

/*
 * The last @part of the wait, spent on the CPU of its baseline, whose record reaches up to now. The
 * limit was in force for @quota of it, or for less; QUOTA_UNKNOWN.
 */
__noinline int explain_part(struct slot *slot, const struct waiter *waiter, __u64 part, __u64 quota)
{
	struct record *record;
	struct ran ran;
	__u32 at; /* one place on the stack for both look-ups */

	if (!slot || !waiter || quota == QUOTA_UNKNOWN)
		return 0;
	if (!with_thieves) {
		explain(slot, CAUSE_QUOTA, quota < part ? quota : part);
		return 0;
	}
	at = waiter->cpu;
	record = bpf_map_lookup_elem(&records, &at);
	if (!record)
		return 0;
	at = domain_sum_index(waiter->cpu, slot->cell);
	ran_since(record, waiter, slot->cell ? bpf_map_lookup_elem(&domain_sums, &at) : NULL, &ran);
	if (waiter->tainted) {
		explain(slot, CAUSE_QUOTA, ran.idle < part ? ran.idle : part);
		return 0;
	}
	if (quota > part)
		quota = part;
	explain(slot, CAUSE_QUOTA, quota);
	ran.idle -= ran.idle < quota ? ran.idle : quota;
	explain_ran(slot, record, waiter, &ran, part - quota);
	return 0;
}

/* @task, on no CPU, has a wait that begins now on this one. */
static __always_inline void wait_begin(struct here *here, struct slot *slot,
				       struct task_struct *task)
{
	struct waiter *waiter = waiter_of(slot);

	if (!waiter)
		return;
	waiter_leave(waiter, here->cpu);
	if (with_thieves)
		record_open(here);
	throttle_begin(waiter, task, here->clock);
	baseline_take(slot, waiter, here->cpu);
}

/* A moment on a CPU whose lock is held, and whose run ended then, or goes on. */
struct moment {
	__u64 clock;
	__u32 cpu;
	__u32 pad;
	struct runner runner;
};

/*
 * A wait that began on the moment's CPU at @from, before: since then, and since the runner began,
 * no one else had this CPU.
 */
__noinline int wait_began(struct slot *slot, struct waiter *waiter, __u64 from,
			  const struct moment *at)
{
	if (!slot || !waiter || !at)
		return 0;
	throttle_began(waiter, from);
	baseline_take(slot, waiter, at->cpu);
	if (from < at->runner.began)
		from = at->runner.began;
	if (from < at->clock)
		baseline_add(waiter, slot, &at->runner, from - at->clock);
	return 0;
}

/* False: it is still on its way. */
__noinline int join_take(__u32 ref, const struct moment *at)
{
	struct slot *slot = slot_of_ref(ref);
	struct waiter *waiter = slot ? waiter_of(slot) : NULL;
	struct task_struct *task;
	__u64 queued;

	if (!at || !waiter || waiter->state != WAITER_JOINING || waiter->cpu != at->cpu ||
	    slot->state != SLOT_WAITING)
		return true;
	task = (void *)waiter->task;
	queued = BPF_CORE_READ(task, sched_info.last_queued);
	if (!queued)
		return false;
	if (queued < waiter->adopted)
		queued = waiter->adopted;
	wait_began(slot, waiter, queued, at);
	return true;
}

/* Those who joined, after the record was brought up to now. */
__noinline int joins_take(const struct moment *at)
{
	struct cpu_line *line;
	struct record *record;
	__u32 cpu, joined, i;

	if (!at)
		return 0;
	cpu = at->cpu;
	line = line_at(cpu);
	record = bpf_map_lookup_elem(&records, &cpu);
	if (!record)
		return 0;
	joined = __sync_fetch_and_add(&line->joined, 0); /* what was stored before is seen */
	for (i = 0; i < NR_JOINS; i++) {
		if (!(joined & 1U << i) || !join_take(record->joins[i], at))
			continue;
		__sync_fetch_and_and(&line->joined, ~(1U << i));
		__sync_lock_test_and_set(&record->joins[i], 0);
	}
	return 0;
}

/*
 * @task is moved to @dest while it waits; its run_delay already holds the part on the CPU it
 * leaves, whose lock is held (set_task_cpu(), after the dequeue; kernel/sched/core.c, 5.15
 * to 6.18).
 */
static __always_inline void wait_move(struct here *here, struct slot *slot,
				      struct task_struct *task, __u32 dest)
{
	struct moment at = {.clock = here->clock, .cpu = here->cpu};
	__u64 part = task->sched_info.run_delay - slot->segment_cum;
	struct waiter *waiter = waiter_of(slot);

	if (!waiter || (__s64)part < 0)
		return;
	slot_write_begin(slot);
	if (with_thieves) {
		record_now(here, &at.runner);
		if (waiter->state == WAITER_JOINING && waiter->cpu == here->cpu)
			wait_began(slot, waiter, here->clock - part, &at);
	}
	if (waiter->state == WAITER_BASED && waiter->cpu == here->cpu)
		explain_part(slot, waiter, part, throttled_since(waiter, task, here->clock));
	slot->segment_cum += part;
	slot_write_end(slot);
	waiter_leave(waiter, here->cpu);
	if (with_thieves)
		join_ask(waiter, slot, dest, 0);
}

#endif
