// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "base/clock.h"
#include "trace/tracer_parts.h"

uint64_t tracer_skew(const struct tracer *tracer, uint32_t index)
{
	const struct skew_cell *cell = &tracer->cells[index % tracer->nr_cells];
	unsigned int tries = 0;

	if (!index)
		return 0;
	/* The two words change one after the other; their signs show whether they belong together.
	 */
	do {
		uint64_t states = __atomic_load_n(&cell->states, __ATOMIC_ACQUIRE);
		int64_t skew = (int64_t)__atomic_load_n(&cell->skew_ns, __ATOMIC_ACQUIRE);
		bool skewed = states >> 32 && (uint32_t)states;

		if (skewed == (skew < 0))
			return (uint64_t)skew + (skewed ? mono_ns() : 0);
	} while (slots_retry(&tries));
	return 0;
}

bool tracer_wait(struct tracer *tracer, struct wait_event *ret_event, uint64_t *ret_lost)
{
	uint64_t size = (uint64_t)tracer->event_mask + 1;
	uint64_t head = __atomic_load_n(&tracer->control->event_head, __ATOMIC_ACQUIRE);

	while (tracer->event_tail < head) {
		uint64_t at = tracer->event_tail;
		const struct wait_event *event = &tracer->events[at & tracer->event_mask];
		uint64_t before, after;

		if (head - at > size) {
			*ret_lost += head - at - size;
			tracer->event_tail = head - size;
			continue;
		}
		before = __atomic_load_n(&event->seq, __ATOMIC_ACQUIRE);
		if (!before || before < at + 1)
			return false; /* still being written */
		memcpy(ret_event, event, sizeof(*ret_event));
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = __atomic_load_n(&event->seq, __ATOMIC_RELAXED);
		tracer->event_tail++;
		if (before == at + 1 && after == before)
			return true;
		(*ret_lost)++;
	}
	return false;
}

/* The next slot that has a mark, 0: none. */
static uint32_t next_marked(struct tracer *tracer)
{
	uint32_t word, bit;

	while (!tracer->marked) {
		if (tracer->next_mark * 64 >= tracer->nr_slots)
			return 0;
		word = tracer->next_mark++;
		if (__atomic_load_n(&tracer->marks[word], __ATOMIC_RELAXED))
			tracer->marked =
				__atomic_exchange_n(&tracer->marks[word], 0, __ATOMIC_SEQ_CST);
		if (!word)
			tracer->marked &= ~1ULL; /* slot 0 is never used */
	}
	bit = (uint32_t)__builtin_ctzll(tracer->marked);
	tracer->marked &= tracer->marked - 1;
	return (tracer->next_mark - 1) * 64 + bit;
}

/* The notices of a slot; false: the slot was given back since. */
static bool notices_of_slot(struct slot *slot, struct tracer_notice *ret_notice)
{
	struct tracer_notice notice = {
		.what = __atomic_fetch_and(&slot->notices, NOTICE_LASTING, __ATOMIC_SEQ_CST)};
	unsigned int tries = 0;
	uint32_t before, after;

	do {
		before = __atomic_load_n(&slot->seq, __ATOMIC_ACQUIRE);
		notice.process = (pid_t)slot->tgid;
		notice.tid = (pid_t)slot->tid;
		notice.vcpu = slot->vcpu < 0 ? -1 : slot->vcpu;
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		after = __atomic_load_n(&slot->seq, __ATOMIC_RELAXED);
	} while ((before != after || before & 1) && slots_retry(&tries));
	*ret_notice = notice;
	return notice.what && notice.process;
}

static bool next_slot_notice(struct tracer *tracer, struct tracer_notice *ret_notice)
{
	uint32_t index;

	while ((index = next_marked(tracer))) {
		struct slot *slot = slots_at(tracer, index);

		if (slot && notices_of_slot(slot, ret_notice))
			return true;
		if (!slot) /* for want of memory: the next time */
			__atomic_fetch_or(&tracer->marks[index / 64], 1ULL << (index & 63),
					  __ATOMIC_SEQ_CST);
	}
	return false;
}

static bool next_caller_notice(struct tracer *tracer, struct tracer_notice *ret_notice)
{
	while (tracer->next_caller < NR_CALLERS) {
		uint64_t *caller = &tracer->callers[tracer->next_caller++], word;

		if (!__atomic_load_n(caller, __ATOMIC_RELAXED))
			continue;
		word = __atomic_exchange_n(caller, 0, __ATOMIC_SEQ_CST);
		*ret_notice = (struct tracer_notice){
			.what = caller_notices(word),
			.process = (pid_t)caller_process(word),
			.tid = (pid_t)caller_tid(word),
			.vcpu = caller_vcpu(word) == CALLER_VCPU_UNKNOWN ? -1
									 : (int)caller_vcpu(word),
		};
		return true;
	}
	return false;
}

bool tracer_notice(struct tracer *tracer, struct tracer_notice *ret_notice)
{
	if (next_slot_notice(tracer, ret_notice) || next_caller_notice(tracer, ret_notice))
		return true;
	tracer->next_mark = 0;
	tracer->next_caller = 0;
	return false;
}

void tracer_looking(struct tracer *tracer, uint32_t index)
{
	struct slot *slot = slots_at(tracer, index);

	if (slot && __atomic_load_n(&slot->notices, __ATOMIC_RELAXED) & NOTICE_LASTING)
		__atomic_fetch_and(&slot->notices, ~(uint32_t)NOTICE_LASTING, __ATOMIC_SEQ_CST);
}

uint64_t tracer_notices_lost(struct tracer *tracer)
{
	uint64_t lost = __atomic_load_n(&tracer->control->callers_lost, __ATOMIC_RELAXED);
	uint64_t since = lost - tracer->callers_lost;

	tracer->callers_lost = lost;
	return since;
}

uint64_t tracer_clock(struct tracer *tracer)
{
	int64_t ahead = __atomic_load_n(&tracer->control->clock_ahead, __ATOMIC_RELAXED);

	return ahead ? (uint64_t)((int64_t)mono_ns() + ahead) : 0;
}

void tracer_counts(const struct tracer *tracer, struct tracer_counts *ret_counts)
{
	struct tracer_counts counts = {0};
	unsigned int cpu;

	for (cpu = 0; cpu < tracer->nr_cpus; cpu++) {
#define ADD(field, ...) counts.field += tracer->counts[cpu].field;
		CPU_COUNTERS(ADD)
#undef ADD
		counts.long_waits_lost += tracer->counts[cpu].rate.lost;
	}
	*ret_counts = counts;
}

void tracer_times(const struct tracer *tracer, enum hook hook, struct hook_times *ret_times)
{
	struct hook_times times = {0};
	unsigned int cpu;

	for (cpu = 0; cpu < tracer->nr_cpus; cpu++)
		hook_times_merge(&times, &tracer->counts[cpu].times[hook]);
	*ret_times = times;
}
