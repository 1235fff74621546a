// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fuzz.h"

#include "host/task.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct task_stat stat;

	if (!task_parse_stat((const char *)data, size, &stat))
		fuzz_check(strnlen(stat.comm, sizeof(stat.comm)) < sizeof(stat.comm));
	free(task_parse_cpus_allowed(text));
	task_parse_pidns_depth(text);
	task_parse_tgid(text);
	free(text);
	return 0;
}
