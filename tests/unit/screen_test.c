// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include <stdlib.h>

#include "base/escape.h"
#include "screen/screen_keys.h"
#include "screen/screen_table.h"
#include "test.h"

#define SEC 1000000000ULL

/* Three domains: mean steal 30, 20, 10 %; "big" has two vCPUs and an iothread. */
struct fixture {
	struct thread_report threads[3];
	struct domain_report domains[3];
	struct report report;
	struct screen_state state;
};

static void begin(struct fixture *f)
{
	static const char *const names[] = {"big", "caf\xc3\xa9", "small"};

	memset(f, 0, sizeof(*f));
	for (int i = 0; i < 3; i++) {
		f->domains[i] = (struct domain_report){.name = names[i],
						       .pid = 100 + i,
						       .start = 1,
						       .manager = "qemu",
						       .nr_vcpus = 1,
						       .worst_pct = 10.0 * i};
		f->domains[i].vcpus.steal_pct = 30 - 10.0 * i;
	}
	f->threads[0] = (struct thread_report){.role = ROLE_VCPU, .index = 0, .tid = 1};
	f->threads[1] = (struct thread_report){.role = ROLE_VCPU, .index = 1, .tid = 2};
	f->threads[1].own.steal_pct = 50;
	f->threads[2] = (struct thread_report){
		.role = ROLE_IOTHREAD, .index = -1, .name = "disk", .tid = 3};
	f->domains[0].threads = f->threads;
	f->domains[0].nr_threads = 3;
	f->report = (struct report){.interval_ns = SEC, .domains = f->domains, .nr_domains = 3};
	f->state = (struct screen_state){.report = &f->report,
					 .width = 80,
					 .height = 24,
					 .color = true,
					 .interval_ns = 2 * SEC};
	screen_init(&f->state);
}

static void press(struct fixture *f, const char *keys)
{
	while (*keys)
		screen_press(&f->state, (unsigned char)*keys++);
}

/* The screen as text; to be freed. */
static char *text_of(const struct screen_state *state)
{
	struct screen screen;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(screen_draw(state, &screen), 0);
	for (size_t i = 0; i < screen.nr; i++) {
		fputs(screen.lines[i].selected ? ">" : "", out);
		for (size_t c = 0; c < screen.lines[i].nr; c++)
			fputs(screen.lines[i].cells[c].text, out);
		fputc('\n', out);
	}
	screen_free(&screen);
	fclose(out);
	return text;
}

static void assert_shows(struct fixture *f, const char *what, bool shown)
{
	char *text = text_of(&f->state);

	if (!!strstr(text, what) != shown)
		print_message("%s\n", text);
	assert_int_equal(!!strstr(text, what), shown);
	free(text);
}

static void worst_first(void **state)
{
	struct fixture f;
	struct rows rows;

	(void)state;
	begin(&f);
	assert_int_equal(screen_rows(&f.state, &rows), 0);
	assert_int_equal(rows.nr, 3);
	assert_string_equal(rows.rows[0].domain->name, "big");
	free(rows.rows);
	press(&f, "W"); /* the worst vCPU is another's */
	assert_shows(&f, ">small", true);
	press(&f, "r");
	assert_shows(&f, ">big", true);
	press(&f, "N");
	assert_shows(&f, ">small", true);
	press(&f, "r<"); /* from the first column to the last */
	assert_int_equal(f.state.sort[LEVEL_DOMAINS], COLUMN_THIEF);
	press(&f, ">>"); /* TID is not of this table */
	assert_int_equal(f.state.sort[LEVEL_DOMAINS], COLUMN_CPUS);
}

static void cursor_stays_with_its_domain(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_shows(&f, ">big", true);
	f.domains[2].vcpus.steal_pct = 99; /* not moved: with the worst */
	assert_shows(&f, ">small", true);
	press(&f, "j");
	assert_shows(&f, ">big", true);
	f.domains[0].vcpus.steal_pct = 1;
	assert_shows(&f, ">big", true);
	f.report.domains++; /* big is gone: who is there now */
	f.report.nr_domains--;
	assert_shows(&f, ">caf", true);
	screen_press(&f.state, KEY_TO_TOP);
	assert_shows(&f, ">small", true);
}

static void drill_down(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	screen_press(&f.state, KEY_RETURN);
	assert_shows(&f, ">vcpu 1", true);
	assert_shows(&f, "iothread disk", true);
	press(&f, "j");
	screen_press(&f.state, KEY_RETURN);
	assert_shows(&f, "big > vcpu 0", true);
	f.domains[0].nr_threads = 0;
	assert_shows(&f, "This thread is gone", true);
	f.report.nr_domains = 0;
	assert_shows(&f, "This domain is gone", true);
	screen_press(&f.state, KEY_ESCAPE);
	assert_shows(&f, "This domain is gone", true);
	screen_press(&f.state, KEY_RETURN); /* into nothing */
	assert_int_equal(f.state.level, LEVEL_THREADS);
	screen_press(&f.state, KEY_ESCAPE);
	assert_shows(&f, "No virtual machine", true);
	screen_press(&f.state, KEY_RETURN);
	assert_int_equal(f.state.level, LEVEL_DOMAINS);
}

