/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who has a CPU, kept only while a watched thread waits there.
 *
 * A CPU's record is a set of sums that only grow: time by class, and by actor for the NR_ACTORS
 * that ran last. A wait notes them when it begins (its baseline) and takes the difference when it
 * ends; how much ran meanwhile does not matter. An actor that is pushed out of the record loses its
 * name for waits under way, never its class. Time of the victim's own domain has a sum of its own
 * per CPU and domain, so that `vm` and `self` are always distinguished.
 *
 * All of a record is written under its CPU's runqueue lock, but for what is marked as remote: a
 * thread that is moved while it waits leaves under one lock and arrives under another, with no
 * tracepoint in between. It puts itself among the joins of the CPU it goes to, and the next switch
 * there gives it its baseline: as of when it was queued, for no more than one task can have run
 * since.
 */
#ifndef STEALSCOPE_RECORD_H
#define STEALSCOPE_RECORD_H

#include "actor.h"
#include "compat.h"
#include "hidden.h"

#define NR_JOINS 8U

/* A bit of cpu_line.joined that is no join: the task that runs here was given a slot just now. */
#define LINE_LOOK (1U << 31)

/* What every switch looks at: one cache line, and one that watched threads use. */
struct cpu_line {
	__u64 task; /* the task_struct that was last seen to be switched in */
	union {
		struct {
			__u32 ref;     /* its slot's reference, 0: it is not watched */
			__u32 waiting; /* waits with a baseline here */
		};
		__u64 busy;
	};
	__u32 joined; /* remote, atomic: bit i is joins[i] of the record, and LINE_LOOK */
	__u32 left;   /* remote, atomic: of @waiting, those that are over elsewhere */
	/* while somebody waits: */
	__u64 since;	/* clock up to which the record reaches */
	__u64 switches; /* rq->nr_switches when that was last looked at */
	__u32 pad[6];
	__u32 hints[NR_HINTS]; /* by tid: references to the slots of threads switched in here */
} __attribute__((aligned(128)));

_Static_assert(sizeof(struct cpu_line) == 128,
	       "found by a shift, and no CPU writes another's line");

struct record {
	__u64 class_ns[8]; /* by enum actor_class */
	__u64 credited;	   /* from when on who ran last was credited with its run */
	struct actors actors;
	__u32 joins[NR_JOINS]; /* remote: references to slots, 0: free */
};

enum waiter_state {
	WAITER_NONE,
	WAITER_BASED,	/* its baseline is of @cpu's record, and it is counted in waiting there */
	WAITER_JOINING, /* it is among @cpu's joins */
};

/* The wait under way of a slot. Written by whoever may write the slot. */
struct waiter {
	__u32 state;
	__u32 cpu;
	__u32 tainted; /* it began throttled, for how long is not known */
	__u32 pad;
	__u64 task;	 /* the slot's task_struct */
	__u64 adopted;	 /* JOINING: it counts from here on, if it was queued before */
	__u64 throttled; /* the runqueue's throttled time at the start, and which one it was */
	__u64 cfs_rq;
	__u64 class_ns[8];
	__u64 own_ns;
	struct actors_base actors;
};

/*
 * Not in a map of its own: the address is known without a look-up, which is half of what a switch
 * between two tasks that nobody watches takes. It begins a page, and each of them so a cache line,
 * since libbpf has memory mapped in which a global variable is: root_cgroup (array_map_alloc(),
 * kernel/bpf/arraymap.c).
 */
static struct cpu_line lines[MAX_CPUS];

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct record);
} records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct waiter);
} waiters SEC(".maps");

/* What each domain's threads ran, by CPU and the domain's cell. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} domain_sums SEC(".maps");

/* A CPU whose runqueue lock is held, at @clock. */
struct here {
	__u32 cpu;
	__u64 clock;
	struct rq *rq;
	__u64 hidden; /* switches that tracing did not see, as long as the record reaches back */
	struct record *record;
	struct cpu_counts *counts;
};

/* Whose time something is; @index: among the record's actors, NR_ACTORS for none. */
struct runner {
	__u16 class;
	__u16 index;
	__u32 cell;
	__u64 began; /* its run began no earlier */
};

static __always_inline struct cpu_line *line_at(__u32 cpu)
{
	return &lines[cpu & (MAX_CPUS - 1)];
}

static __always_inline struct waiter *waiter_at(__u32 index)
{
	return bpf_map_lookup_elem(&waiters, &index);
}

static __always_inline struct waiter *waiter_of(const struct slot *slot)
{
	return waiter_at(key_slot(slot->key));
}

/*
 * How many switches were hidden from tracing since the record was last brought up to date
 * (rq->nr_switches counts all, in __schedule() before the tracepoint; kernel/sched/core.c, 5.15 to
 * 6.18). @seen: those since then that were not.
 */
static __always_inline __u64 line_hidden(const struct cpu_line *line, const struct rq *rq,
					 __u32 seen)
{
	return line->waiting ? rq->nr_switches - line->switches - seen : 0;
}

