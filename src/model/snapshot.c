// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/snapshot.h"

#include <stdlib.h>
#include <string.h>

void snapshot_drop_thieves(struct snapshot *snap)
{
	struct domain_counts *domain;

	for (domain = snap->domains; domain < snap->domains + snap->nr_domains; domain++)
		for (size_t i = 0; i < domain->nr_threads; i++)
			domain->threads[i].nr_thieves = 0;
	arena_free(&snap->thieves);
}

void snapshot_free(struct snapshot *snap)
{
	arena_free(&snap->thieves);
	arena_free(&snap->arena);
	memset(snap, 0, sizeof(*snap));
}
