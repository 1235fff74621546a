// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fuzz.h"

#include "host/vm/libvirt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct libvirt_vcpu vcpus[8];
	size_t nr;
	pid_t pid;

	if (!libvirt_parse_status(text, &pid, vcpus, 8, &nr)) {
		fuzz_check(pid > 0 && nr <= 8);
		for (size_t i = 0; i < nr; i++)
			fuzz_check(vcpus[i].index >= 0 && vcpus[i].tid > 0);
	}
	free(text);
	return 0;
}
