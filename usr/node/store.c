// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "store.h"

/*
 * Step n makes version n of version n - 1. A step that was released is never changed:
 * there are files that it made.
 */
static const char *const steps[] = {
	"CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
	"CREATE TABLE peer ("
	"  id BLOB PRIMARY KEY CHECK (length(id) = 32),"
	"  name TEXT NOT NULL UNIQUE,"
	"  role INTEGER NOT NULL CHECK (role IN (0, 1)),"
	"  paired INTEGER NOT NULL) STRICT;",

	"CREATE TABLE address ("
	"  peer BLOB NOT NULL REFERENCES peer (id) ON DELETE CASCADE,"
	"  place INTEGER NOT NULL,"
	"  address TEXT NOT NULL,"
	"  PRIMARY KEY (peer, place)) STRICT;",

	/* named: it is for peers that were named, even where none of them is left */
	"CREATE TABLE share ("
	"  rule TEXT PRIMARY KEY,"
	"  forced INTEGER NOT NULL CHECK (forced IN (0, 1)),"
	"  plain INTEGER NOT NULL CHECK (plain IN (0, 1)),"
	"  named INTEGER NOT NULL CHECK (named IN (0, 1))) STRICT;"
	"CREATE TABLE share_peer ("
	"  rule TEXT NOT NULL REFERENCES share (rule) ON DELETE CASCADE,"
	"  peer BLOB NOT NULL REFERENCES peer (id) ON DELETE CASCADE,"
	"  PRIMARY KEY (rule, peer)) STRICT;",

	"CREATE TABLE wish ("
	"  number INTEGER PRIMARY KEY,"
	"  peer BLOB NOT NULL REFERENCES peer (id) ON DELETE CASCADE,"
	"  rule TEXT NOT NULL,"
	"  UNIQUE (peer, rule)) STRICT;",

	/* usbclass_pack(); NULL: nobody has seen the device yet */
	"ALTER TABLE wish ADD COLUMN classes BLOB;",
};

#define VERSION	((int)(sizeof(steps) / sizeof(*steps)))

static int db_error(struct store *store, struct error *err)
{
	int code = sqlite3_errcode(store->db);

	return error_set(err, code == SQLITE_FULL ? ENOSPC :
			 code == SQLITE_BUSY ? EBUSY :
			 code == SQLITE_CONSTRAINT ? EEXIST : EIO,
			 "the node's state: %s", sqlite3_errmsg(store->db));
}

static int exec(struct store *store, const char *sql, struct error *err)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) ?
	       db_error(store, err) : 0;
}

static int prepare(struct store *store, const char *sql, sqlite3_stmt **stmt,
		   struct error *err)
{
	return sqlite3_prepare_v2(store->db, sql, -1, stmt, NULL) ?
	       db_error(store, err) : 0;
}

/* Runs a statement that gives no rows, and ends it. */
static int run(struct store *store, sqlite3_stmt *stmt, struct error *err)
{
	int ret = sqlite3_step(stmt) == SQLITE_DONE ? 0 : db_error(store, err);

	sqlite3_finalize(stmt);
	return ret;
}

/* What was done since "BEGIN" counts, or never was. */
static int end(struct store *store, int ret, struct error *err)
{
	struct error ignored;

	if (!ret)
		ret = exec(store, "COMMIT", err);
	if (ret && !sqlite3_get_autocommit(store->db))
		exec(store, "ROLLBACK", &ignored);
	return ret;
}

/* --- opening ------------------------------------------------------------------ */

static int version(struct store *store, int *n, struct error *err)
{
	sqlite3_stmt *stmt;
	int ret = prepare(store, "PRAGMA user_version", &stmt, err);

	if (ret)
		return ret;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		*n = sqlite3_column_int(stmt, 0);
	else
		ret = db_error(store, err);
	sqlite3_finalize(stmt);
	return ret;
}

/* A step and the number that says it was made are one transaction. */
static int step(struct store *store, int n, struct error *err)
{
	char set[48];
	int ret = exec(store, "BEGIN IMMEDIATE", err);

	if (ret)
		return ret;
	snprintf(set, sizeof(set), "PRAGMA user_version = %d", n + 1);
	ret = exec(store, steps[n], err);
	if (!ret)
		ret = exec(store, set, err);
	return end(store, ret, err);
}

