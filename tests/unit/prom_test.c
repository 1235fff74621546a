// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>

#include <stdio.h>

#include "render/prom.h"
#include "test.h"

#define SEC 1000000000ULL

static struct buffer out;

/* The text that @totals gives, until the next one. */
static const char *render(const struct totals *totals, const struct prom_self *self, bool libvirt)
{
	buffer_reset(&out);
	assert_int_equal(prom_render(totals, self, libvirt, &out), 0);
	buffer_add(&out, "", 1);
	return out.data;
}

static const char *line_of(const char *series, unsigned int value)
{
	static char text[128];

	assert_true(snprintf(text, sizeof(text), "%s %u", series, value) < (int)sizeof(text));
	return text;
}

static const struct prom_self nobody = {.version = "1.2"};

/* One domain that is called @name. */
static const char *render_one(struct domain_total *domain, bool libvirt)
{
	struct domain_total *domains[] = {domain};
	struct totals totals = {.domains = domains, .nr_domains = 1};

	domain->manager = domain->accel = (char *)"x";
	if (!domain->label)
		domain->label = (char *)"web";
	return render(&totals, &nobody, libvirt);
}

static void has_line(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++) {
		if ((at == text || at[-1] == '\n') && at[len] == '\n')
			return;
	}
	fail_msg("no line '%s' in:\n%s", line, text);
}

static unsigned int count(const char *text, const char *what)
{
	unsigned int nr = 0;

	for (const char *at = text; (at = strstr(at, what)); at++)
		nr++;
	return nr;
}

static void test_seconds_are_exact(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} cases[] = {
		{0, "0"},
		{1, "0.000000001"},
		{1024, "0.000001024"},
		{SEC / 2, "0.5"},
		{SEC, "1"},
		{10 * SEC, "10"},
		{12 * SEC + 340000000, "12.34"},
		{UINT64_MAX, "18446744073.709551615"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		buffer_reset(&out);
		buffer_seconds(&out, cases[i].ns);
		buffer_add(&out, "", 1);
		assert_string_equal(out.data, cases[i].text);
	}
}

static void test_vcpus(void **state)
{
	struct vcpu_total vcpus[] = {
		{.index = -1},
		{.index = 12, .run_ns = SEC, .cause_ns[CAUSE_QUOTA] = SEC / 4, .waiting_ns = 5},
	};
	struct domain_total domain = {.vcpus = vcpus, .nr_vcpus = 2, .uuid = (char *)"u-1"};
	const char *text = render_one(&domain, false);

	(void)state;
	has_line(text, "stealscope_vcpu_steal_seconds_total"
		       "{domain=\"web\",uuid=\"u-1\",vcpu=\"12\",cause=\"quota\"} 0.25");
	has_line(text, "stealscope_vcpu_steal_seconds_total"
		       "{domain=\"web\",uuid=\"u-1\",vcpu=\"unknown\",cause=\"vm\"} 0");
	has_line(text, "stealscope_vcpu_run_seconds_total"
		       "{domain=\"web\",uuid=\"u-1\",vcpu=\"12\"} 1");
	has_line(text, "stealscope_vcpu_waiting_seconds"
		       "{domain=\"web\",uuid=\"u-1\",vcpu=\"12\"} 0.000000005");
	assert_int_equal(count(text, "\nstealscope_vcpu_steal_seconds_total{"), 2 * NR_CAUSES);
	assert_int_equal(count(text, "libvirt_"), 0);
}

/* Buckets are cumulative, and the last one is the count. */
static void test_histogram(void **state)
{
	struct domain_total domain = {
		.waits[WAIT_WAKEUP] = {.sum_ns = 3 * SEC, .counts = {[0] = 2, [3] = 5}},
	};
	const char *text;

	(void)state;
	domain.waits[WAIT_WAKEUP].counts[TOTALS_EDGES] = 1;
	text = render_one(&domain, false);
#define BUCKET(le, n)                           \
	"stealscope_domain_wait_seconds_bucket" \
	"{domain=\"web\",uuid=\"\",kind=\"wakeup\",le=\"" le "\"} " n
	has_line(text, BUCKET("0.000001024", "2"));
	has_line(text, BUCKET("0.000016384", "2"));
	has_line(text, BUCKET("0.000065536", "7"));
	has_line(text, BUCKET("17.179869184", "7"));
	has_line(text, BUCKET("+Inf", "8"));
#undef BUCKET
	has_line(text, "stealscope_domain_wait_seconds_sum"
		       "{domain=\"web\",uuid=\"\",kind=\"wakeup\"} 3");
	has_line(text, "stealscope_domain_wait_seconds_count"
		       "{domain=\"web\",uuid=\"\",kind=\"wakeup\"} 8");
	has_line(text, "stealscope_domain_wait_seconds_count"
		       "{domain=\"web\",uuid=\"\",kind=\"preempt\"} 0");
	assert_int_equal(count(text, "_bucket{"), NR_WAIT_KINDS * (TOTALS_EDGES + 1));
}

