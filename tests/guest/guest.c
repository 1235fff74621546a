// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A guest that spends its virtual CPUs' time as it is told (options.h) and says on its serial port
 * what its clocks show, one line per CPU and an "end" line:
 *
 *	steal cpu=0 ns=123 clock=456 stalls=120 stall_max=99
 *
 * ns: KVM's steal clock ("unsupported" without one); clock: guest time; stalls: the sum of gaps of
 * STALL_NS and more between two looks at the clock of a CPU that works, the guest's own estimate
 * of what was stolen, and stall_max the longest since the last line, all in nanoseconds.
 *
 * A spinning CPU causes no exits of its own.
 */
#include "kvm.h"
#include "lapic.h"
#include "layout.h"
#include "machine.h"
#include "options.h"
#include "serial.h"

#define STALL_NS 100000U
#define TIMER_MAX_NS 4000000000U
#define AP_TIMEOUT_NS 10000000000ULL
#define NEVER UINT64_MAX

struct multiboot_info {
	uint32_t flags;
	uint32_t mem[2];
	uint32_t boot_device;
	uint32_t cmdline;
};
#define MULTIBOOT_HAS_CMDLINE (1U << 2)

struct cpu {
	bool online;
	uint64_t last; /* look at the clock; 0: none to compare with */
	uint64_t stalls;
	uint64_t stall_max;
};

struct idt_entry {
	uint16_t offset_low;
	uint16_t selector;
	uint16_t flags;
	uint16_t offset_mid;
	uint32_t offset_high;
	uint32_t reserved;
};
#define IDT_INTERRUPT 0x8e00
#define NR_VECTORS 0x50
#define NR_EXCEPTIONS 32
#define SEL_CODE 0x08

struct frame;

extern const uint8_t ap_start[], ap_start_end[];
void bsp_main(uint32_t info);
void ap_main(unsigned int id);

static volatile struct cpu cpus[MAX_CPUS];
static struct idt_entry idt[NR_VECTORS];
static struct options options;
static unsigned int nr_cpus;
static uint64_t next_report = NEVER;
static uint64_t exit_at = NEVER;
static volatile bool report_wanted;
static volatile bool exit_wanted;

static void shut_down(void)
{
	outb(0x501, 0);	     /* isa-debug-exit */
	outw(0x604, 0x2000); /* else ACPI, as the firmware of QEMU's "pc" leaves it */
	for (;;) {
		irq_disable();
		__asm__ volatile("hlt");
	}
}

static void report(unsigned int self)
{
	for (unsigned int i = 0; i < nr_cpus; i++) {
		print_str("steal");
		print_field("cpu", i);
		if (kvm_has_steal())
			print_field("ns", kvm_steal_ns(i));
		else
			print_str(" ns=unsupported");
		print_field("clock", kvm_clock_ns(self));
		print_field("stalls", cpus[i].stalls);
		print_field("stall_max", cpus[i].stall_max);
		print_str("\n");
		cpus[i].stall_max = 0;
	}
	print_str("end\n");
}

/* The first CPU's duties. */
static void serve(unsigned int self, uint64_t now)
{
	if (exit_wanted || now >= exit_at)
		shut_down();
	if (!report_wanted && now < next_report)
		return;
	report_wanted = false;
	if (now >= next_report)
		next_report = now + options.report_ns;
	report(self);
	cpus[self].last = 0;
}

/* One look at the clock by a CPU that works. */
static uint64_t look(unsigned int self)
{
	volatile struct cpu *cpu = &cpus[self];
	uint64_t now = kvm_clock_ns(self);
	uint64_t gap = cpu->last ? now - cpu->last : 0;

	if (gap >= STALL_NS) {
		cpu->stalls += gap;
		if (gap > cpu->stall_max)
			cpu->stall_max = gap;
	}
	cpu->last = now;
	if (self == 0)
		serve(self, now);
	cpu_relax();
	return now;
}