static int migrate(struct store *store, const char *path, struct error *err)
{
	int n = 0, ret = version(store, &n, err);

	if (ret)
		return ret;
	if (n > VERSION)
		return error_set(err, EPROTONOSUPPORT,
				 "%s is of version %d, written by a newer hearthd; this one knows version %d",
				 path, n, VERSION);
	for (; !ret && n < VERSION; n++)
		ret = step(store, n, err);
	return ret;
}

int store_open(struct store *store, const char *path, struct error *err)
{
	int ret = sqlite3_open_v2(path, &store->db,
				  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
				  SQLITE_OPEN_NOMUTEX, NULL);

	if (!store->db)
		return error_set(err, ENOMEM, "out of memory");
	sqlite3_extended_result_codes(store->db, 0);
	/* EXTRA: also the end of a journal is on the disk, so a commit stays. */
	ret = ret ? error_set(err, EIO, "%s: %s", path,
			      sqlite3_errmsg(store->db)) :
	      exec(store, "PRAGMA journal_mode = DELETE;"
		   "PRAGMA synchronous = EXTRA;"
		   "PRAGMA locking_mode = EXCLUSIVE;"
		   "PRAGMA trusted_schema = OFF;"
		   "PRAGMA foreign_keys = ON;", err);
	if (!ret)
		ret = migrate(store, path, err);
	if (ret)
		store_close(store);
	return ret;
}

void store_close(struct store *store)
{
	sqlite3_close(store->db);
	store->db = NULL;
}

/* --- the node ------------------------------------------------------------------- */

int store_name(struct store *store, char name[static PEER_NAME],
	       struct error *err)
{
	sqlite3_stmt *stmt;
	int ret = prepare(store, "SELECT value FROM setting WHERE name = 'name'",
			  &stmt, err);

	*name = '\0';
	if (ret)
		return ret;
	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW:
		snprintf(name, PEER_NAME, "%s", sqlite3_column_text(stmt, 0));
		break;
	case SQLITE_DONE:
		break;
	default:
		ret = db_error(store, err);
	}
	sqlite3_finalize(stmt);
	return ret;
}

int store_set_name(struct store *store, const char *name, struct error *err)
{
	sqlite3_stmt *stmt;
	int ret = prepare(store,
			  "INSERT OR REPLACE INTO setting VALUES ('name', ?)",
			  &stmt, err);

	if (ret)
		return ret;
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	return run(store, stmt, err);
}

/* --- peers ---------------------------------------------------------------------- */

static int read_addresses(struct store *store, struct store_peer *peer,
			  struct error *err)
{
	sqlite3_stmt *stmt;
	int ret = prepare(store,
			  "SELECT address FROM address WHERE peer = ? ORDER BY place",
			  &stmt, err);

	if (ret)
		return ret;
	sqlite3_bind_blob(stmt, 1, peer->id, PEER_ID, SQLITE_STATIC);
	while (peer->n_addresses < WIRE_ADDRESSES &&
	       (ret = sqlite3_step(stmt)) == SQLITE_ROW)
		snprintf(peer->addresses[peer->n_addresses++], WIRE_ADDRESS,
			 "%s", sqlite3_column_text(stmt, 0));
	ret = ret == SQLITE_ROW || ret == SQLITE_DONE ? 0 :
	      db_error(store, err);
	sqlite3_finalize(stmt);
	return ret;
}

static int read_peer(struct store *store, sqlite3_stmt *stmt,
		     struct store_peer *peer, struct error *err)
{
	const char *name = (const char *)sqlite3_column_text(stmt, 1);

	memset(peer, 0, sizeof(*peer));
	if (sqlite3_column_bytes(stmt, 0) != PEER_ID || !name ||
	    !peer_name_valid(name, strlen(name)))
		return error_set(err, EIO,
				 "the node's state has a peer that is none");
	memcpy(peer->id, sqlite3_column_blob(stmt, 0), PEER_ID);
	strcpy(peer->name, name);
	peer->role = sqlite3_column_int(stmt, 2) ? PEER_SELF : PEER_FRIEND;
	peer->paired = sqlite3_column_int64(stmt, 3);
	return read_addresses(store, peer, err);
}

