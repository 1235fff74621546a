// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "serial.h"

#include "machine.h"

#define COM1 0x3f8
#define COM_DATA (COM1 + 0)
#define COM_IER (COM1 + 1)
#define COM_FCR (COM1 + 2)
#define COM_LCR (COM1 + 3)
#define COM_MCR (COM1 + 4)
#define COM_LSR (COM1 + 5)
#define LSR_DATA_READY 0x01
#define LSR_SENT 0x20
#define FIFO_SIZE 16

#define PIC1 0x20
#define PIC2 0xa0
#define PIC_EOI 0x20
#define PIC_ONLY_IRQ4 0xef

static void pic_init(void)
{
	outb(PIC1, 0x11); /* ICW1: cascade, ICW4 follows */
	outb(PIC2, 0x11);
	outb(PIC1 + 1, VECTOR_PIC);
	outb(PIC2 + 1, VECTOR_PIC + 8);
	outb(PIC1 + 1, 0x04);
	outb(PIC2 + 1, 0x02);
	outb(PIC1 + 1, 0x01); /* ICW4: 8086 mode */
	outb(PIC2 + 1, 0x01);
	outb(PIC1 + 1, PIC_ONLY_IRQ4);
	outb(PIC2 + 1, 0xff);
}

void serial_init(void)
{
	pic_init();
	outb(COM_LCR, 0x80);
	outb(COM_DATA, 1); /* 115200 baud */
	outb(COM_IER, 0);
	outb(COM_LCR, 0x03); /* 8n1 */
	outb(COM_FCR, 0x07); /* FIFOs on and empty */
	outb(COM_MCR, 0x0b); /* DTR, RTS, interrupts */
	outb(COM_IER, 0x01); /* interrupt on receipt */
}

unsigned int serial_irq(uint8_t *ret_byte)
{
	unsigned int nr = 0;

	for (; inb(COM_LSR) & LSR_DATA_READY; nr++)
		*ret_byte = inb(COM_DATA);
	outb(PIC1, PIC_EOI);
	return nr;
}

/* An access to a port leaves the guest: look at the status once per FIFO, not per byte. */
static void put_byte(char c)
{
	static unsigned int room;

	if (!room) {
		while (!(inb(COM_LSR) & LSR_SENT))
			cpu_relax();
		room = FIFO_SIZE;
	}
	outb(COM_DATA, (uint8_t)c);
	room--;
}

void print_str(const char *s)
{
	for (; *s; s++)
		put_byte(*s);
}

void print_u64(uint64_t value)
{
	char digits[24];
	char *p = digits + sizeof(digits);

	*--p = '\0';
	do
		*--p = (char)('0' + value % 10);
	while (value /= 10);
	print_str(p);
}

void print_field(const char *name, uint64_t value)
{
	print_str(" ");
	print_str(name);
	print_str("=");
	print_u64(value);
}
