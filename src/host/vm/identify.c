// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a domain is called, and whose it is. */
#include <limits.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "host/cgroup.h"
#include "host/subject/registry_parts.h"
#include "host/vm/manager.h"

int domain_identify(struct registry *reg, int dir, struct domain *domain)
{
	cleanup(cgroup_paths_free) struct cgroup_paths paths = {0};
	struct vmm vmm = {.pid = domain->pid};
	struct identity id;
	char exe[PATH_MAX];
	int err;

	if (!proc_read(dir, "cgroup", &reg->text)) {
		err = cgroup_parse_paths(reg->text.data, &paths);
		if (err)
			return err;
	}
	err = proc_read(dir, "cmdline", &reg->text);
	if (err)
		return err;
	vmm.argv = (struct argv){reg->text.data, reg->text.len};
	/* Without the right to see it, its own word will do: it decides nothing but the name. */
	vmm.exe = proc_link(dir, "exe", exe, sizeof(exe)) < 0 ? reg->text.data : exe;
	vmm.cgroup = cgroup_service_path(&paths);
	err = identity_of(&vmm, &id);
	if (err)
		return err;
	free(domain->name);
	free(domain->uuid);
	domain->name = id.name;
	domain->uuid = id.uuid;
	domain->manager = id.manager;
	return 0;
}

void domain_set_owner(struct registry *reg, int dir, struct domain *domain)
{
	uid_t uid =
		proc_read(dir, "status", &reg->text) ? (uid_t)-1 : task_parse_uid(reg->text.data);

	if (uid != (uid_t)-1)
		domain->uid = uid;
}
