// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "test.h"

#include <stdalign.h>

#include "base/arena.h"

static void zeroed_and_aligned(void **state)
{
	struct arena arena = {0};

	(void)state;
	for (size_t size = 0; size < 3000; size += 7) {
		unsigned char *p = arena_alloc(&arena, size);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	arena_free(&arena);
	assert_null(arena.blocks);
}

static void larger_than_a_block(void **state)
{
	struct arena arena = {0};
	char *small = arena_alloc(&arena, 16), *big = arena_alloc(&arena, 1 << 20);

	(void)state;
	memset(small, 1, 16);
	memset(big, 2, 1 << 20);
	assert_int_equal(small[15], 1);
	arena_free(&arena);
	assert_non_null(arena_alloc(&arena, 1)); /* usable again */
	arena_free(&arena);
}

static void overflow(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_null(arena_array(&arena, SIZE_MAX / 2, 3));
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena.blocks);
}

static void strings(void **state)
{
	struct arena arena = {0};

	(void)state;
	assert_null(arena_strdup(&arena, NULL));
	assert_string_equal(arena_strdup(&arena, "web-01"), "web-01");
	assert_string_equal(arena_strdup(&arena, ""), "");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroed_and_aligned),
		cmocka_unit_test(larger_than_a_block),
		cmocka_unit_test(overflow),
		cmocka_unit_test(strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
