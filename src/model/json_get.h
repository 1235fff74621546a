/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Members of a JSON object that can hold anything, checked. Where a member is missing, 0 is
 * returned and @ret stays as it is; where it is of another type or out of range, -EINVAL.
 */
#ifndef STEALSCOPE_JSON_GET_H
#define STEALSCOPE_JSON_GET_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

int json_get_u64(const json_t *object, const char *key, uint64_t *ret);
/* @least … INT_MAX */
int json_get_int(const json_t *object, const char *key, int least, int *ret);
int json_get_bool(const json_t *object, const char *key, bool *ret);

/* A copy in @arena of a string, or of the bytes of {"hex":"…"}; null counts as missing. -ENOMEM. */
int json_get_string(const json_t *object, const char *key, struct arena *arena, const char **ret);
/* The same, of a member that has to be there. *@ret is NULL before. */
int json_get_text(const json_t *object, const char *key, struct arena *arena, const char **ret);

/* @ret: NULL, an array without elements, where it is missing. */
int json_get_array(const json_t *object, const char *key, const json_t **ret);

/* The position among @nr @names of a string that has to be there and be one of them. */
int json_get_name(const json_t *object, const char *key, const char *const *names, int nr);

/* Element @i of @array, which has to be a pair of integers, the second not negative. */
int json_get_pair(const json_t *array, size_t i, json_int_t *ret_a, json_int_t *ret_b);

#endif
