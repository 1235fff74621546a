// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/arith.h"
#include "model/report.h"

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

void report_host(const struct host_times *from, const struct host_times *to,
		 struct host_report *host)
{
	uint64_t guest = grown(from->guest, to->guest);
	uint64_t guest_nice = grown(from->guest_nice, to->guest_nice);
	uint64_t user = grown(from->user, to->user), nice = grown(from->nice, to->nice);
	uint64_t system = grown(from->system, to->system), irq = grown(from->irq, to->irq);
	uint64_t softirq = grown(from->softirq, to->softirq);
	uint64_t iowait = grown(from->iowait, to->iowait), idle = grown(from->idle, to->idle);
	uint64_t steal = grown(from->steal, to->steal);
	/* The kernel counts guest within user (account_guest_time() in kernel/sched/cputime.c). */
	uint64_t all = user + nice + system + irq + softirq + iowait + idle + steal;

	host->cpus = to->cpus;
	host->user = percent(grown(guest, user), all);
	host->nice = percent(grown(guest_nice, nice), all);
	host->guest = percent(guest + guest_nice, all);
	host->system = percent(system, all);
	host->irq = percent(irq, all);
	host->softirq = percent(softirq, all);
	host->iowait = percent(iowait, all);
	host->idle = percent(idle, all);
	host->steal = percent(steal, all);
}
