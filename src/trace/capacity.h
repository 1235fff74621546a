/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef STEALSCOPE_CAPACITY_H
#define STEALSCOPE_CAPACITY_H

#include <stddef.h>
#include <stdint.h>

/*
 * How many threads the table shall have places for: it is made once, and all of its memory with it.
 * As many as this host may come to have, by its CPUs (@cpus) and memory (@bytes), and twice what
 * there is (@threads); but no one who starts many threads makes it take more than a sixteenth of
 * the memory.
 */
unsigned int capacity_default(size_t threads, unsigned int cpus, uint64_t bytes);

#endif