/* @cpu's runqueue is @rq. False: there is no such CPU. @seen: as line_hidden(). */
static __always_inline bool here_at(struct here *here, __u32 cpu, struct rq *rq, __u32 seen)
{
	here->cpu = cpu;
	here->rq = rq;
	here->clock = rq->clock;
	here->counts = counts_at(cpu);
	if (!here->counts)
		return false;
	here->record = NULL;
	here->hidden = 0;
	if (!with_thieves)
		return true;
	here->record = bpf_map_lookup_elem(&records, &cpu);
	here->hidden = line_hidden(line_at(cpu), rq, seen);
	return here->record;
}

/* The CPU on whose runqueue @task is. */
static __always_inline bool here_of(struct here *here, struct task_struct *task)
{
	struct rq *rq = task->se.cfs_rq->rq;

	return here_at(here, rq->cpu, rq, 0);
}

static __always_inline __u32 domain_sum_index(__u32 cpu, __u32 cell)
{
	return cpu * (skew_mask + 1) + cell;
}

static __always_inline __u64 *domain_sum(__u32 cpu, __u32 cell)
{
	__u32 index = domain_sum_index(cpu, cell);

	return cell ? bpf_map_lookup_elem(&domain_sums, &index) : NULL;
}

static __always_inline void runner_of(struct here *here, struct task_struct *task,
				      const struct slot *slot, struct runner *ret)
{
	ret->index = NR_ACTORS;
	ret->cell = 0;
	ret->began = 0;
	if (slot) {
		ret->class = CLASS_DOMAIN;
		ret->cell = slot->cell;
		ret->index = actor_of_thread(&here->record->actors, slot->key, task);
	} else if (!task->pid) {
		ret->class = CLASS_IDLE;
	} else if (task->flags & PF_KTHREAD) {
		ret->class = CLASS_KERNEL;
		ret->index = actor_of_kernel(&here->record->actors, task);
	} else {
		ret->class = CLASS_HOST;
		ret->index = actor_of_host(&here->record->actors, task);
	}
}

static __always_inline void credit(struct here *here, const struct runner *runner, __u64 ns)
{
	__u64 *own = domain_sum(here->cpu, runner->cell);

	here->record->class_ns[runner->class & 7] += ns;
	if (runner->index < NR_ACTORS)
		actor_ran(&here->record->actors, runner->index, ns, here->clock);
	if (own)
		*own += ns;
}

/* The task that was last seen to get this CPU; it is off it since, and may be gone. */
static __always_inline void runner_of_last(struct here *here, struct runner *ret)
{
	struct task_struct *task = (void *)line_at(here->cpu)->task;
	struct slot *slot = slot_of_ref(line_at(here->cpu)->ref);

	*ret = (struct runner){.index = NR_ACTORS};
	if (slot) {
		ret->class = CLASS_DOMAIN;
		ret->cell = slot->cell;
		ret->index = actor_of_thread(&here->record->actors, slot->key, NULL);
	} else if (!BPF_CORE_READ(task, pid)) {
		ret->class = CLASS_IDLE;
	} else {
		ret->class = BPF_CORE_READ(task, flags) & PF_KTHREAD ? CLASS_KERNEL : CLASS_HOST;
	}
}

/* When @task, which has this CPU, got it; of an idle task nothing is recorded
 * (sched_info_switch()). */
static __always_inline __u64 arrival_of(const struct here *here, struct task_struct *task)
{
	__u64 arrival = task->pid ? task->sched_info.last_arrival : here->clock;

	return arrival < here->clock ? arrival : here->clock;
}

/*
 * Switches were hidden from tracing before a run that began at @arrival. Returns from when on the
 * record can go on.
 */
static __always_inline __u64 record_hidden(struct here *here, __u64 arrival)
{
	struct cpu_line *line = line_at(here->cpu);
	__u64 ns = hidden_run_of_last(line->since, arrival, here->clock, here->hidden);
	struct runner last;

	if (arrival <= line->since)
		return line->since;
	if (ns) {
		runner_of_last(here, &last);
		credit(here, &last, ns);
	}
	return arrival;
}

/* Nobody waits here yet: the record begins now. */
static __always_inline void record_open(struct here *here)
{
	struct cpu_line *line = line_at(here->cpu);

	if (line->waiting)
		return;
	here->record->actors.nr = 0;
	line->since = here->clock;
	line->switches = here->rq->nr_switches;
}

/*
 * Bring the record up to now. @task had the CPU until now; @seen: it was seen to get it.
 */
static __always_inline void record_run(struct here *here, struct task_struct *task,
				       const struct slot *slot, bool seen, struct runner *ret)
{
	struct cpu_line *line = line_at(here->cpu);
	__u64 since;

	record_open(here);
	since = line->since;
	runner_of(here, task, slot, ret);
	if (!seen) {
		ret->began = arrival_of(here, task);
		since = record_hidden(here, ret->began);
	}
	if (here->clock > since)
		credit(here, ret, here->clock - since);
	here->record->credited = since;
	line->since = here->clock;
	line->switches = here->rq->nr_switches;
}

/*
 * Of a run that began at @arrival and whose CPU's record was just brought up to now: how much it
 * was credited with. Where somebody was woken meanwhile its beginning is not in the record
 * (record_now()).
 */