static void filter_by_name(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	press(&f, "/AF\xc3\xa9");
	assert_shows(&f, "1 of 3 domains", true);
	screen_press(&f.state, KEY_ERASE); /* both bytes of é */
	assert_string_equal(f.state.filter, "AF");
	screen_press(&f.state, KEY_RETURN);
	assert_shows(&f, ">caf", true);
	assert_shows(&f, "big", false);
	press(&f, "/");
	screen_press(&f.state, KEY_ESCAPE);
	assert_shows(&f, "big", true);
	press(&f, "/S*l");
	assert_shows(&f, ">small", true);
	assert_shows(&f, "big", false);
	for (int i = 0; i < 2 * SCREEN_INPUT_SIZE; i++)
		screen_press(&f.state, 'x');
	assert_int_equal(strlen(f.state.filter), SCREEN_INPUT_SIZE - 1);
	assert_shows(&f, "No domain matches", true);
	screen_press(&f.state, KEY_RETURN);
	screen_press(&f.state, KEY_ESCAPE); /* forgets it, too */
	assert_shows(&f, "big", true);
}

/* The bar of @who, a vCPU, ten columns wide. */
static void check_bar(struct fixture *f, const struct stats *who, const char *want)
{
	const struct row row = {.domain = f->domains, .who = who, .nr = 1};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct screen screen;

	assert_non_null(out);
	screen_begin(&screen, 80);
	screen_line(&screen);
	screen_bar(&screen, &f->state, &row, 10);
	for (size_t c = 0; c < screen.lines[0].nr; c++) {
		const struct screen_cell *cell = &screen.lines[0].cells[c];
		enum screen_attr attr = *cell->text == 'v'   ? ATTR_CAUSE + CAUSE_VM
					: *cell->text == '?' ? ATTR_CAUSE + CAUSE_UNKNOWN
							     : ATTR_WAITING;

		assert_int_equal(cell->attr, attr);
		fputs(cell->text, out);
	}
	screen_free(&screen);
	fclose(out);
	assert_string_equal(text, want);
	free(text);
}

/* Steal whose waits are over has causes, that of the wait it is still in has none yet. */
static void bar_of_finished_and_unfinished(void **state)
{
	struct stats who = {.steal_ns = 300000000,
			    .steal_pct = 50,
			    .cause_ns = {[CAUSE_VM] = 200000000, [CAUSE_UNKNOWN] = 100000000}};
	struct fixture f;

	(void)state;
	begin(&f);
	f.state.color = false;
	check_bar(&f, &who, "vvvv??....");
	who.steal_pct = 30; /* all are over */
	check_bar(&f, &who, "vvvvvvv???");
	who = (struct stats){.steal_pct = 50}; /* none is */
	check_bar(&f, &who, "..........");
	who.steal_pct = 0;
	check_bar(&f, &who, "");
}

static void interval(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	assert_int_equal(screen_press(&f.state, '+'), SCREEN_INTERVAL);
	assert_int_equal(f.state.interval_ns, 5 * SEC);
	press(&f, "---");
	assert_int_equal(f.state.interval_ns, SEC / 2);
	press(&f, "----");
	assert_int_equal(f.state.interval_ns, SEC / 10);
	assert_int_equal(screen_press(&f.state, '-'), SCREEN_DRAW);
	press(&f, "s1.5");
	assert_int_equal(screen_press(&f.state, KEY_RETURN), SCREEN_INTERVAL);
	assert_int_equal(f.state.interval_ns, 3 * SEC / 2);
	press(&f, "s0");
	assert_int_equal(screen_press(&f.state, KEY_RETURN), SCREEN_DRAW);
	assert_shows(&f, "Intervals range from", true);
	assert_int_equal(f.state.interval_ns, 3 * SEC / 2);
	press(&f, "k"); /* said once */
	assert_shows(&f, "Intervals range from", false);
}

static void freeze_and_quit(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	press(&f, " ");
	assert_true(f.state.frozen);
	assert_shows(&f, "FROZEN", true);
	assert_int_equal(screen_press(&f.state, '.'), SCREEN_REPORT);
	assert_false(f.state.frozen);
	press(&f, "h");
	press(&f, "/"); /* not while help is shown */
	assert_int_equal(f.state.prompt, PROMPT_NONE);
	assert_int_equal(screen_press(&f.state, 'q'), SCREEN_QUIT);
	press(&f, "?/");
	assert_int_equal(screen_press(&f.state, 'q'), SCREEN_DRAW); /* typed */
	assert_string_equal(f.state.filter, "q");
}

