// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/file.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "model/recording.h"

struct file_source {
	struct source source;
	FILE *in;
	unsigned long line;
};

static int next_line(struct file_source *file, struct recorded *ret_recorded)
{
	int err = recording_read(file->in, ret_recorded);

	file->line++;
	if (err != -EINVAL)
		return err;
	log_err("%s: line %lu is not part of a stealscope recording", file->source.name,
		file->line);
	return -EBADMSG;
}

static int file_snapshot(struct source *source, struct snapshot *ret_snap)
{
	struct file_source *file = (struct file_source *)source;
	struct recorded recorded;
	int err;

	while (!(err = next_line(file, &recorded))) {
		if (recorded.kind == RECORDED_SNAPSHOT) {
			*ret_snap = recorded.snap;
			return 0;
		}
		if (source->on_wait)
			source->on_wait(&recorded.wait, source->on_wait_data);
		recorded_free(&recorded);
	}
	return err;
}

static void file_close(struct source *source)
{
	struct file_source *file = (struct file_source *)source;

	fclose(file->in);
	free(file);
}

static const struct source_ops file_ops = {.snapshot = file_snapshot, .close = file_close};

int source_file_open(const char *path, struct source **ret_source)
{
	struct file_source *file = calloc(1, sizeof(*file));
	int err;

	if (!file)
		return -ENOMEM;
	file->source = (struct source){.ops = &file_ops, .name = path, .recorded = true};
	file->in = fopen(path, "re");
	if (!file->in) {
		err = -errno;
		free(file);
		return err;
	}
	*ret_source = &file->source;
	return 0;
}
