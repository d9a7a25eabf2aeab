/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef XDP_POLICY_DB_FORMAT_H
#define XDP_POLICY_DB_FORMAT_H

/* What reader and writer of a database share. The layout stands at the head of db.c. */

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define DB_MAGIC   "xdppolcy"
#define DB_VERSION 1U

/* the trailer, from its beginning */
#define DB_AT_MAGIC   0
#define DB_AT_VERSION 8
#define DB_AT_SIZE    12
#define DB_AT_SUM     16
#define DB_TRAILER    24

#define DB_CDB_HEADER 2048	 /* no cdb is shorter */
#define DB_CDB_RECORD 8		 /* sizes of key and value, before both */
#define DB_MAX_SIZE   UINT32_MAX /* what libcdb can address */

/* no names: those have no byte of 0, with which all of these begin */
#define DB_KEY_META    "\0meta"
#define DB_KEY_GENERAL "\0general"
#define DB_KEY_SIZE(k) (sizeof(k) - 1)
#define DB_RULE_KEY    8

#define DB_META	    8  /* bytes of its value */
#define DB_NAMED    12 /* of one rule in the list of a name */
#define DB_GENERAL  8  /* of one rule in the list of general rules */
#define DB_MIN_RULE 50 /* less than the shortest rule takes, with its key and its slots */

#define DB_RELATIVE  (1U << 31)
#define DB_DEL_SHIFT 8

/*
 * cdb's hash is a product by 33 for each byte: as four whole bytes, numbers would have the same
 * hash by the dozen, but four bits are less than 33.
 */
static inline void policy_db__rule_key(uint32_t number, unsigned char key[DB_RULE_KEY])
{
	for (int i = DB_RULE_KEY - 1; i >= 0; i--, number >>= 4)
		key[i] = number & 15;
}

/*
 * A checksum against damage, not against an enemy. A step maps the states one to one, whatever the
 * word is, and the words one to one, whatever the state is: no change within one word is missed.
 */
#define DB_SUM_START UINT64_C(0x243f6a8885a308d3)

static inline uint64_t policy_db__sum_word(uint64_t sum, uint64_t word)
{
	sum ^= word;
	return (sum << 29 | sum >> 35) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Goes on with n bytes; only in the last call n may be no multiple of 8. */
static inline uint64_t policy_db__sum(uint64_t sum, const unsigned char *data, size_t n)
{
	uint64_t word;

	for (; n >= sizeof(word); data += sizeof(word), n -= sizeof(word)) {
		memcpy(&word, data, sizeof(word));
		sum = policy_db__sum_word(sum, le64toh(word));
	}
	if (!n)
		return sum;
	word = 0;
	memcpy(&word, data, n);
	return policy_db__sum_word(sum, le64toh(word));
}

/* Puts the trailer behind the cdb image of that size in fd. Returns 0 or a negative errno. */
int policy_db__seal(int fd, uint32_t image_size);

#endif
