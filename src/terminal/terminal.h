/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The terminal of `top`, by ncurses: paints screens, reads keys.
 */
#ifndef STEALSCOPE_TERMINAL_H
#define STEALSCOPE_TERMINAL_H

#include <stdbool.h>

#include "screen/screen.h"

/* Why this terminal cannot show screens; NULL: it can. */
const char *terminal_obstacle(void);

/*
 * Take the terminal; it is given back by terminal_close(), and when the program exits. What is
 * written to stderr in between is kept and comes after that. @ret_fd is to be polled: it becomes
 * readable with a key and when the window changes its size. 0 or -errno.
 */
int terminal_open(int *ret_fd);
void terminal_close(void);

bool terminal_has_color(void);
void terminal_init_looks(void);
void terminal_size(unsigned int *ret_width, unsigned int *ret_height);
/* Everything anew with the next paint. */
void terminal_redraw(void);
void terminal_paint(const struct screen *screen, bool blocks);

/*
 * What @fd announced: adopts a new size; true when the terminal is gone. Keys are then to be taken
 * until KEY_NONE comes (enum screen_key).
 */
bool terminal_ready(void);
int terminal_key(void);

#endif