static void help_lists_everything(void **state)
{
	struct fixture f;

	(void)state;
	begin(&f);
	f.state.height = 100;
	press(&f, "h");
	for (size_t i = 0; i < nr_key_bindings; i++)
		assert_shows(&f, key_bindings[i].what, true);
	for (size_t i = 0; i < NR_COLUMNS; i++)
		assert_shows(&f, columns[i].meaning, true);
	f.state.height = 24;
	assert_shows(&f, columns[NR_COLUMNS - 1].meaning, false);
	screen_press(&f.state, KEY_TO_END);
	assert_shows(&f, columns[NR_COLUMNS - 1].meaning, true);
	f.state.height = 100; /* room for what was scrolled away */
	assert_shows(&f, key_bindings[0].what, true);
	f.state.height = 24;
	for (int i = 0; i < 100; i++)
		press(&f, "j");
	for (int i = 0; i < 40; i++)
		press(&f, "k");
	assert_shows(&f, key_bindings[0].what, true);
}

/* No two columns share a letter, none is a key of another meaning. */
static void letters_are_free(void **state)
{
	(void)state;
	for (size_t i = 0; i < NR_COLUMNS; i++) {
		for (size_t k = 0; k < i; k++)
			assert_int_not_equal(columns[i].letter, columns[k].letter);
		for (size_t b = 0; b < nr_key_bindings; b++) {
			for (size_t k = 0; k < 4; k++)
				assert_int_not_equal(columns[i].letter, key_bindings[b].keys[k]);
		}
	}
}

static void check_size(struct fixture *f)
{
	struct screen screen;

	assert_int_equal(screen_draw(&f->state, &screen), 0);
	assert_int_equal(screen.nr, f->state.height);
	for (size_t i = 0; i < screen.nr; i++) {
		assert_true(screen.lines[i].cols <= f->state.width);
		for (size_t c = 0; c < screen.lines[i].nr; c++)
			assert_null(strchr(screen.lines[i].cells[c].text, '\n'));
	}
	screen_free(&screen);
}

static void fits_any_terminal(void **state)
{
	static const char *const ways[] = {"", "h", "/", " "};
	char name[4097];
	struct fixture f;

	(void)state;
	memset(name, '\033', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (size_t way = 0; way < ARRAY_SIZE(ways); way++) {
		for (unsigned int level = 0; level <= LEVEL_THREAD; level++) {
			begin(&f);
			f.domains[1].name = name;
			f.threads[2].name = name;
			for (unsigned int i = 0; i < level; i++)
				screen_press(&f.state, KEY_RETURN);
			press(&f, ways[way]);
			for (unsigned int width = 1; width < 140; width += 3) {
				for (unsigned int height = 1; height < 30; height++) {
					f.state.width = width;
					f.state.height = height;
					check_size(&f);
				}
			}
		}
	}
}

static void long_names_lose_their_middle(void **state)
{
	char out[SCREEN_TEXT_SIZE];

	(void)state;
	assert_int_equal(screen_name("short", out, 5, false), 5);
	assert_string_equal(out, "short");
	assert_int_equal(screen_name("instance-00000042", out, 11, false), 11);
	assert_string_equal(out, "insta\xe2\x80\xa6"
				 "00042");
	assert_int_equal(screen_name("instance-00000042", out, 11, true), 11);
	assert_string_equal(out, "insta~00042");
	/* A character is not cut, neither are the four columns of an escape. */
	assert_true(screen_name("aaaaaaaa\xe6\x97\xa5\xe6\x97\xa5", out, 9, false) <= 9);
	assert_string_equal(out, "aaaa\xe2\x80\xa6\xe6\x97\xa5\xe6\x97\xa5");
	assert_true(screen_name("aaaaaaaa\033\033", out, 11, true) <= 11);
	assert_string_equal(out, "aaaaaa~\\x1b");
}

static void clip(void **state)
{
	size_t len;

	(void)state;
	assert_int_equal(escape_clip("abc", 2, &len), 2);
	assert_int_equal(len, 2);
	assert_int_equal(escape_clip("\xe6\x97\xa5x", 1, &len), 0); /* two columns */
	assert_int_equal(len, 0);
	assert_int_equal(escape_clip("\xe6\x97\xa5x", SIZE_MAX, &len), 3);
	assert_int_equal(len, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worst_first),
		cmocka_unit_test(cursor_stays_with_its_domain),
		cmocka_unit_test(drill_down),
		cmocka_unit_test(filter_by_name),
		cmocka_unit_test(bar_of_finished_and_unfinished),
		cmocka_unit_test(interval),
		cmocka_unit_test(freeze_and_quit),
		cmocka_unit_test(help_lists_everything),
		cmocka_unit_test(letters_are_free),
		cmocka_unit_test(fits_any_terminal),
		cmocka_unit_test(long_names_lose_their_middle),
		cmocka_unit_test(clip),
	};

	return cmocka_run_group_tests_name("screen", tests, NULL, NULL);
}
