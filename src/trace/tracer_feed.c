// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "base/clock.h"
#include "trace/tracer_parts.h"

uint64_t tracer_skew(const struct tracer *tracer, uint32_t index)
{
	const struct skew_cell *cell = &tracer->cells[index % tracer->nr_cells];
	unsigned int tries;

	/* The two words change one after the other; their signs tell whether they belong together.
	 */
	for (tries = 0; index && tries < 1000; tries++) {
		uint64_t states = __atomic_load_n(&cell->states, __ATOMIC_ACQUIRE);
		int64_t skew = (int64_t)__atomic_load_n(&cell->skew_ns, __ATOMIC_ACQUIRE);
		bool skewed = states >> 32 && (uint32_t)states;

		if (skewed == (skew < 0))
			return (uint64_t)skew + (skewed ? mono_ns() : 0);
	}
	return 0;
}

bool tracer_event(struct tracer *tracer, struct event *ret_event, uint64_t *ret_lost)
{
	uint64_t head = __atomic_load_n(&tracer->control->event_head, __ATOMIC_ACQUIRE);

	while (tracer->event_tail < head) {
		uint64_t at = tracer->event_tail;
		const struct event *event = &tracer->events[at % NR_EVENTS];
		uint64_t before, after;

		if (head - at > NR_EVENTS) {
			*ret_lost += head - at - NR_EVENTS;
			tracer->event_tail = head - NR_EVENTS;
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
		counts.merged += tracer->counts[cpu].merged;
		counts.chain_breaks += tracer->counts[cpu].chain_breaks;
		counts.clamped += tracer->counts[cpu].clamped;
		counts.watch_lost += tracer->counts[cpu].rate_lost;
	}
	*ret_counts = counts;
}

void tracer_times(const struct tracer *tracer, enum hook hook, struct hook_times *ret_times)
{
	struct hook_times times = {0};
	unsigned int cpu;

	for (cpu = 0; cpu < tracer->nr_cpus; cpu++) {
		const struct hook_times *of_cpu = &tracer->counts[cpu].times[hook];

		times.runs += of_cpu->runs;
		times.over += of_cpu->over;
		if (of_cpu->longest_ns > times.longest_ns)
			times.longest_ns = of_cpu->longest_ns;
	}
	*ret_times = times;
}
