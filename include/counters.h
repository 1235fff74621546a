/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counters, a row each. Fields, copies, recording, differences, sums and JSON follow from the row
 * (slot.h, model/snapshot.h, model/report.c): what remains is to count it, and to show it.
 */
#ifndef STEALSCOPE_COUNTERS_H
#define STEALSCOPE_COUNTERS_H

/*
 * Of a watched thread, since it is watched: counted in its slot by the hooks. X(field)
 *
 *	steal_ns	of finished waits, whose causes sum to it
 *	merged		waits that could not be separated from the one before
 */
#define SLOT_COUNTERS(X) X(steal_ns) X(merged)

/* All of a thread; the time that it ran is counted in two parts. */
#define THREAD_COUNTERS(X) X(run_ns) SLOT_COUNTERS(X)

/*
 * What was missed or settled on a CPU, counted there by the hooks:
 * X(field, metric, the metric's help, what follows the number below a report)
 */
#define CPU_COUNTERS(X)                                                                       \
	X(merged, "stealscope_merged_waits_total",                                            \
	  "Waits that could not be separated from the one before; their time is complete.",   \
	  "waits were merged (totals are exact)")                                             \
	X(chain_breaks, "stealscope_chain_breaks_total",                                      \
	  "Context switches that were hidden from tracing.",                                  \
	  "context switches were hidden from tracing")                                        \
	X(clamped, "stealscope_clamped_total", "Negative time differences, counted as 0.",    \
	  "negative time differences were counted as 0")                                      \
	X(storage_failures, "stealscope_storage_failures_total",                              \
	  "Failed attempts to watch a new thread at once: the kernel had no memory at hand.", \
	  "times a new thread was not watched at once: the kernel had no memory at hand")

/* The same with what the loader finds missing. */
#define LOSS_COUNTERS(X)                                                       \
	X(dropped, "stealscope_dropped_total",                                 \
	  "Threads that found no free slot, and events that were lost.", NULL) \
	X(missed, "stealscope_missed_runs_total",                              \
	  "Runs of the BPF programs that the kernel skipped, each a loss.",    \
	  "runs of the BPF programs were skipped by the kernel")               \
	CPU_COUNTERS(X)

#endif
