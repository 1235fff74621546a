// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "lapic.h"

#define LAPIC_BASE 0xfee00000UL
#define REG_EOI 0xb0
#define REG_SPURIOUS 0xf0
#define REG_ICR 0x300
#define REG_LVT_TIMER 0x320
#define REG_LVT_LINT0 0x350
#define REG_TIMER_INITIAL 0x380
#define REG_TIMER_CURRENT 0x390
#define REG_TIMER_DIVIDE 0x3e0

#define SPURIOUS_ENABLE 0x100
#define LVT_MASKED 0x10000
#define LVT_EXTINT 0x700
#define DIVIDE_BY_1 0xb
#define ICR_ALL_BUT_SELF 0xc0000
#define ICR_ASSERT 0x4000
#define ICR_INIT 0x500
#define ICR_STARTUP 0x600

static void lapic_write(uint32_t reg, uint32_t value)
{
	*(volatile uint32_t *)(LAPIC_BASE + reg) = value;
}

static uint32_t lapic_read(uint32_t reg)
{
	return *(volatile uint32_t *)(LAPIC_BASE + reg);
}

void lapic_enable(void)
{
	lapic_write(REG_SPURIOUS, SPURIOUS_ENABLE | VECTOR_SPURIOUS);
	lapic_write(REG_TIMER_DIVIDE, DIVIDE_BY_1);
	lapic_write(REG_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
}

void lapic_take_pic(void)
{
	lapic_write(REG_LVT_LINT0, LVT_EXTINT);
}

void lapic_eoi(void)
{
	lapic_write(REG_EOI, 0);
}

void lapic_timer_start(uint32_t ns, bool irq)
{
	lapic_write(REG_LVT_TIMER, VECTOR_TIMER | (irq ? 0 : LVT_MASKED));
	lapic_write(REG_TIMER_INITIAL, ns);
}

uint32_t lapic_timer_left(void)
{
	return lapic_read(REG_TIMER_CURRENT);
}

void lapic_timer_stop(void)
{
	lapic_write(REG_TIMER_INITIAL, 0);
}

void lapic_start_others(uint32_t start)
{
	lapic_write(REG_ICR, ICR_ALL_BUT_SELF | ICR_ASSERT | ICR_INIT);
	lapic_write(REG_ICR, ICR_ALL_BUT_SELF | ICR_ASSERT | ICR_STARTUP | start >> 12);
}