int store_peers(struct store *store,
		int (*each)(const struct store_peer *peer, void *arg,
			    struct error *err),
		void *arg, struct error *err)
{
	struct store_peer peer;
	sqlite3_stmt *stmt;
	int ret = prepare(store,
			  "SELECT id, name, role, paired FROM peer ORDER BY name",
			  &stmt, err), row = SQLITE_DONE;

	if (ret)
		return ret;
	while (!ret && (row = sqlite3_step(stmt)) == SQLITE_ROW) {
		ret = read_peer(store, stmt, &peer, err);
		if (!ret)
			ret = each(&peer, arg, err);
	}
	if (!ret && row != SQLITE_DONE)
		ret = db_error(store, err);
	sqlite3_finalize(stmt);
	return ret;
}

static int drop(struct store *store, const uint8_t *id, struct error *err)
{
	sqlite3_stmt *stmt;
	int ret = prepare(store, "DELETE FROM peer WHERE id = ?", &stmt, err);

	if (ret)
		return ret;
	sqlite3_bind_blob(stmt, 1, id, PEER_ID, SQLITE_STATIC);
	return run(store, stmt, err);
}

static int put_address(struct store *store, const struct store_peer *peer,
		       unsigned int place, struct error *err)
{
	sqlite3_stmt *stmt;
	int ret = prepare(store, "INSERT INTO address VALUES (?, ?, ?)", &stmt,
			  err);

	if (ret)
		return ret;
	sqlite3_bind_blob(stmt, 1, peer->id, PEER_ID, SQLITE_STATIC);
	sqlite3_bind_int(stmt, 2, (int)place);
	sqlite3_bind_text(stmt, 3, peer->addresses[place], -1, SQLITE_STATIC);
	return run(store, stmt, err);
}

static int drop_addresses(struct store *store, const uint8_t *id,
			  struct error *err)
{
	sqlite3_stmt *stmt;
	int ret = prepare(store, "DELETE FROM address WHERE peer = ?", &stmt,
			  err);

	if (ret)
		return ret;
	sqlite3_bind_blob(stmt, 1, id, PEER_ID, SQLITE_STATIC);
	return run(store, stmt, err);
}

/* One that is there stays, changed: what was granted to it hangs on it. */
static int put(struct store *store, const struct store_peer *peer,
	       struct error *err)
{
	sqlite3_stmt *stmt;
	unsigned int i;
	int ret = prepare(store,
			  "INSERT INTO peer VALUES (?, ?, ?, ?) "
			  "ON CONFLICT (id) DO UPDATE SET name = excluded.name, "
			  "role = excluded.role, paired = excluded.paired",
			  &stmt, err);

	if (ret)
		return ret;
	sqlite3_bind_blob(stmt, 1, peer->id, PEER_ID, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, peer->name, -1, SQLITE_STATIC);
	sqlite3_bind_int(stmt, 3, peer->role == PEER_SELF);
	sqlite3_bind_int64(stmt, 4, peer->paired);
	ret = run(store, stmt, err);
	if (!ret)
		ret = drop_addresses(store, peer->id, err);
	for (i = 0; !ret && i < peer->n_addresses; i++)
		ret = put_address(store, peer, i, err);
	return ret;
}

int store_put_peer(struct store *store, const struct store_peer *peer,
		   struct error *err)
{
	int ret = exec(store, "BEGIN IMMEDIATE", err);

	return ret ? ret : end(store, put(store, peer, err), err);
}

int store_drop_peer(struct store *store, const uint8_t id[static PEER_ID],
		    struct error *err)
{
	return drop(store, id, err);
}

int store_replace(struct store *store, const char *name,
		  const struct store_peer *peers, size_t n, struct error *err)
{
	int ret = exec(store, "BEGIN IMMEDIATE", err);
	size_t i;

	if (ret)
		return ret;
	ret = exec(store, "DELETE FROM peer", err);
	if (!ret)
		ret = store_set_name(store, name, err);
	for (i = 0; !ret && i < n; i++)
		ret = put(store, &peers[i], err);
	return end(store, ret, err);
}

