// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "base/clock.h"
#include "base/parse.h"
#include "screen/screen_keys.h"

#define INTERVAL_MIN (SECOND / 10)
#define INTERVAL_MAX (3600 * SECOND)

/* The last character, all of its bytes. */
static void erase(char *input)
{
	size_t len = strlen(input);

	while (len && ((unsigned char)input[--len] & 0xc0) == 0x80)
		;
	input[len] = '\0';
}

static void append(char *input, int key)
{
	size_t len = strlen(input);

	if (key < ' ' || key == 0x7f || key > 0xff || len + 1 >= SCREEN_INPUT_SIZE)
		return;
	input[len] = (char)key;
	input[len + 1] = '\0';
}

static enum screen_action set_interval(struct screen_state *state)
{
	uint64_t ns;

	if (!*state->input)
		return SCREEN_DRAW;
	if (parse_duration(state->input, SECOND, &ns) || ns < INTERVAL_MIN || ns > INTERVAL_MAX) {
		state->message = "Intervals range from 100ms to 1h: 2, 0.5, 500ms, 1m.";
		return SCREEN_DRAW;
	}
	state->interval_ns = ns;
	return SCREEN_INTERVAL;
}

enum screen_action screen_prompt_press(struct screen_state *state, int key)
{
	enum screen_prompt prompt = state->prompt;

	switch (key) {
	case KEY_ESCAPE:
		state->prompt = PROMPT_NONE;
		if (prompt == PROMPT_FILTER)
			state->filter[0] = '\0';
		return SCREEN_DRAW;
	case KEY_RETURN:
		state->prompt = PROMPT_NONE;
		return prompt == PROMPT_INTERVAL ? set_interval(state) : SCREEN_DRAW;
	case KEY_ERASE:
		erase(state->input);
		break;
	default:
		append(state->input, key);
	}
	/* The table follows what is typed. */
	if (prompt == PROMPT_FILTER)
		memcpy(state->filter, state->input, sizeof(state->filter));
	return SCREEN_DRAW;
}
