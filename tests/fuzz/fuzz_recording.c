// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A recording, and all that is made of one. Of what is read, it can be written again. */
#include <stdio.h>

#include "base/cleanup.h"
#include "fuzz.h"
#include "model/recording.h"
#include "model/totals.h"
#include "render/prom.h"
#include "render/render.h"

static void show(const struct report *report, FILE *out)
{
	struct render_options options = {.out = out, .width = 80};

	render_hist_text(report, &options);
	render_hist_json(report, &options);
	render_blame_text(report, &options);
	render_blame_json(report, &options);
}

static void export(const struct report *report)
{
	static const struct prom_self self = {.version = ""};
	struct totals totals = {0};
	struct buffer text = {0};

	for (uint64_t now = 1; now <= 2; now++)
		fuzz_check(!totals_add(&totals, report, now));
	fuzz_check(!prom_render(&totals, &self, true, &text));
	buffer_free(&text);
	totals_free(&totals);
}

static void use(const struct snapshot *from, const struct snapshot *to, FILE *out)
{
	struct report report;

	fuzz_check(!recording_add_snapshot(out, to));
	if (report_build(from, to, &report))
		return;
	show(&report, out);
	export(&report);
	report_free(&report);
}

static void use_wait(const struct long_wait *wait, FILE *out)
{
	struct render_options options = {.out = out, .width = 80};

	fuzz_check(!recording_add_wait(out, wait));
	render_wait_text(wait, &options);
	render_wait_json(wait, &options);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	autofclose FILE *in = fmemopen(text, size + 1, "r"), *out = fopen("/dev/null", "w");
	struct snapshot from = {0};
	struct recorded next;

	fuzz_check(in && out);
	while (!recording_read(in, &next)) {
		if (next.kind == RECORDED_WAIT) {
			use_wait(&next.wait, out);
			recorded_free(&next);
			continue;
		}
		use(from.domains ? &from : &next.snap, &next.snap, out);
		snapshot_free(&from);
		from = next.snap;
	}
	snapshot_free(&from);
	fclose(take_ptr(in));
	free(text);
	return 0;
}