/* --- what is shared ---------------------------------------------------------------- */

static int read_share_peers(struct store *store, const char *rule,
			    struct store_share *share, struct error *err)
{
	sqlite3_stmt *stmt;
	int ret = prepare(store, "SELECT peer FROM share_peer WHERE rule = ?",
			  &stmt, err);

	if (ret)
		return ret;
	sqlite3_bind_text(stmt, 1, rule, -1, SQLITE_STATIC);
	while (share->n < STORE_SHARE_PEERS &&
	       (ret = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (sqlite3_column_bytes(stmt, 0) == PEER_ID)
			memcpy(share->peers[share->n++],
			       sqlite3_column_blob(stmt, 0), PEER_ID);
	}
	ret = ret == SQLITE_ROW || ret == SQLITE_DONE ? 0 :
	      db_error(store, err);
	sqlite3_finalize(stmt);
	return ret;
}

static int read_share(struct store *store, sqlite3_stmt *stmt,
		      struct store_share *share, struct error *err)
{
	const char *rule = (const char *)sqlite3_column_text(stmt, 0);

	memset(share, 0, sizeof(*share));
	if (!rule || usbrule_parse(rule, &share->rule, err))
		return error_set(err, EIO,
				 "the node's state has a share of no devices");
	share->forced = sqlite3_column_int(stmt, 1);
	share->plain = sqlite3_column_int(stmt, 2);
	share->named = sqlite3_column_int(stmt, 3);
	return read_share_peers(store, rule, share, err);
}

int store_shares(struct store *store,
		 int (*each)(const struct store_share *share, void *arg,
			     struct error *err),
		 void *arg, struct error *err)
{
	struct store_share share;
	sqlite3_stmt *stmt;
	int ret = prepare(store,
			  "SELECT rule, forced, plain, named FROM share ORDER BY rule",
			  &stmt, err), row = SQLITE_DONE;

	if (ret)
		return ret;
	while (!ret && (row = sqlite3_step(stmt)) == SQLITE_ROW) {
		ret = read_share(store, stmt, &share, err);
		if (!ret)
			ret = each(&share, arg, err);
	}
	if (!ret && row != SQLITE_DONE)
		ret = db_error(store, err);
	sqlite3_finalize(stmt);
	return ret;
}

static int drop_share(struct store *store, const char *rule, struct error *err)
{
	sqlite3_stmt *stmt;
	int ret = prepare(store, "DELETE FROM share WHERE rule = ?", &stmt, err);

	if (ret)
		return ret;
	sqlite3_bind_text(stmt, 1, rule, -1, SQLITE_STATIC);
	return run(store, stmt, err);
}

static int grant_share(struct store *store, const char *rule,
		       const uint8_t *peer, struct error *err)
{
	sqlite3_stmt *stmt;
	int ret = prepare(store, "INSERT OR IGNORE INTO share_peer VALUES (?, ?)",
			  &stmt, err);

	if (ret)
		return ret;
	sqlite3_bind_text(stmt, 1, rule, -1, SQLITE_STATIC);
	sqlite3_bind_blob(stmt, 2, peer, PEER_ID, SQLITE_STATIC);
	return run(store, stmt, err);
}

static int put_share(struct store *store, const struct store_share *share,
		     struct error *err)
{
	char rule[USBRULE_TEXT];
	sqlite3_stmt *stmt;
	unsigned int i;
	int ret;

	usbrule_text(&share->rule, rule);
	ret = drop_share(store, rule, err);
	if (!ret)
		ret = prepare(store, "INSERT INTO share VALUES (?, ?, ?, ?)", &stmt,
			      err);
	if (ret)
		return ret;
	sqlite3_bind_text(stmt, 1, rule, -1, SQLITE_STATIC);
	sqlite3_bind_int(stmt, 2, share->forced);
	sqlite3_bind_int(stmt, 3, share->plain);
	sqlite3_bind_int(stmt, 4, share->named);
	ret = run(store, stmt, err);
	for (i = 0; !ret && i < share->n; i++)
		ret = grant_share(store, rule, share->peers[i], err);
	return ret;
}

int store_put_share(struct store *store, const struct store_share *share,
		    struct error *err)
{
	int ret = exec(store, "BEGIN IMMEDIATE", err);