static void work(unsigned int self, uint64_t ns)
{
	uint64_t start = kvm_clock_ns(self);

	cpus[self].last = 0;
	while (look(self) - start < ns)
		;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Halt until guest time @until; the first CPU gets up for its duties. */
static void sleep_until(unsigned int self, uint64_t until)
{
	uint64_t now, due;

	irq_disable();
	for (;;) {
		now = kvm_clock_ns(self);
		if (self == 0)
			serve(self, now);
		if (now >= until)
			break;
		due = self ? until : min_u64(until, min_u64(next_report, exit_at));
		if (due > now)
			lapic_timer_start((uint32_t)min_u64(due - now, TIMER_MAX_NS), true);
		if (self || !(report_wanted || exit_wanted))
			halt_for_irq();
	}
	irq_enable();
}

static void run(unsigned int self)
{
	irq_enable();
	if (options.spin >> self & 1)
		work(self, NEVER);
	if (!options.sleep_ns)
		sleep_until(self, NEVER);
	for (;;) {
		sleep_until(self, kvm_clock_ns(self) + options.sleep_ns);
		work(self, options.work_ns);
	}
}

__attribute__((interrupt)) static void on_exception(struct frame *frame)
{
	(void)frame;
	print_str("exception\n");
	shut_down();
}

__attribute__((interrupt)) static void on_timer(struct frame *frame)
{
	(void)frame;
	lapic_eoi();
}

__attribute__((interrupt)) static void on_spurious(struct frame *frame)
{
	(void)frame;
}

__attribute__((interrupt)) static void on_serial(struct frame *frame)
{
	uint8_t byte = 0;

	(void)frame;
	if (serial_irq(&byte))
		report_wanted = true;
	if (byte == 'q')
		exit_wanted = true;
}

static void set_gate(unsigned int vector, void (*handler)(struct frame *))
{
	uint64_t address = (uintptr_t)handler;

	idt[vector].offset_low = (uint16_t)address;
	idt[vector].selector = SEL_CODE;
	idt[vector].flags = IDT_INTERRUPT;
	idt[vector].offset_mid = (uint16_t)(address >> 16);
	idt[vector].offset_high = (uint32_t)(address >> 32);
}

static void idt_init(void)
{
	for (unsigned int i = 0; i < NR_VECTORS; i++)
		set_gate(i, i < NR_EXCEPTIONS ? on_exception : on_spurious);
	set_gate(VECTOR_SERIAL, on_serial);
	set_gate(VECTOR_TIMER, on_timer);
}

static void cpu_init(unsigned int self)
{
	const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) pointer = {sizeof(idt) - 1, (uintptr_t)idt};

	__asm__ volatile("lidt %0" : : "m"(pointer));
	lapic_enable();
	kvm_cpu_init(self);
}

/* QEMU's fw_cfg device knows the number of CPUs (FW_CFG_NB_CPUS). */
static unsigned int count_cpus(void)
{
	unsigned int nr;

	outw(0x510, 0x05);
	nr = inb(0x511);
	return nr <= MAX_CPUS ? nr : MAX_CPUS;
}

static void start_others(void)
{
	volatile uint8_t *to = (volatile uint8_t *)(uintptr_t)AP_START;
	uint64_t deadline = kvm_clock_ns(0) + AP_TIMEOUT_NS;

	for (const uint8_t *from = ap_start; from < ap_start_end; from++)
		*to++ = *from;
	lapic_start_others(AP_START);
	for (unsigned int i = 1; i < nr_cpus; i++)
		while (!cpus[i].online && kvm_clock_ns(0) < deadline)
			cpu_relax();
}

void ap_main(unsigned int id)
{
	cpu_init(id);
	cpus[id].online = true;
	run(id);
}

static void greet(void)
{
	print_str("guest");
	for (unsigned int i = 0; i < nr_cpus; i++)
		if (cpus[i].online)
			print_field("cpu", i);
	print_str(kvm_has_clock() ? " clock=kvm" : " clock=tsc");
	print_str(kvm_has_steal() ? "\n" : "\nsteal unsupported\n");
	print_str("ready\n");
}

void bsp_main(uint32_t address)
{
	const struct multiboot_info *info = (void *)(uintptr_t)address;
	uint64_t now;

	if (info->flags & MULTIBOOT_HAS_CMDLINE)
		options_parse((const char *)(uintptr_t)info->cmdline, &options);
	serial_init();
	nr_cpus = count_cpus();
	idt_init();
	lapic_enable();
	kvm_init();
	cpu_init(0);
	lapic_take_pic();
	cpus[0].online = true;
	if (nr_cpus > 1)
		start_others();
	greet();
	now = kvm_clock_ns(0);
	if (options.report_ns)
		next_report = now + options.report_ns;
	if (options.exit_ns)
		exit_at = now + options.exit_ns;
	run(0);
}
