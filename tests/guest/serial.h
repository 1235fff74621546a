/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* COM1 by interrupt, so that waiting for a request costs no exit. */
#ifndef GUEST_SERIAL_H
#define GUEST_SERIAL_H

#include <stdint.h>

#define VECTOR_PIC 0x20 /* where the legacy interrupts are moved to, 16 vectors */
#define VECTOR_SERIAL (VECTOR_PIC + 4)

void serial_init(void);
/* The handler's part: bytes received since the last call; the last of them in *@ret_byte. */
unsigned int serial_irq(uint8_t *ret_byte);

void print_str(const char *s);
void print_u64(uint64_t value);
/* " NAME=VALUE" */
void print_field(const char *name, uint64_t value);

#endif
