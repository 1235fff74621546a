/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Switches that tracing did not see: whose was the time before the last of them?
 */
#ifndef STEALSCOPE_HIDDEN_H
#define STEALSCOPE_HIDDEN_H

/*
 * The CPU's record reaches to @since; its present run began at @arrival, unseen, and it is @clock
 * now; @hidden switches were not seen in between. A single one was from the task that was last seen
 * to get the CPU: that task's are the nanoseconds returned. Of more than one only the last is
 * known, and the time before it is nobody's.
 */
static inline __attribute__((always_inline)) __u64 hidden_run_of_last(__u64 since, __u64 arrival,
								      __u64 clock, __u64 hidden)
{
	return hidden == 1 && since < arrival && arrival < clock ? arrival - since : 0;
}

#endif
