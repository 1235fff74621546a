/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The threads of the host, written to whoever reads the iterator. It takes no part in tracing.
 */
#ifndef STEALSCOPE_BPF_CENSUS_H
#define STEALSCOPE_BPF_CENSUS_H

#include "common.h"

#include "census_task.h"

SEC("iter/task")
int census(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct census_task entry = {};

	if (!task || task->flags & PF_KTHREAD)
		return 0;
	entry.tid = task->pid;
	entry.tgid = task->tgid;
	entry.start = task->start_boottime / TICK_NS;
	entry.flags = task->flags;
	entry.execs = task->self_exec_id;
	__builtin_memcpy(entry.comm, task->comm, sizeof(entry.comm));
	bpf_seq_write(ctx->meta->seq, &entry, sizeof(entry));
	return 0;
}

#endif
