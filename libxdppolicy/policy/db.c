// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A policy database is an ordinary cdb, which `cdb -d` can list, and a trailer of 24 bytes behind
 * it. All numbers are little endian and not aligned, and u32 unless it is said otherwise.
 *
 *   image   see cdb(5)
 *   magic   8 bytes, "xdppolcy"; it and the version stay where they are, seen from the end
 *   version 1; another one means another layout of anything else
 *   size    of the whole file, trailer included
 *   sum     u64, over all before it; see policy_db__sum()
 *
 * Keys and values of the cdb; each key is there once:
 *
 *   "\0meta"     the number of rules, and the union of all rules' conditions
 *   "\0general"  the rules that may match any program, ascending: those without a condition on the
 *                program, or with a pattern or an exclusion in it; of each its number, and where
 *                in the file its record begins, which saves to look it up by number
 *   a program    the rules that state it literally, ascending; of each the same two, and the
 *                position of the program in its list, from 0, the first if it is there twice
 *   a number     that rule; the number, from 0 on, is 8 bytes of 4 bits each, the highest first
 *
 * A rule is:
 *
 *   conditions   a bit 1 << enum policy_cond for each that it states
 *   order_step   0 if it is no order
 *   settings     a bit 1 << enum policy_attr for each that it states
 *   values       of these, one after the other: num of struct policy_value; of relative actions
 *                1 << 31 | del << 8 | add
 *   name         a text
 *   lists        of the conditions, one after the other: texts
 *
 * A text is its size and then its bytes as they are in memory: a name with its NUL, a list with a
 * NUL behind each glob and one behind all. So a rule is used where it lies in the file.
 *
 * Where a rule comes from is not stored: the same rules are the same bytes, whatever their format
 * was. The records are in this order: rules by number, programs by cdb's hash and then by name,
 * general, meta.
 */
#include <cdb.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db-format.h"
#include "db.h"
#include "util/limit.h"

/* Larger files are not copied into memory. */
#define MAX_COPY (16 << 20)

struct policy_db {
	struct cdb cdb;
	char *path;
	uint32_t n_rules;
	unsigned int conds;
	const unsigned char *general;
	uint32_t n_general;
};

#define wrong(db, log, ...) \
	(policy_log__msg(log, POLICY_ERROR, (db)->path, 0, __VA_ARGS__), -EINVAL)

/* Nothing mends what is in a database: it is made anew. */
#define REMEDY "; xdp-policy compile makes one"

/*
 * A copy of the file that nobody else can reach. It is written, not mapped and filled: so a lack of
 * memory is an error here, and not a signal there. Returns a descriptor, -EAGAIN if the file became
 * shorter meanwhile, or -1.
 */