	return ret ? ret : end(store, put_share(store, share, err), err);
}

int store_drop_share(struct store *store, const struct usbrule *rule,
		     struct error *err)
{
	char text[USBRULE_TEXT];

	usbrule_text(rule, text);
	return drop_share(store, text, err);
}

/* --- what is wished for ------------------------------------------------------------ */

static int read_wish(sqlite3_stmt *stmt, struct store_wish *wish,
		     struct error *err)
{
	const char *rule = (const char *)sqlite3_column_text(stmt, 1);

	memset(wish, 0, sizeof(*wish));
	if (sqlite3_column_bytes(stmt, 0) != PEER_ID || !rule ||
	    usbrule_parse(rule, &wish->rule, err))
		return error_set(err, EIO,
				 "the node's state has a wish for no device");
	memcpy(wish->peer, sqlite3_column_blob(stmt, 0), PEER_ID);
	if (sqlite3_column_type(stmt, 2) != SQLITE_NULL &&
	    !usbclass_unpack(sqlite3_column_blob(stmt, 2),
			     (size_t)sqlite3_column_bytes(stmt, 2),
			     &wish->class))
		return error_set(err, EIO,
				 "the node's state has a wish for a device that can nothing");
	return 0;
}

int store_wishes(struct store *store,
		 int (*each)(const struct store_wish *wish, void *arg,
			     struct error *err),
		 void *arg, struct error *err)
{
	struct store_wish wish;
	sqlite3_stmt *stmt;
	int ret = prepare(store, "SELECT peer, rule, classes FROM wish ORDER BY number",
			  &stmt, err), row = SQLITE_DONE;

	if (ret)
		return ret;
	while (!ret && (row = sqlite3_step(stmt)) == SQLITE_ROW) {
		ret = read_wish(stmt, &wish, err);
		if (!ret)
			ret = each(&wish, arg, err);
	}
	if (!ret && row != SQLITE_DONE)
		ret = db_error(store, err);
	sqlite3_finalize(stmt);
	return ret;
}

static int run_wish(struct store *store, const char *sql,
		    const struct store_wish *wish, struct error *err)
{
	char rule[USBRULE_TEXT];
	sqlite3_stmt *stmt;
	int ret = prepare(store, sql, &stmt, err);

	if (ret)
		return ret;
	usbrule_text(&wish->rule, rule);
	sqlite3_bind_blob(stmt, 1, wish->peer, PEER_ID, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, rule, -1, SQLITE_STATIC);
	return run(store, stmt, err);
}

int store_put_wish(struct store *store, const struct store_wish *wish,
		   struct error *err)
{
	return run_wish(store,
			"INSERT INTO wish (peer, rule) VALUES (?, ?) ON CONFLICT (peer, rule) DO NOTHING",
			wish, err);
}

int store_keep_class(struct store *store, const struct store_wish *wish,
		     struct error *err)
{
	char rule[USBRULE_TEXT];
	uint8_t classes[USBCLASS_BYTES];
	size_t size = usbclass_pack(&wish->class, classes);
	sqlite3_stmt *stmt;
	int ret = prepare(store,
			  "UPDATE wish SET classes = ? WHERE peer = ? AND rule = ?",
			  &stmt, err);

	if (ret)
		return ret;
	usbrule_text(&wish->rule, rule);
	sqlite3_bind_blob(stmt, 1, classes, (int)size, SQLITE_STATIC);
	sqlite3_bind_blob(stmt, 2, wish->peer, PEER_ID, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 3, rule, -1, SQLITE_STATIC);
	return run(store, stmt, err);
}

int store_drop_wish(struct store *store, const struct store_wish *wish,
		    struct error *err)
{
	return run_wish(store, "DELETE FROM wish WHERE peer = ? AND rule = ?",
			wish, err);
}
