// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Nothing, on the tracepoints that stealscope.bpf.c is on at run time: what it costs to have a
 * program there at all.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/sched_switch")
int BPF_PROG(empty_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	return 0;
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(empty_wakeup, struct task_struct *task)
{
	return 0;
}

SEC("tp_btf/sched_migrate_task")
int BPF_PROG(empty_migrate, struct task_struct *task, int dest_cpu)
{
	return 0;
}
