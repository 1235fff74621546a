// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fuzz.h"

#include "host/vm/manager.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	/* the first argument also is the executable: it decides what is looked for */
	struct vmm vmm = {.argv = {text, size}, .exe = text, .cgroup = text, .pid = 1};
	struct identity id;

	fuzz_check(!identity_of(&vmm, &id));
	fuzz_check(*id.name && id.manager && (!id.uuid || strlen(id.uuid) == 36));
	free(id.name);
	free(id.uuid);
	vmm.exe = "/usr/bin/qemu-system-x86_64";
	fuzz_check(!identity_of(&vmm, &id));
	free(id.name);
	free(id.uuid);
	qemu_may_emulate(&vmm.argv);
	qemu_is_bare(&vmm.argv);
	free(text);
	return 0;
}
