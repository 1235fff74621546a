/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The clocks that KVM keeps for a guest: its time and what was stolen from it. */
#ifndef GUEST_KVM_H
#define GUEST_KVM_H

#include <stdbool.h>
#include <stdint.h>

/* Once, on the first CPU: find what KVM offers. Without kvmclock the TSC is calibrated. */
void kvm_init(void);
/* On every CPU, before it asks for a clock: tell KVM where to write. */
void kvm_cpu_init(unsigned int cpu);

bool kvm_has_steal(void);
bool kvm_has_clock(void);

/* Guest time on @cpu, the running one, in ns. kvmclock stands still while QEMU has the VM stopped.
 */
uint64_t kvm_clock_ns(unsigned int cpu);

/* What KVM last published for @cpu, which may be another one, in ns. KVM does so whenever it enters
 * the guest after the thread was switched in (record_steal_time(), arch/x86/kvm/x86.c). */
uint64_t kvm_steal_ns(unsigned int cpu);

#endif
