// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kvm.h"

#include "lapic.h"
#include "layout.h"
#include "machine.h"

/* arch/x86/include/uapi/asm/kvm_para.h, pvclock-abi.h */
#define KVM_CPUID_SIGNATURE 0x40000000
#define KVM_CPUID_FEATURES 0x40000001
#define KVM_FEATURE_CLOCKSOURCE2 (1U << 3)
#define KVM_FEATURE_STEAL_TIME (1U << 5)
#define MSR_KVM_SYSTEM_TIME_NEW 0x4b564d01
#define MSR_KVM_STEAL_TIME 0x4b564d03
#define KVM_MSR_ENABLED 1
#define CPUID_HYPERVISOR (1U << 31)

struct kvm_steal_time {
	uint64_t steal;
	uint32_t version;
	uint32_t flags;
	uint8_t preempted;
	uint8_t u8_pad[3];
	uint32_t pad[11];
} __attribute__((aligned(64)));

struct pvclock_vcpu_time_info {
	uint32_t version;
	uint32_t pad0;
	uint64_t tsc_timestamp;
	uint64_t system_time;
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags;
	uint8_t pad[2];
} __attribute__((aligned(32)));

#define CALIBRATE_NS 10000000U

static volatile struct kvm_steal_time steal_time[MAX_CPUS];
static volatile struct pvclock_vcpu_time_info clock_info[MAX_CPUS];
static uint32_t features;
static uint32_t tsc_mul; /* without kvmclock: ns = ticks * tsc_mul >> 32 */

static uint32_t kvm_features(void)
{
	uint32_t regs[4];

	cpuid(1, regs);
	if (!(regs[2] & CPUID_HYPERVISOR))
		return 0;
	cpuid(KVM_CPUID_SIGNATURE, regs); /* "KVMKVMKVM\0\0\0" */
	if (regs[1] != 0x4b4d564b || regs[2] != 0x564b4d56 || regs[3] != 0x4d)
		return 0;
	cpuid(KVM_CPUID_FEATURES, regs);
	return regs[0];
}

/* The local APIC's timer counts nanoseconds, in QEMU as in KVM. */
static uint32_t calibrate_tsc(void)
{
	uint64_t tsc = rdtsc();
	uint32_t count;

	lapic_timer_start(UINT32_MAX, false);
	do
		count = UINT32_MAX - lapic_timer_left();
	while (count < CALIBRATE_NS);
	tsc = rdtsc() - tsc;
	lapic_timer_stop();
	return (uint32_t)(((uint64_t)count << 32) / tsc);
}

void kvm_init(void)
{
	features = kvm_features();
	if (!kvm_has_clock())
		tsc_mul = calibrate_tsc();
}

void kvm_cpu_init(unsigned int cpu)
{
	if (kvm_has_clock())
		wrmsr(MSR_KVM_SYSTEM_TIME_NEW, (uintptr_t)&clock_info[cpu] | KVM_MSR_ENABLED);
	if (kvm_has_steal())
		wrmsr(MSR_KVM_STEAL_TIME, (uintptr_t)&steal_time[cpu] | KVM_MSR_ENABLED);
}

bool kvm_has_steal(void)
{
	return features & KVM_FEATURE_STEAL_TIME;
}

bool kvm_has_clock(void)
{
	return features & KVM_FEATURE_CLOCKSOURCE2;
}

static uint64_t scale(uint64_t ticks, uint32_t mul)
{
	return (uint64_t)(((unsigned __int128)ticks * mul) >> 32);
}

uint64_t kvm_clock_ns(unsigned int cpu)
{
	volatile struct pvclock_vcpu_time_info *info = &clock_info[cpu];
	uint64_t ticks, ns;
	uint32_t version;

	if (!kvm_has_clock())
		return scale(rdtsc(), tsc_mul);
	do {
		version = info->version & ~1U;
		ticks = rdtsc() - info->tsc_timestamp;
		ticks = info->tsc_shift < 0 ? ticks >> -info->tsc_shift : ticks << info->tsc_shift;
		ns = info->system_time + scale(ticks, info->tsc_to_system_mul);
	} while (info->version != version);
	return ns;
}

uint64_t kvm_steal_ns(unsigned int cpu)
{
	volatile struct kvm_steal_time *st = &steal_time[cpu];
	uint32_t version;
	uint64_t ns;

	do {
		version = st->version & ~1U;
		ns = st->steal;
	} while (st->version != version);
	return ns;
}
