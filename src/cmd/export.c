// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reports, added up, over HTTP and into a file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/privileges.h"
#include "cmd/commands.h"
#include "cmd/export_self.h"
#include "cmd/export_textfile.h"
#include "cmd/run.h"
#include "http/server.h"
#include "model/totals.h"
#include "render/prom.h"
#include "source/live.h"

/* Without scrapes, so that the last counts of what ends are taken while its slots wait. */
#define OWN_INTERVAL_NS (10 * SECOND)
/* Scrapes within this time of a report get that one. */
#define FRESH_NS SECOND

/* So much of older reports clients may keep by taking their time. */
#define BODY_BYTES_MAX (2 * PROM_BYTES_MAX)

struct export
{
	const struct options *options;
	struct http_config web;
	struct http_server *server; /* NULL: only the textfile */
	struct source *source;
	struct session *session;
	struct totals totals;
	struct export_self self;
	struct buffer text;
	struct http_body *metrics; /* of the report at @report_ns; NULL: to be rendered */
	uint64_t interval_ns;
	uint64_t report_ns; /* CLOCK_MONOTONIC of the latest report, 0: none yet */
	int textfile_err;   /* as it was logged */
};

static int render(struct export *export, bool in_textfile)
{
	buffer_reset(&export->text);
	export_self_update(&export->self, export->source);
	export->self.values.in_textfile = in_textfile;
	return prom_render(&export->totals, &export->self.values, export->options->compat_libvirt,
			   &export->text);
}

/* ---- the file ---- */

static int write_textfile(struct export *export)
{
	int err = render(export, true);

	if (!err)
		err = export_textfile(export->options->textfile, export->text.data,
				      export->text.len);
	if (err == export->textfile_err)
		return err;
	if (err)
		log_err("%s: %s%s", export->options->textfile, strerror(-err),
			err == -EACCES ? ": the exporter now runs as --user: give that user the "
					 "directory, or choose another --user"
				       : "");
	else
		log_warn("%s: can be written again", export->options->textfile);
	export->textfile_err = err;
	return err;
}

/* A full disk passes; a directory that is not there, or not ours to write to, does not. */
static bool is_lasting(int err)
{
	return err && err != -ENOSPC && err != -EDQUOT && err != -EIO && err != -ENOMEM;
}

/* ---- HTTP ---- */

static void reply_text(struct http_reply *reply, unsigned int status, const char *type,
		       const char *text)
{
	reply->status = status;
	reply->body = http_body_text(type, text);
	if (!reply->body)
		reply->status = 500;
}

/* The counters of this moment, or of a second ago. */
static int refresh(struct export *export)
{
	uint64_t start = mono_ns();
	int err;

	if (export->report_ns && start - export->report_ns >= FRESH_NS) {
		err = session_report_now(export->session);
		if (err)
			return err;
	}
	if (export->metrics)
		return 0;
	if (http_body_bytes() > BODY_BYTES_MAX)
		http_shed(export->server);
	err = render(export, false);
	if (err)
		return err;
	export->metrics = http_body_take(PROM_CONTENT_TYPE, &export->text);
	export->self.values.scrape_ns = mono_ns() - start;
	return export->metrics ? 0 : -ENOMEM;
}

static void serve_metrics(struct export *export, struct http_reply *reply)
{
	int err = refresh(export);

	if (err)
		log_err("metrics: %s", strerror(-err));
	reply->status = err ? 500 : 200;
	reply->body = err ? NULL : export->metrics;
	reply->keep = true;
}

static void serve_health(struct export *export, struct http_reply *reply)
{
	bool late = mono_ns() - export->report_ns > 3 * export->interval_ns;

	reply_text(reply, late ? 503 : 200, "text/plain; charset=utf-8",
		   late ? "no report for three intervals\n" : "ok\n");
}

static void serve_landing(struct http_reply *reply)
{
	reply_text(reply, 200, "text/html; charset=utf-8",
		   "<!DOCTYPE html>\n<html lang=\"en\">\n<head><title>stealscope</title></head>\n"
		   "<body>\n<h1>stealscope " VERSION "</h1>\n"
		   "<p>Steal of the virtual CPUs on this host, for Prometheus.</p>\n"
		   "<ul>\n<li><a href=\"/metrics\">metrics</a></li>\n"
		   "<li><a href=\"/healthz\">health</a></li>\n</ul>\n</body>\n</html>\n");
}

