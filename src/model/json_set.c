// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/json_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int json_set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) ? -ENOMEM : 0;
}

int json_set_u64(json_t *object, const char *key, uint64_t value)
{
	return json_set(object, key, json_integer((json_int_t)value));
}

static json_t *hex_of(const char *s)
{
	static const char digits[] = "0123456789abcdef";
	size_t len = strlen(s);
	char *hex = malloc(2 * len + 1);
	json_t *value;

	if (!hex)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = digits[(unsigned char)s[i] >> 4];
		hex[2 * i + 1] = digits[s[i] & 0xf];
	}
	value = json_pack("{s:s#}", "hex", hex, (int)(2 * len));
	free(hex);
	return value;
}

int json_set_string(json_t *object, const char *key, const char *s)
{
	json_t *value;

	if (!s)
		return 0;
	value = json_string(s); /* NULL where it is no valid UTF-8 */
	return json_set(object, key, value ? value : hex_of(s));
}

json_t *json_pair(uint64_t a, uint64_t b)
{
	return json_pack("[I,I]", (json_int_t)a, (json_int_t)b);
}