static int copy_of(int fd, off_t size)
{
	ssize_t n = 1;
	off_t at = 0;
	int copy;

	if (!limit__may_write(size))
		return -1;
	copy = memfd_create("xdp-policy", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (copy < 0)
		return -1;
	while (at < size && n > 0)
		n = TEMP_FAILURE_RETRY(sendfile(copy, fd, &at, size - at));
	if (at == size && !fcntl(copy, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return copy;
	close(copy);
	return n ? -1 : -EAGAIN;
}

/*
 * What is mapped from a file that is then truncated raises SIGBUS, and the process that would die
 * of it is someone else's. `xdp-policy compile` replaces a database by rename and never writes into
 * one, but `cp` over it does: so a file of usual size is copied, and only a very large one is
 * trusted to stay as it is. Where no memory file can be had, or it must not be as long as that, any
 * is: better that than no policy.
 */
static int map(struct policy_db *db, int fd, size_t *size, const struct policy_log *log)
{
	struct stat st;
	int copy = -1, rc;

	if (fstat(fd, &st))
		return wrong(db, log, "cannot look at it: %m");
	if (!S_ISREG(st.st_mode))
		return wrong(db, log, "found no regular file, expected a database");
	if (st.st_size < DB_CDB_HEADER + DB_TRAILER)
		return wrong(db, log, "found %lld bytes, expected a database of at least %d" REMEDY,
			     (long long)st.st_size, DB_CDB_HEADER + DB_TRAILER);
	if (st.st_size > DB_MAX_SIZE)
		return wrong(db, log, "found %lld bytes, expected at most %lld",
			     (long long)st.st_size, (long long)DB_MAX_SIZE);
	if (st.st_size <= MAX_COPY)
		copy = copy_of(fd, st.st_size);
	if (copy == -EAGAIN) /* and not mapped itself: this is the file that will shrink again */
		return wrong(db, log, "found a file that is being written to, expected a database");
	rc = cdb_init(&db->cdb, copy < 0 ? fd : copy);
	if (rc && errno != ENOMEM)
		rc = wrong(db, log, "cannot read: %m");
	else if (rc)
		rc = -ENOMEM;
	if (copy >= 0)
		close(copy);
	*size = st.st_size;
	return rc;
}

static int check_whole(const struct policy_db *db, size_t size, const struct policy_log *log)
{
	const unsigned char *data = cdb_get(&db->cdb, size, 0), *trailer;
	uint64_t sum, expected;

	if (!data) /* it became shorter between two calls */
		return wrong(db, log, "found a file that got shorter, expected %zu bytes" REMEDY,
			     size);
	trailer = data + size - DB_TRAILER;
	if (memcmp(trailer + DB_AT_MAGIC, DB_MAGIC, strlen(DB_MAGIC)) != 0)
		return wrong(db, log,
			     "found %zu bytes without the mark of a policy database at their end, "
			     "expected one, and all of it" REMEDY,
			     size);
	if (cdb_unpack(trailer + DB_AT_VERSION) != DB_VERSION)
		return wrong(db, log, "found version %u of the database, expected %u" REMEDY,
			     cdb_unpack(trailer + DB_AT_VERSION), DB_VERSION);
	if (cdb_unpack(trailer + DB_AT_SIZE) != size)
		return wrong(db, log, "found %zu bytes, expected %u" REMEDY, size,
			     cdb_unpack(trailer + DB_AT_SIZE));
	sum = policy_db__sum(DB_SUM_START, data, size - DB_TRAILER + DB_AT_SUM);
	memcpy(&expected, trailer + DB_AT_SUM, sizeof(expected));
	if (sum != le64toh(expected))
		return wrong(db, log,
			     "found checksum %016llx, expected %016llx: the file is damaged" REMEDY,
			     (unsigned long long)sum, (unsigned long long)le64toh(expected));
	return 0;
}

/* The value of a key. Threads share the database, and libcdb puts what it finds into its handle. */
static const unsigned char *find(const struct policy_db *db, const void *key, size_t key_size,
				 uint32_t *size)
{
	struct cdb cdb = db->cdb;

	*size = 0;
	if (cdb_find(&cdb, key, key_size) <= 0)
		return NULL;
	*size = cdb_datalen(&cdb);
	return cdb_getdata(&cdb);
}

static int read_meta(struct policy_db *db, size_t size, const struct policy_log *log)
{
	uint32_t n_bytes;
	const unsigned char *meta = find(db, DB_KEY_META, DB_KEY_SIZE(DB_KEY_META), &n_bytes);

	if (!meta || n_bytes != DB_META)
		return wrong(db, log, "found no number of rules, expected one" REMEDY);
	db->n_rules = cdb_unpack(meta);
	db->conds = cdb_unpack(meta + 4);
	if (db->n_rules > size / DB_MIN_RULE || db->conds >> N_CONDS)
		return wrong(
			db, log,
			"found %u rules with conditions %#x, expected fewer in %zu bytes" REMEDY,
			db->n_rules, db->conds, size);
	db->general = find(db, DB_KEY_GENERAL, DB_KEY_SIZE(DB_KEY_GENERAL), &n_bytes);
	db->n_general = n_bytes / DB_GENERAL;
	return 0;
}

int policy_db__open(int fd, const char *path, struct policy_db **ret, const struct policy_log *log)
{
	struct policy_db *db = calloc(1, sizeof(*db));
	size_t size;
	int rc;

	if (!db)
		return -ENOMEM;
	db->path = strdup(path);
	rc = db->path ? map(db, fd, &size, log) : -ENOMEM;
	if (!rc)
		rc = check_whole(db, size, log);
	if (!rc)
		rc = read_meta(db, size, log);
	if (!rc)
		*ret = db;
	else
		policy_db__close(db);
	return rc;
}

void policy_db__close(struct policy_db *db)
{
	if (!db)
		return;
	cdb_free(&db->cdb);
	free(db->path);
	free(db);
}

uint32_t policy_db__n_rules(const struct policy_db *db)
{
	return db->n_rules;
}

unsigned int policy_db__conds(const struct policy_db *db)
{
	return db->conds;
}

/* What is left of a record. A step beyond its end makes it bad, and gives nothing from then on. */
struct reader {
	const unsigned char *at;
	uint32_t left;
	bool bad;
};

static uint32_t take_number(struct reader *r)
{
	const unsigned char *at = r->at;

	if (r->bad || r->left < 4) {
		r->bad = true;
		return 0;
	}
	r->at += 4;
	r->left -= 4;
	return cdb_unpack(at);
}

/* A text that ends with that many NULs: whoever goes through it stops there at the latest. */
static char *take_text(struct reader *r, uint32_t n_nuls)
{
	uint32_t size = take_number(r);
	char *text = (char *)r->at; /* char * where rules are made; nobody writes to one of these */

	if (r->bad || size > r->left || size < n_nuls ||
	    memcmp(text + size - n_nuls, "\0", n_nuls) != 0) {
		r->bad = true;
		return NULL;
	}
	r->at += size;
	r->left -= size;
	return text;
}

/* Nothing at all would match everything. */
static char *take_list(struct reader *r)
{
	char *list = take_text(r, 2);

	r->bad = r->bad || !*list;
	return list;
}

static void take_value(struct reader *r, enum policy_attr attr, struct policy_value *value)
{
	uint32_t num = take_number(r), max = policy_value__max(attr);

	if (!(num & DB_RELATIVE)) {
		value->num = num;
		r->bad = r->bad || num > max;
		return;
	}
	num &= ~DB_RELATIVE;
	value->relative = true;
	value->add = num;
	value->del = num >> DB_DEL_SHIFT;
	if (attr != ATTR_ACTIONS || num >> 2 * DB_DEL_SHIFT || (value->add | value->del) > max ||
	    value->add & value->del)
		r->bad = true;
}

static void take_head(struct reader *r, struct policy_head *head)
{
	uint32_t has;

	head->conds = take_number(r);
	head->order_step = take_number(r);
	has = take_number(r);
	if (head->conds >> N_CONDS || head->order_step > POLICY_MAX_PRIORITY || !has ||
	    has >> N_ATTRS)
		r->bad = true;
	if (head->order_step &&
	    (!(head->conds & 1U << COND_PROGRAM) || !(has & 1U << ATTR_PRIORITY)))
		r->bad = true;
	for_each_attr(attr) {
		head->has[attr] = has & 1U << attr;
		if (head->has[attr])
			take_value(r, attr, &head->value[attr]);
	}
}

/* A rule whose parts make sense. Whether a long order does as a whole takes as long as it is. */
static bool read_rule(const struct policy_db *db, uint32_t number, struct reader r,
		      struct policy_rule *ret)
{
	if (!r.at || number >= db->n_rules)
		return false;
	*ret = (struct policy_rule){ .file = db->path, .line = number + 1 };
	take_head(&r, &ret->head);
	ret->has_order = ret->has_start = ret->head.order_step;
	ret->name = take_text(&r, 1);
	for (int c = 0; c < N_CONDS; c++)
		if (ret->head.conds & 1U << c)
			ret->cond[c] = take_list(&r);
	for_each_attr(attr)
		ret->value_line[attr] = ret->line;
	return !r.bad && !r.left;
}

/* The rule's record at that place, if that is where it is. */
static struct reader record_at(const struct policy_db *db, uint32_t number, uint32_t place)
{
	const uint32_t n_before = DB_CDB_RECORD + DB_RULE_KEY;
	const unsigned char *record = cdb_get(&db->cdb, n_before, place);
	unsigned char key[DB_RULE_KEY];
	struct reader r = { 0 };

	policy_db__rule_key(number, key);
	if (!record || cdb_unpack(record) != DB_RULE_KEY ||
	    memcmp(record + DB_CDB_RECORD, key, DB_RULE_KEY) != 0)
		return r;
	r.left = cdb_unpack(record + 4);
	r.at = cdb_get(&db->cdb, r.left, place + n_before);
	return r;
}

/* Whether that position, if the rule is an order, has a priority that there is. */
static bool order_fits(const struct policy_head *head, uint64_t position)
{
	return !head->order_step ||
	       head->value[ATTR_PRIORITY].num + head->order_step * position <= POLICY_MAX_PRIORITY;
}

static bool makes_sense(struct policy_rule *rule)
{
	char err[POLICY_ERROR_SIZE];

	return !policy_rule__finish(rule, err, sizeof(err));
}

bool policy_db__rule(const struct policy_db *db, uint32_t number, struct policy_rule *ret)
{
	unsigned char key[DB_RULE_KEY];
	struct reader r = { 0 };

	policy_db__rule_key(number, key);
	r.at = find(db, key, sizeof(key), &r.left);
	return read_rule(db, number, r, ret) && makes_sense(ret);
}

void policy_db_cursor__start(struct policy_db_cursor *cursor, const struct policy_db *db,
			     const char *program)
{
	uint32_t n_bytes;

	*cursor = (struct policy_db_cursor){ .db = db };
	if (!program) {
		cursor->n_all = db->n_rules;
		return;
	}
	cursor->named = find(db, program, strlen(program), &n_bytes);
	cursor->n_named = n_bytes / DB_NAMED;
	cursor->general = db->general;
	cursor->n_general = db->n_general;
}

static bool give_any(struct policy_db_cursor *cursor, uint32_t number)
{
	bool good = policy_db__rule(cursor->db, number, &cursor->rule);

	cursor->conds = cursor->rule.head.conds;
	cursor->position = -1;
	return good;
}

static bool give_general(struct policy_db_cursor *cursor, const unsigned char *item)
{
	uint32_t number = cdb_unpack(item);
	struct reader r = record_at(cursor->db, number, cdb_unpack(item + 4));
	bool good = read_rule(cursor->db, number, r, &cursor->rule);

	cursor->conds = cursor->rule.head.conds;
	cursor->position = -1;
	return good && makes_sense(&cursor->rule);
}

/* That it matches the program is known. */
static bool give_named(struct policy_db_cursor *cursor, const unsigned char *item)
{
	uint32_t number = cdb_unpack(item), position = cdb_unpack(item + 8);
	struct reader r = record_at(cursor->db, number, cdb_unpack(item + 4));
	bool good = read_rule(cursor->db, number, r, &cursor->rule);

	cursor->conds = cursor->rule.head.conds & ~(1U << COND_PROGRAM);
	cursor->position = position;
	return good && position <= INT32_MAX && order_fits(&cursor->rule.head, position);
}

static const unsigned char *last_of(const unsigned char *list, size_t n_items, size_t item_size)
{
	return n_items ? list + (n_items - 1) * item_size : NULL;
}

const struct policy_rule *policy_db_cursor__next(struct policy_db_cursor *c)
{
	bool good;

	do {
		const unsigned char *named = last_of(c->named, c->n_named, DB_NAMED);
		const unsigned char *general = last_of(c->general, c->n_general, DB_GENERAL);

		if (c->n_all) {
			good = give_any(c, --c->n_all);
		} else if (named && (!general || cdb_unpack(named) > cdb_unpack(general))) {
			c->n_named--;
			good = give_named(c, named);
		} else if (general) {
			c->n_general--;
			good = give_general(c, general);
		} else {
			return NULL;
		}
	} while (!good);
	c->head = &c->rule.head;
	return &c->rule;
}
