// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The arm64 guest: spins on the one CPU of QEMU's "virt" machine and, asked by a "?" on its serial
 * port, says what its clocks show, as tests/guest does:
 *
 *	steal cpu=0 ns=123 clock=456
 *
 * ns: the hypervisor's stolen time ("unsupported" without it), Arm DEN 0057A; clock: the virtual
 * counter's time, in nanoseconds.
 */
#include <stdbool.h>
#include <stdint.h>

#define PV_TIME_FEATURES 0xc5000020U
#define PV_TIME_ST 0xc5000021U
#define NOT_SUPPORTED (-1)

/* PL011, where QEMU's "virt" has it */
#define UART 0x09000000UL
#define UART_DATA (*(volatile uint32_t *)UART)
#define UART_FLAGS (*(volatile uint32_t *)(UART + 0x18))
#define UART_NOTHING_CAME (1U << 4)
#define UART_FULL (1U << 5)

/* A look at the port is an exit to QEMU: a few hundred a second. */
#define SPINS 1000000U

struct stolen_time {
	uint32_t revision;
	uint32_t attributes;
	uint64_t ns;
};

void guest_main(void);

__asm__(".section .text.start,\"ax\"\n"
	".global _start\n"
	"_start:\n"
	"	adrp	x0, stack_top\n"
	"	mov	sp, x0\n"
	"	b	guest_main\n"
	".bss\n"
	".balign 4096\n"
	"	.space	4096\n"
	"stack_top:\n"
	".text\n");

static int64_t hypercall(uint32_t function, uint64_t argument)
{
	register uint64_t x0 __asm__("x0") = function;
	register uint64_t x1 __asm__("x1") = argument;

	__asm__ volatile("hvc #0"
			 : "+r"(x0), "+r"(x1)
			 :
			 : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12",
			   "x13", "x14", "x15", "x16", "x17", "memory");
	return (int64_t)x0;
}

static void print(const char *text)
{
	for (; *text; text++) {
		while (UART_FLAGS & UART_FULL)
			;
		UART_DATA = (uint32_t)*text;
	}
}

static void print_number(uint64_t value)
{
	char digits[21], *at = &digits[20];

	*at = '\0';
	do {
		*--at = (char)('0' + value % 10);
	} while (value /= 10);
	print(at);
}

static uint64_t clock_ns(void)
{
	uint64_t ticks, frequency;

	__asm__ volatile("isb; mrs %0, cntvct_el0" : "=r"(ticks));
	__asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
	return ticks / frequency * 1000000000 + ticks % frequency * 1000000000 / frequency;
}

static void report(const volatile struct stolen_time *stolen)
{
	print("steal cpu=0 ns=");
	if (stolen)
		print_number(stolen->ns);
	else
		print("unsupported");
	print(" clock=");
	print_number(clock_ns());
	print("\nend\n");
}

void guest_main(void)
{
	const volatile struct stolen_time *stolen = 0;
	int64_t address = NOT_SUPPORTED;

	if (hypercall(PV_TIME_FEATURES, PV_TIME_ST) == 0)
		address = hypercall(PV_TIME_ST, 0);
	if (address != NOT_SUPPORTED)
		stolen = (const volatile struct stolen_time *)address;
	print(stolen ? "guest\nready\n" : "guest\nsteal unsupported\nready\n");
	for (;;) {
		for (uint32_t spins = 0; spins < SPINS; spins++)
			__asm__ volatile("");
		if (!(UART_FLAGS & UART_NOTHING_CAME) && (UART_DATA & 0xff) == '?')
			report(stolen);
	}
}
