/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The keys of `top`: one table does what they do, the help and the line at the bottom.
 */
#ifndef STEALSCOPE_SCREEN_KEYS_H
#define STEALSCOPE_SCREEN_KEYS_H

#include "screen/screen.h"

#define AT_DOMAINS (1U << LEVEL_DOMAINS)
#define AT_THREADS (1U << LEVEL_THREADS)
#define AT_THREAD (1U << LEVEL_THREAD)
#define AT_TABLES (AT_DOMAINS | AT_THREADS)
#define AT_ALL (AT_TABLES | AT_THREAD)

struct key_binding {
	int keys[4]; /* 0: none */
	const char *shown;
	const char *brief; /* at the bottom; NULL: not there */
	const char *what;
	unsigned int levels; /* AT_… */
	enum screen_action (*press)(struct screen_state *state, int key);
};

extern const struct key_binding key_bindings[];
extern const size_t nr_key_bindings;

/* A key while the person types into state->input. */
enum screen_action screen_prompt_press(struct screen_state *state, int key);

#endif