static void on_get(const char *path, struct http_reply *reply, void *data)
{
	if (!strcmp(path, "/metrics"))
		serve_metrics(data, reply);
	else if (!strcmp(path, "/healthz"))
		serve_health(data, reply);
	else if (!strcmp(path, "/"))
		serve_landing(reply);
	else
		reply->status = 404;
}

/* ---- the session ---- */

static int on_report(const struct report *report, void *data)
{
	struct export *export = data;
	uint64_t now = mono_ns();
	int err = totals_add(&export->totals, report, now);

	if (err)
		return err;
	export->report_ns = now;
	export->self.values.reports++;
	http_body_put(export->metrics);
	export->metrics = NULL;
	if (export->options->textfile)
		write_textfile(export);
	return 0;
}

/* Then /proc shows us nothing of other users: vCPUs are still counted, but as of qemu-PID. */
static void warn_of_hidepid(void)
{
	int fd = open("/proc/1/cmdline", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		close(fd);
		return;
	}
	log_warn("/proc is mounted with hidepid: domains cannot be named; add the --user to the "
		 "group in "
		 "its gid= option, or mount it without hidepid");
}

/* Whoever else is nobody can do to us what the user may. */
static void warn_of_nobody(const struct options *options)
{
	const char *user = options->user || geteuid() ? NULL : privileges_user();

	if (user && strcmp(user, PRIVILEGES_USER))
		log_warn("no user %s on this host: running as %s, which other services may also "
			 "use; "
			 "choose another with --user",
			 PRIVILEGES_USER, user);
}

static int drop_privileges(const struct options *options)
{
	bool kept_bpf;
	int err;

	warn_of_nobody(options);
	err = privileges_drop(options->user, &kept_bpf);
	if (err) {
		log_err("privileges: %s%s%s", options->user ? options->user : "",
			options->user ? ": " : "",
			err == -ENOENT ? "no such user" : strerror(-err));
		return err;
	}
	if (kept_bpf)
		log_info("this kernel requires CAP_BPF to use maps: it is kept");
	warn_of_hidepid();
	return 0;
}

static int on_start(struct session *session, int *ret_fd, void *data)
{
	struct export *export = data;
	int err = source_live_seal(export->source);

	if (!err)
		err = drop_privileges(export->options);
	if (err)
		return err;
	export->session = session;
	err = session_set_interval(session, export->interval_ns);
	if (!err)
		err = session_report_now(session);
	if (err)
		return err;
	if (is_lasting(export->textfile_err))
		return export->textfile_err;
	if (!export->server)
		return 0;
	*ret_fd = http_fd(export->server);
	fprintf(stderr, "stealscope: serving metrics on %smetrics\n", http_url(export->server));
	return http_run(export->server);
}

static int on_ready(struct session *session, void *data)
{
	struct export *export = data;

	(void)session;
	return http_run(export->server);
}

/* ---- the command ---- */

static int open_server(struct export *export)
{
	const struct options *options = export->options;
	const char *listen = options->listen;

	if (!listen && options->textfile)
		return 0;
	return http_new(listen ? listen : EXPORT_LISTEN, &export->web, on_get, export,
			&export->server);
}

int cmd_export(const struct options *options)
{
	struct export export = {
		.options = options,
		.interval_ns = options->interval_ns ? options->interval_ns : OWN_INTERVAL_NS,
	};
	const struct session_ops ops = {
		.report = on_report, .start = on_start, .ready = on_ready, .quiet = true};
	int status = EXIT_RUNTIME;

	if (options->count) {
		log_err("export takes an INTERVAL but no COUNT");
		return EXIT_USAGE;
	}
	if (options->web_config && http_config_load(options->web_config, &export.web))
		return EXIT_RUNTIME;
	/* What we were started with is nothing that a client shall come to. */
	close_range(STDERR_FILENO + 1, ~0U, 0);
	export_self_init(&export.self);
	if (!open_server(&export))
		status = run_open(options, false, &export.source);
	if (export.source)
		status = run_on(export.source, options, &ops, &export);
	http_free(export.server);
	http_body_put(export.metrics);
	http_config_free(&export.web);
	buffer_free(&export.text);
	totals_free(&export.totals);
	export_self_free(&export.self);
	return status;
}