static void test_blame(void **state)
{
	struct domain_total domain = {
		.blame = {{.rows = {{(char *)"db\"", SEC, 0}}, .nr = 1, .other_ns = 2 * SEC},
			  {.rows = {{(char *)"a\nb.service", 6 * SEC, 0}}, .nr = 1},
			  {.other_ns = 7}},
		.cause_ns = {[CAUSE_VM] = 3 * SEC, [CAUSE_SELF] = 4 * SEC, [CAUSE_IDLE] = 5},
	};
	const char *text = render_one(&domain, false);

	(void)state;
#define BLAME(thief, cause)              \
	"stealscope_blame_seconds_total" \
	"{domain=\"web\",uuid=\"\",thief_domain=\"" thief "\",cause=\"" cause "\"} "
	has_line(text, BLAME("db\\\"", "vm") "1");
	has_line(text, BLAME("other", "vm") "2");
	has_line(text, BLAME("web", "self") "4");
	has_line(text, BLAME("", "idle") "0.000000005");
#undef BLAME
	assert_int_equal(count(text, "\nstealscope_blame_seconds_total{"), NR_CAUSES + 1);
#define THIEF(cause, thief)                   \
	"stealscope_host_thief_seconds_total" \
	"{domain=\"web\",uuid=\"\",cause=\"" cause "\",thief=\"" thief "\"} "
	has_line(text, THIEF("host", "a\\nb.service") "6");
	has_line(text, THIEF("host", "other") "0");
	has_line(text, THIEF("kernel", "other") "0.000000007");
#undef THIEF
	assert_int_equal(count(text, "\nstealscope_host_thief_seconds_total{"), 3);
}

/* Other roles only where the domain has such threads. */
static void test_roles(void **state)
{
	struct domain_total domain = {.has_role = {[ROLE_VCPU] = true, [ROLE_VHOST] = true},
				      .role_steal_ns = {[ROLE_VHOST] = SEC}};
	const char *text = render_one(&domain, false);

	(void)state;
	has_line(text, "stealscope_thread_steal_seconds_total"
		       "{domain=\"web\",uuid=\"\",role=\"vhost\"} 1");
	assert_int_equal(count(text, "\nstealscope_thread_steal_seconds_total{"), 1);
}

static void test_hostile_names(void **state)
{
	struct domain_total domain = {.label = (char *)"a\"b\\c\nd\xff", .unwatched = 5};
	const char *text = render_one(&domain, false);

	(void)state;
	has_line(text, "stealscope_domain_unwatched_threads"
		       "{domain=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\",uuid=\"\"} 5");
	has_line(text, "stealscope_domain_skew_seconds_total"
		       "{domain=\"a\\\"b\\\\c\\nd\xef\xbf\xbd\",uuid=\"\"} 0");
}

static void test_the_gone_have_no_process(void **state)
{
	struct domain_total domain = {.pid = 7, .start = 9, .uid = 1000};

	(void)state;
	has_line(render_one(&domain, false),
		 "stealscope_domain_info{domain=\"web\",uuid=\"\",manager=\"x\",accel=\"x\","
		 "pid=\"7\",start=\"9\",uid=\"1000\"} 1");
	has_line(out.data, "stealscope_domains{state=\"alive\"} 1");
	domain.gone = true;
	assert_int_equal(count(render_one(&domain, false), "\nstealscope_domain_info{"), 0);
	has_line(out.data, "stealscope_domains{state=\"gone\"} 1");
}

/* Whatever tenants start, a scrape has an end, and says what it left out: the latest, the gone
 * first. */
