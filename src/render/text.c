// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "render/text.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/escape.h"
#include "model/names.h"

/* Thousands of rows have a dozen such figures each: printf() is too slow for that. */
static const char *put_figure(char buf[static DURATION_SIZE], uint64_t whole, const char *unit)
{
	memcpy(buf + digits_u64(buf, whole), unit, strlen(unit) + 1);
	return buf;
}

static const char *put_tenths(char buf[static DURATION_SIZE], uint64_t tenths, const char *unit)
{
	size_t len = digits_u64(buf, tenths / 10);

	buf[len++] = '.';
	buf[len++] = (char)('0' + tenths % 10);
	memcpy(buf + len, unit, strlen(unit) + 1);
	return buf;
}

const char *text_duration(char buf[static DURATION_SIZE], uint64_t ns)
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = {{1000, "us"}, {1000000, "ms"}, {SECOND, "s"}};

	if (ns < 1000)
		return put_figure(buf, ns, "ns");
	for (size_t i = 0; i < 3; i++) {
		uint64_t unit = units[i].ns;

		if (ns < unit / 100 * 995)
			return put_tenths(buf, (ns + unit / 20) / (unit / 10), units[i].name);
		/* Not "1000us" for what rounds up to 1.0ms. */
		if (ns < unit / 10 * 9995)
			return put_figure(buf, (ns + unit / 2) / unit, units[i].name);
	}
	if (ns < SECOND / 10 * 99995)
		return put_figure(buf, (ns + SECOND / 2) / SECOND, "s");
	return put_figure(buf, (ns / SECOND + 1800) / 3600, "h");
}

const char *text_pct(char buf[static DURATION_SIZE], double pct)
{
	if (pct > 0 && pct < 0.05)
		return memcpy(buf, "<0.1", sizeof("<0.1"));
	return put_tenths(buf, (uint64_t)(pct * 10 + 0.5), "");
}

unsigned int text_width(const struct render_options *options)
{
	return options->width ? options->width : 80;
}

size_t text_name(const struct render_options *options, const char *name, size_t max, bool pad)
{
	char safe[1024];
	size_t cols = escape_terminal(name, safe, sizeof(safe), max, options->ascii);

	fputs(safe, options->out);
	if (pad)
		fprintf(options->out, "%*s", (int)(max - cols), "");
	return pad ? max : cols;
}

void text_steal_pct(const struct render_options *options, double pct, int width)
{
	const char *color = pct >= STEAL_BAD_PCT ? "\033[1;31m" : "\033[33m";
	bool mark = options->color && pct >= STEAL_WARN_PCT;
	char buf[DURATION_SIZE];

	fprintf(options->out, "%s%*s%s", mark ? color : "", width, text_pct(buf, pct),
		mark ? "\033[0m" : "");
}

void text_domain(const struct render_options *options, const struct domain_report *domain)
{
	text_name(options, domain->name, text_width(options) / 2, false);
	fputs("  (", options->out);
	text_name(options, domain->manager, 24, false);
	fprintf(options->out, ", pid %d, %u vCPU%s)", domain->pid, domain->nr_vcpus,
		domain->nr_vcpus == 1 ? "" : "s");
}

/* One term of an explanation. */
struct term {
	enum cause cause;
	double pct;
};

/* Causes worth mentioning, biggest first; `unknown` always is. */
static size_t terms_of(const struct stats *who, unsigned int nr, uint64_t interval_ns,
		       struct term terms[NR_CAUSES])
{
	size_t nr_terms = 0;

	for (enum cause cause = 0; cause < NR_CAUSES; cause++) {
		double pct = pct_share(who, nr, interval_ns, who->cause_ns[cause]);
		size_t i = nr_terms;

		if (pct < 0.05 && (cause != CAUSE_UNKNOWN || !who->cause_ns[cause]))
			continue;
		for (; i > 0 && terms[i - 1].pct < pct; i--)
			terms[i] = terms[i - 1];
		terms[i] = (struct term){cause, pct};
		nr_terms++;
	}
	return nr_terms;
}

static void actor_name(const struct render_options *options, const struct actor *actor,
		       enum thief_kind kind)
{
	if (kind == THIEF_DOMAIN)
		text_name(options, actor->domain ? actor->domain : "?", 24, false);
	else if (kind == THIEF_SIBLING && actor->index >= 0)
		fprintf(options->out, "%s %d", role_names[actor->role], actor->index);
	else if (kind == THIEF_SIBLING)
		fputs(role_names[actor->role], options->out);
	else
		text_name(options, actor_title(actor) ? actor_title(actor) : "?", 24, false);
}

/* " (db-02, db-03)": thieves with at least a fifth of the cause, two at most. */
static void thief_names(const struct render_options *options, const struct stats *who,
			enum cause cause)
{
	struct thief thieves[2];
	size_t nr = rank_actors(who, cause, thieves, 2);
	uint64_t least = who->cause_ns[cause] / 5;
	enum thief_kind kind = cause_infos[cause].thief;

	if (kind == THIEF_IDLE || !nr || thieves[0].ns < least)
		return;
	fputs(" (", options->out);
	actor_name(options, thieves[0].actor, kind);
	if (nr > 1 && thieves[1].ns >= least) {
		fputs(", ", options->out);
		actor_name(options, thieves[1].actor, kind);
	}
	fputc(')', options->out);
}

void text_stats(const struct render_options *options, const struct stats *who, unsigned int nr,
		uint64_t interval_ns)
{
	double unfinished = pct_unfinished(who, nr, interval_ns);
	struct term terms[NR_CAUSES];
	size_t nr_terms = terms_of(who, nr, interval_ns, terms);
	const char *comma = ": ";
	char buf[DURATION_SIZE];

	fputs("steal ", options->out);
	text_steal_pct(options, who->steal_pct, 0);
	fputs(" %", options->out);
	for (size_t i = 0; i < nr_terms; i++) {
		fprintf(options->out, "%s%s %s", comma, cause_names[terms[i].cause],
			text_pct(buf, terms[i].pct));
		thief_names(options, who, terms[i].cause);
		comma = ", ";
	}
	if (unfinished >= 0.05)
		fprintf(options->out, "%sunfinished %s", comma, text_pct(buf, unfinished));
}

void text_why(const struct render_options *options, const struct stats *who, unsigned int nr,
	      uint64_t interval_ns, size_t max)
{
	struct term terms[NR_CAUSES];
	size_t nr_terms = terms_of(who, nr, interval_ns, terms), used = 0;

	for (size_t i = 0; i < nr_terms; i++) {
		const char *name = cause_names[terms[i].cause];
		char text[32];
		int len;

		if (terms[i].pct < 1)
			len = snprintf(text, sizeof(text), "%s <1", name);
		else
			len = snprintf(text, sizeof(text), "%s %.0f", name, terms[i].pct);
		if (used + (size_t)len > max)
			continue;
		fprintf(options->out, "%s%s", used ? " " : "  ", text);
		used += (size_t)len + 1;
	}
}

int text_finish(FILE *out)
{
	errno = 0;
	if (!fflush(out) && !ferror(out))
		return 0;
	return errno ? -errno : -EIO;
}
