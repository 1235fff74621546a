// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fuzz.h"

#include "base/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	uint64_t number, ns;

	/* what is a number is that many nanoseconds */
	if (!parse_u64(text, &number))
		fuzz_check(!parse_duration(text, 1, &ns) && ns == number);
	parse_duration(text, 1000000000, &ns);
	free(text);
	return 0;
}
