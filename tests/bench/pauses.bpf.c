// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a hook's longest run is where the hook is not to blame: at every switch the clock is read
 * for half a microsecond, and nothing else. What lasts longer was an interrupt that cannot be
 * masked, or a hypervisor that took the CPU.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "slot.h"

#define RUN_NS 500
#define MAX_LOOKS 1000

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_CPUS);
	__type(key, __u32);
	__type(value, struct hook_times);
} pauses SEC(".maps");

SEC("tp_btf/sched_switch")
int BPF_PROG(pause_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	__u64 began = bpf_ktime_get_ns(), ns = 0;
	struct hook_times *times;
	__u32 cpu = bpf_get_smp_processor_id(), i;

	for (i = 0; i < MAX_LOOKS && ns < RUN_NS; i++)
		ns = bpf_ktime_get_ns() - began;
	times = bpf_map_lookup_elem(&pauses, &cpu);
	if (times)
		hook_times_add(times, ns);
	return 0;
}
