/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The local APIC of the running CPU (xAPIC, at its reset address). */
#ifndef GUEST_LAPIC_H
#define GUEST_LAPIC_H

#include <stdbool.h>
#include <stdint.h>

#define VECTOR_TIMER 0x40
#define VECTOR_SPURIOUS 0x4f

void lapic_enable(void);
/* On the first CPU: the legacy interrupt controller's interrupts come here. */
void lapic_take_pic(void);
void lapic_eoi(void);

/* One shot, @ns nanoseconds from now; with @irq it raises VECTOR_TIMER. */
void lapic_timer_start(uint32_t ns, bool irq);
uint32_t lapic_timer_left(void);
void lapic_timer_stop(void);

/* Start every other CPU at physical address @start (real mode, page-aligned, below 1 MiB). */
void lapic_start_others(uint32_t start);

#endif
