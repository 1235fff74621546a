// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/json_get.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

int json_get_u64(const json_t *object, const char *key, uint64_t *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!value)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return -EINVAL;
	*ret = (uint64_t)json_integer_value(value);
	return 0;
}

int json_get_int(const json_t *object, const char *key, int least, int *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!value)
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < least ||
	    json_integer_value(value) > INT_MAX)
		return -EINVAL;
	*ret = (int)json_integer_value(value);
	return 0;
}

int json_get_bool(const json_t *object, const char *key, bool *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!value)
		return 0;
	if (!json_is_boolean(value))
		return -EINVAL;
	*ret = json_boolean_value(value);
	return 0;
}

int json_get_name(const json_t *object, const char *key, const char *const *names, int nr)
{
	const char *s = json_string_value(json_object_get(object, key));

	for (int i = 0; s && i < nr; i++) {
		if (!strcmp(s, names[i]))
			return i;
	}
	return -EINVAL;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int decode_hex(const char *hex, struct arena *arena, const char **ret)
{
	size_t len = strlen(hex) / 2;
	char *s;

	if (strlen(hex) % 2)
		return -EINVAL;
	s = arena_alloc(arena, len + 1);
	if (!s)
		return -ENOMEM;
	for (size_t i = 0; i < len; i++) {
		int high = nibble(hex[2 * i]), low = nibble(hex[2 * i + 1]);

		if (high < 0 || low < 0 || !(high | low))
			return -EINVAL;
		s[i] = (char)(high << 4 | low);
	}
	*ret = s;
	return 0;
}

int json_get_string(const json_t *object, const char *key, struct arena *arena, const char **ret)
{
	const json_t *value = json_object_get(object, key);
	const json_t *hex = json_object_get(value, "hex");

	if (!value || json_is_null(value))
		return 0;
	if (json_is_string(hex))
		return decode_hex(json_string_value(hex), arena, ret);
	if (!json_is_string(value))
		return -EINVAL;
	*ret = arena_strdup(arena, json_string_value(value));
	return *ret ? 0 : -ENOMEM;
}

int json_get_text(const json_t *object, const char *key, struct arena *arena, const char **ret)
{
	int err = json_get_string(object, key, arena, ret);

	return err ? err : *ret ? 0 : -EINVAL;
}

int json_get_array(const json_t *object, const char *key, const json_t **ret)
{
	const json_t *value = json_object_get(object, key);

	if (value && !json_is_array(value))
		return -EINVAL;
	*ret = value;
	return 0;
}

int json_get_pair(const json_t *array, size_t i, json_int_t *ret_a, json_int_t *ret_b)
{
	const json_t *pair = json_array_get(array, i);
	const json_t *a = json_array_get(pair, 0), *b = json_array_get(pair, 1);

	if (!json_is_integer(a) || !json_is_integer(b) || json_integer_value(b) < 0)
		return -EINVAL;
	*ret_a = json_integer_value(a);
	*ret_b = json_integer_value(b);
	return 0;
}
