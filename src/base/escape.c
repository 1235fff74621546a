// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/escape.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

struct range {
	uint32_t first, last;
};

/* Not shown as they are: controls, what changes the direction or order of text, what is invisible.
 */
static const struct range hidden[] = {
	{0x00, 0x1f},	  {0x7f, 0x9f},	    {0xad, 0xad},	{0x61c, 0x61c},
	{0x180e, 0x180e}, {0x200b, 0x200f}, {0x2028, 0x202e},	{0x2060, 0x206f},
	{0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

/* The blocks of combining marks in common use: no column of their own. */
static const struct range combining[] = {
	{0x300, 0x36f},	  {0x483, 0x489},   {0x591, 0x5bd},   {0x64b, 0x65f},	{0x1ab0, 0x1aff},
	{0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};

/* East Asian wide and fullwidth blocks, and emoji: two columns. */
static const struct range wide[] = {
	{0x1100, 0x115f},   {0x2e80, 0x303e},	{0x3041, 0xa4cf},   {0xa960, 0xa97f},
	{0xac00, 0xd7a3},   {0xf900, 0xfaff},	{0xfe30, 0xfe6f},   {0xff01, 0xff60},
	{0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff},
	{0x20000, 0x3fffd},
};

#define in_ranges(table, c) in_table(table, sizeof(table) / sizeof((table)[0]), c)

static bool in_table(const struct range *table, size_t nr, uint32_t c)
{
	for (size_t i = 0; i < nr && table[i].first <= c; i++) {
		if (c <= table[i].last)
			return true;
	}
	return false;
}

/*
 * Length of the character at @in, 0 if no valid sequence begins there: overlong forms, surrogates
 * and what lies above U+10FFFF are not valid. The terminating NUL ends a cut sequence.
 */
static size_t decode(const char *in, uint32_t *ret_char)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = (unsigned char)in[0];
	uint32_t c;
	size_t len;

	if (lead < 0x80) {
		*ret_char = lead;
		return 1;
	}
	len = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	c = lead & (0x7fU >> len);
	for (size_t i = 1; i < len; i++) {
		if (((unsigned char)in[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | ((unsigned char)in[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret_char = c;
	return len;
}

static size_t columns_of(uint32_t c)
{
	return in_ranges(combining, c) ? 0 : in_ranges(wide, c) ? 2 : 1;
}

size_t escape_clip(const char *safe, size_t max, size_t *ret_len)
{
	size_t len = 0, cols = 0;

	while (safe[len]) {
		uint32_t c = 0;
		size_t bytes = decode(safe + len, &c);

		if (!bytes || cols + columns_of(c) > max)
			break;
		len += bytes;
		cols += columns_of(c);
	}
	*ret_len = len;
	return cols;
}

/* What one step of the input becomes. */
struct piece {
	char text[4 * 4 + 1];
	size_t len, cols;
};

static void hex_piece(struct piece *piece, const char *in, size_t len)
{
	for (size_t i = 0; i < len; i++)
		snprintf(piece->text + 4 * i, 5, "\\x%02x", (unsigned char)in[i]);
	piece->len = piece->cols = 4 * len;
}

/* Bytes of @in that @piece stands for. */
static size_t next_piece(struct piece *piece, const char *in, bool ascii)
{
	uint32_t c = 0;
	size_t len = decode(in, &c);

	if (!len || in_ranges(hidden, c) || (ascii && c > 0x7e)) {
		hex_piece(piece, in, len ? len : 1);
		return len ? len : 1;
	}
	memcpy(piece->text, in, len);
	piece->len = len;
	piece->cols = columns_of(c);
	if (c == '\\') {
		piece->text[1] = '\\';
		piece->len = piece->cols = 2;
	}
	return len;
}

size_t escape_terminal(const char *in, char *out, size_t size, size_t max, bool ascii)
{
	const char *mark = ascii ? "~" : "\xe2\x80\xa6";
	size_t mark_len = strlen(mark), len = 0, cols = 0;
	size_t cut = 0, cut_cols = 0; /* where the mark still fits */
	struct piece piece;

	if (!size)
		return 0;
	while (*in) {
		in += next_piece(&piece, in, ascii);
		if (cols + piece.cols > max || len + piece.len >= size) {
			bool fits = cut_cols < max && cut + mark_len < size;

			memcpy(out + cut, mark, fits ? mark_len : 0);
			out[cut + (fits ? mark_len : 0)] = '\0';
			return cut_cols + fits;
		}
		memcpy(out + len, piece.text, piece.len);
		len += piece.len;
		cols += piece.cols;
		if (cols < max && len + mark_len < size) {
			cut = len;
			cut_cols = cols;
		}
	}
	out[len] = '\0';
	return cols;
}

/* @in as valid UTF-8; @label: with the escapes of a label value. */
static char *to_utf8(const char *in, bool label)
{
	size_t in_len = strlen(in);
	char *out, *end;

	if (in_len > (SIZE_MAX - 1) / 3)
		return NULL;
	out = end = malloc(3 * in_len + 1);
	if (!out)
		return NULL;
	while (*in) {
		uint32_t c;
		size_t len = decode(in, &c);

		if (!len) {
			end = mempcpy(end, replacement, 3);
			in++;
			continue;
		}
		if (label && (*in == '\\' || *in == '"' || *in == '\n'))
			*end++ = '\\';
		end = mempcpy(end, label && *in == '\n' ? "n" : in, len);
		in += len;
	}
	*end = '\0';
	return out;
}

char *escape_utf8(const char *in)
{
	return to_utf8(in, false);
}

char *escape_label(const char *in)
{
	return to_utf8(in, true);
}
