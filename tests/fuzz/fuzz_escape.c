// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fuzz.h"

#include "base/escape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *utf8 = escape_utf8(text), *again = escape_utf8(utf8);
	char *label = escape_label(text), out[64];
	size_t room = size ? 1 + data[0] % sizeof(out) : 1, max = size > 1 ? data[1] % 80 : 0;

	fuzz_check(!strcmp(utf8, again)); /* what is valid stays */
	fuzz_check(!strchr(label, '\n'));
	for (int ascii = 0; ascii < 2; ascii++) {
		fuzz_check(escape_terminal(text, out, room, max, ascii) <= max);
		fuzz_check(strnlen(out, room) < room);
		for (const char *c = out; *c; c++)
			fuzz_check((unsigned char)*c >= 0x20 && *c != 0x7f &&
				   (!ascii || (unsigned char)*c < 0x7f));
	}
	free(text);
	free(utf8);
	free(again);
	free(label);
	return 0;
}