static void test_size_is_bounded(void **state)
{
	enum { DOMAINS = 512, VCPUS = 64, HUGE = 5, GONE = 7 };
	static struct vcpu_total vcpus[1 << 16];
	static struct domain_total all[DOMAINS];
	struct domain_total *domains[DOMAINS];
	struct totals totals = {.domains = domains, .nr_domains = DOMAINS};
	char label[DOMAINS][256 + 8];
	unsigned int shown;

	(void)state;
	for (int i = 0; i < DOMAINS; i++) {
		memset(label[i], '\xff', 256);
		snprintf(label[i] + 256, 8, "%d", i);
		all[i] = (struct domain_total){.label = label[i],
					       .manager = (char *)"x",
					       .accel = (char *)"x",
					       .vcpus = vcpus,
					       .nr_vcpus = i == HUGE ? ARRAY_SIZE(vcpus) : VCPUS,
					       .gone = i == GONE};
		domains[i] = &all[i];
	}
	render(&totals, &nobody, true);
	assert_true(out.len < PROM_BYTES_MAX);
	assert_true(out.len > PROM_BYTES_MAX / 2);
	shown = count(out.data, "\nstealscope_domain_info{");
	assert_non_null(strstr(out.data, "\xbf\xbd"
					 "4\","));
	assert_null(strstr(out.data, "\xbf\xbd"
				     "5\","));
	assert_null(strstr(out.data, "\xbf\xbd"
				     "7\","));
	assert_null(strstr(out.data, "\xbf\xbd"
				     "511\","));
	has_line(out.data, line_of("stealscope_domains{state=\"alive\"}", shown));
	has_line(out.data, line_of("stealscope_domains_left_out", DOMAINS - shown));
}

/* All causes together; without uuid a name can be there only once. */
static void test_libvirt(void **state)
{
	struct vcpu_total vcpu = {.cause_ns = {[CAUSE_VM] = SEC, [CAUSE_PHANTOM] = SEC}};
	struct domain_total same[] = {
		{.label = (char *)"web", .uuid = (char *)"a", .gone = true},
		{.label = (char *)"web", .uuid = (char *)"b"},
		{.label = (char *)"web", .uuid = (char *)"c"},
	};
	struct domain_total *domains[ARRAY_SIZE(same)];
	struct totals totals = {.domains = domains, .nr_domains = ARRAY_SIZE(same)};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		same[i].manager = same[i].accel = (char *)"x";
		same[i].vcpus = &vcpu;
		same[i].nr_vcpus = 1;
		domains[i] = &same[i];
	}
	has_line(render(&totals, &nobody, true),
		 "libvirt_domain_vcpu_delay_seconds_total{domain=\"web\",vcpu=\"0\"} 2");
	assert_int_equal(count(out.data, "\nlibvirt_domain_vcpu_delay_seconds_total{"), 1);
}

static void test_self(void **state)
{
	static const struct prom_program programs[] = {{"on_switch", SEC / 8, 3}};
	struct totals totals = {
		.trace = {.merged = 1, .dropped = 2, .chain_breaks = 3, .missed = 4}};
	struct prom_self self = {.version = "1.2",
				 .cpu_ns = SEC / 2,
				 .rss_bytes = 4096,
				 .programs = programs,
				 .nr_programs = 1};
	const char *text = render(&totals, &self, false);

	(void)state;
	has_line(text, "stealscope_merged_waits_total 1");
	has_line(text, "stealscope_dropped_total 2");
	has_line(text, "stealscope_missed_runs_total 4");
	has_line(text, "stealscope_chain_breaks_total 3");
	has_line(text, "stealscope_bpf_run_seconds_total{program=\"on_switch\"} 0.125");
	has_line(text, "stealscope_bpf_runs_total{program=\"on_switch\"} 3");
	has_line(text, "stealscope_build_info{version=\"1.2\"} 1");
	has_line(text, "process_cpu_seconds_total 0.5");
	has_line(text, "process_resident_memory_bytes 4096");
	self.nr_programs = 0;
	self.in_textfile = true; /* node_exporter has a process of its own */
	text = render(&totals, &self, false);
	assert_int_equal(count(text, "stealscope_bpf_"), 0);
	assert_int_equal(count(text, "process_"), 0);
}

/* A family has its HELP and TYPE once, also where it has no samples. */
static void test_families(void **state)
{
	struct totals totals = {0};
	const char *text = render(&totals, &nobody, true);

	(void)state;
	assert_int_equal(count(text, "# HELP stealscope_domain_info "), 1);
	assert_int_equal(count(text, "# TYPE stealscope_domain_wait_seconds histogram\n"), 1);
	assert_int_equal(count(text, "# HELP "), count(text, "# TYPE "));
}

static int teardown(void **state)
{
	(void)state;
	buffer_free(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_seconds_are_exact),
		cmocka_unit_test(test_vcpus),
		cmocka_unit_test(test_histogram),
		cmocka_unit_test(test_blame),
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_the_gone_have_no_process),
		cmocka_unit_test(test_size_is_bounded),
		cmocka_unit_test(test_libvirt),
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_families),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
