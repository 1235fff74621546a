// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fuzz.h"

#include "host/vm/role.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct task_syscall call;

	if (!task_parse_syscall(text, &call))
		fuzz_check(role_kvm_run_fd(&call) < 0 || (!call.running && call.nr >= 0));
	free(text);
	return 0;
}
