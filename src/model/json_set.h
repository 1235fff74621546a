/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Members of a JSON object. Objects and values may be NULL, for want of memory: -ENOMEM then, so
 * that one check at the end of an object is enough.
 */
#ifndef STEALSCOPE_JSON_SET_H
#define STEALSCOPE_JSON_SET_H

#include <jansson.h>
#include <stdint.h>

/* @value becomes the object's. */
int json_set(json_t *object, const char *key, json_t *value);
int json_set_u64(json_t *object, const char *key, uint64_t value);

/* As {"hex":"…"} where it is no valid UTF-8; nothing for NULL. */
int json_set_string(json_t *object, const char *key, const char *s);

json_t *json_pair(uint64_t a, uint64_t b);

#endif
