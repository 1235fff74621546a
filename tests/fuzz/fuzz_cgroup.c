// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fuzz.h"

#include "host/cgroup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct cgroup_paths paths;
	struct cgroup_mounts mounts;
	int64_t quota, period;
	size_t len = 0;
	const char *unit = cgroup_unit(text, &len);

	fuzz_check(!unit || (unit >= text && unit + len <= text + strlen(text)));
	if (!cgroup_parse_paths(text, &paths))
		cgroup_paths_free(&paths);
	if (!cgroup_parse_mounts(text, &mounts))
		cgroup_mounts_free(&mounts);
	if (!cgroup_parse_max(text, &quota, &period))
		fuzz_check(quota >= -1 && period > 0);
	free(text);
	return 0;
}