static __always_inline __u64 record_credited(const struct here *here, __u64 arrival)
{
	__u64 from = here->record->credited;

	if (line_at(here->cpu)->since != here->clock)
		return 0;
	if (from < arrival)
		from = arrival;
	return from < here->clock ? here->clock - from : 0;
}

/* @task, which is not watched, ran until @clock. */
static __always_inline void record_stranger(struct cpu_line *line, struct record *record,
					    struct task_struct *task, __u64 clock)
{
	__u64 ns = clock - line->since;
	__u32 class, at;

	line->since = clock;
	line->switches++;
	if (!task->pid) {
		record->class_ns[CLASS_IDLE] += ns;
		return;
	}
	if (task->flags & PF_KTHREAD) {
		class = CLASS_KERNEL;
		at = actor_of_kernel(&record->actors, task);
	} else {
		class = CLASS_HOST;
		at = actor_of_host(&record->actors, task);
	}
	record->class_ns[class] += ns;
	actor_ran(&record->actors, at, ns, clock);
}

/*
 * The same while the run goes on, on a CPU that need not be this one. rq->curr cannot be looked up
 * in task storage: if its arrival was hidden and it may be watched, nothing is known of its run so
 * far.
 */
static __always_inline void record_now(struct here *here, struct runner *ret)
{
	struct task_struct *curr = here->rq->curr;
	struct cpu_line *line = line_at(here->cpu);
	bool seen = line->task == (__u64)curr && !here->hidden;

	if (seen || !may_be_watched(curr)) {
		record_run(here, curr, seen ? slot_of_ref(line->ref) : NULL, seen, ret);
		return;
	}
	record_open(here);
	*ret = (struct runner){.index = NR_ACTORS, .began = here->clock};
	line->since = here->clock;
	line->switches = here->rq->nr_switches;
}

/*
 * The wait that is under way on @cpu begins now, as far as its record is concerned. Like the others
 * that are not inline, a function of its own so that it is verified once.
 */
__noinline int baseline_take(const struct slot *slot, struct waiter *waiter, __u32 cpu)
{
	struct record *record = bpf_map_lookup_elem(&records, &cpu);
	struct cpu_line *line = line_at(cpu);
	__u64 *own;
	int i;

	if (!slot || !waiter || !record)
		return 0;
	waiter->cpu = cpu;
	waiter->state = WAITER_BASED;
	if (!with_thieves)
		return 0;
	line->waiting++;
	for (i = 0; i < NR_CLASSES; i++)
		waiter->class_ns[i] = record->class_ns[i];
	own = domain_sum(cpu, slot->cell);
	waiter->own_ns = own ? *own : 0;
	actors_base(&record->actors, &waiter->actors);
	return 0;
}

/* Of what the runner is credited with since the baseline, @ns were not during the wait. */
static __always_inline void baseline_add(struct waiter *waiter, const struct slot *slot,
					 const struct runner *runner, __u64 ns)
{
	waiter->class_ns[runner->class & 7] += ns;
	if (runner->index < NR_ACTORS)
		waiter->actors.ns[runner->index & (NR_ACTORS - 1)] += ns;
	if (runner->cell && runner->cell == slot->cell)
		waiter->own_ns += ns;
}

/* No CPU's lock is held. */
#define NO_CPU (~0U)

/* The wait is over, or goes on elsewhere. @here: the CPU whose lock is held, or NO_CPU. */
static __always_inline void waiter_leave(struct waiter *waiter, __u32 here)
{
	struct cpu_line *line;

	if (with_thieves && waiter->state == WAITER_BASED) {
		line = line_at(waiter->cpu);
		if (waiter->cpu == here)
			line->waiting--;
		else
			__sync_fetch_and_add(&line->left, 1);
	}
	waiter->state = WAITER_NONE;
}

/* Those that left without this CPU's lock. */
static __always_inline void line_settle(struct cpu_line *line)
{
	__u32 left;

	if (!line->left)
		return;
	left = __sync_lock_test_and_set(&line->left, 0);
	line->waiting -= left < line->waiting ? left : line->waiting;
}

/*
 * The slot's thread, which waits, will be queued on @cpu, whose lock is not held. Without a free
 * place its thieves there are not known. @adopted: a clock there before which nothing counts, or 0.
 */
__noinline int join_ask(struct waiter *waiter, const struct slot *slot, __u32 cpu, __u64 adopted)
{
	struct record *record = bpf_map_lookup_elem(&records, &cpu);
	struct cpu_line *line = line_at(cpu);
	__u32 ref, i;

	if (!waiter || !slot || !record)
		return 0;
	ref = key_ref(slot->key);
	waiter->adopted = adopted;
	waiter->cpu = cpu;
	waiter->state = WAITER_JOINING;
	for (i = 0; i < NR_JOINS; i++) {
		if (__sync_val_compare_and_swap(&record->joins[i], 0, ref))
			continue;
		__sync_fetch_and_or(&line->joined, 1U << i);
		return 0;
	}
	waiter->state = WAITER_NONE;
	return 0;
}

#endif
