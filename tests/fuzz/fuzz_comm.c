// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fuzz.h"

#include "host/vm/role.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct role_guess guess;

	role_from_comm(text, &guess);
	fuzz_check((guess.role == ROLE_VCPU) == (guess.index >= 0));
	fuzz_check(strnlen(guess.name, sizeof(guess.name)) < sizeof(guess.name));
	fuzz_check(role_vhost_owner(text) >= 0);
	fuzz_check(role_vcpu_of_link(text) >= -1);
	if (role_from_cgroup(text, &guess))
		fuzz_check((guess.role == ROLE_VCPU) == (guess.index >= 0));
	free(text);
	return 0;
}
