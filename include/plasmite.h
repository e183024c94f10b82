// plasmite.h: the C interface of Plasmite. Pools are bounded ring-buffer files on disk that hold JSON
// messages; any number of processes write and read them at once.
//
// Made from capi/src by cbindgen; do not edit.
//
// Rules that hold for every call
//
// Results. A fallible call returns an int: 0 for success, or 1 and 0 where the call says so, and -1 for a
// failure. Its last argument `out_err` may be NULL; otherwise a failure stores there an error object, to be
// freed with plsm_error_free. Success leaves *out_err alone, so set it to NULL first. All other outputs are
// written on success only. A failed call changes nothing unless it says so.
//
// Strings in are UTF-8 and end in NUL; a `const char *` with a length beside it needs no NUL. JSON is UTF-8
// with an explicit length. Times are nanoseconds since 1970-01-01T00:00:00Z, waits are milliseconds.
// Booleans are integers: 0 is false, everything else true.
//
// Ownership. Whatever a *_new, *_create, *_ensure, *_open*, *_tail, *_get_message or *_reserve call hands out
// goes to its own free call once, in any order: streams outlive their pool handle, pools their client. Every
// free call takes NULL. A plsm_buf_t is the caller's and is freed with plsm_buf_free, never with free(3); the
// struct is zeroed by that, so freeing it twice does no harm. "Borrowed" memory belongs to the library and
// lives as long as stated.
//
// Threads. Every handle may be used by any number of threads at once; only a free call needs that no other
// call is running on, or will be made with, that handle. Error objects, buffers, views and values are plain
// data: one thread at a time, or share them read-only.
//
// Processes. After fork(2) a child may go on using its handles of pools; it excludes its parent like any
// other process. An open stream may be used by one of the two only, and a reservation and a stream of a
// server's pool stay their maker's: a child may only free them.
//
// Servers. Wherever a pool is named, `http://host:9700/events` names a pool of a server (pls serve), and its
// calls do there what they do here; those that need its file or its memory are Usage. What the server answers
// keeps its kind and message; no answer is Io, with plsm_error_maybe_written when the request may have
// been carried out. Over plain HTTP a token goes to loopback addresses only. Streams connect again by
// themselves and go on where they stood.
//
// Misuse that can be seen (NULL or misaligned pointers, unknown numbers and flags, bad UTF-8, a handle of
// another type or one that was freed) is answered with PLSM_ERROR_USAGE before any work is done. The library
// prints nothing, installs no signal handler unless plsm_guard_install is called, and its threads handle no
// signals of the process.
//
// Growth. Within one major version calls, constants and struct fields are only added. Structs that
// start with `struct_size` may grow: initialise them with their PLSM_..._INIT macro. Options of a newer
// header are accepted as long as the fields this library does not know are 0. All other structs are frozen,
// except plsm_error_t, which only the library allocates.


#ifndef PLASMITE_H
#define PLASMITE_H

#include <stddef.h>
#include <stdint.h>

// The version of this header; plsm_version and plsm_version_number tell the library's.
#define PLSM_VERSION_MAJOR 1
#define PLSM_VERSION_MINOR 0
#define PLSM_VERSION_PATCH 0
#define PLSM_VERSION_NUMBER 1000000
#define PLSM_VERSION_STRING "1.0.0"

// The version of the ABI that this header describes. It rises by one whenever something is added;
// plsm_abi_version tells the library's, which serves every program made for the same or a lower one.
#define PLSM_ABI_VERSION 1

// Initialisers of the structs that start with `struct_size`; every other field is 0.
#define PLSM_STREAM_OPTIONS_INIT {(uint32_t)sizeof(plsm_stream_options_t), 0, 0, 0, 0, 0, 0, 0, 0}
#define PLSM_CLIENT_OPTIONS_INIT {(uint32_t)sizeof(plsm_client_options_t), 0, 0, 0, 0, 0, 0, 0}
#define PLSM_POOL_OPTIONS_INIT {(uint32_t)sizeof(plsm_pool_options_t), 0, 0, 0, 0}
#define PLSM_OPEN_OPTIONS_INIT {(uint32_t)sizeof(plsm_open_options_t), 0}
#define PLSM_POOL_INFO_INIT \
    {(uint32_t)sizeof(plsm_pool_info_t), 0, 0, 0, 0, 0, 0, 0, {0, 0, 0}, 0, 0, 0, 0, 0, 0, 0, {0}}
#define PLSM_LIST_ENTRY_INIT {(uint32_t)sizeof(plsm_list_entry_t), 0, 0, 0, 0, 0, 0}
#define PLSM_DOCTOR_PROGRESS_INIT {(uint32_t)sizeof(plsm_doctor_progress_t), 0, 0, 0, 0, 0, 0}
#define PLSM_DOCTOR_REPORT_INIT \
    {(uint32_t)sizeof(plsm_doctor_report_t), 0, 0, 0, 0, 0, {0, 0, 0}, 0, 0, 0, 0, 0}
#define PLSM_DOCTOR_ISSUE_INIT {(uint32_t)sizeof(plsm_doctor_issue_t), 0, 0, 0, 0, 0, 0, 0, 0, 0}
#define PLSM_MIGRATED_INIT {(uint32_t)sizeof(plsm_migrated_t), 0, {0, 0, 0}, 0, 0}
#define PLSM_SALVAGED_INIT {(uint32_t)sizeof(plsm_salvaged_t), 0, {0, 0, 0}, 0, 0, 0}
#define PLSM_APPEND_OPTIONS_INIT {(uint32_t)sizeof(plsm_append_options_t), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
#define PLSM_INGEST_OPTIONS_INIT {(uint32_t)sizeof(plsm_ingest_options_t), 0, 0, 0, 0}
#define PLSM_FILTER_OPTIONS_INIT {(uint32_t)sizeof(plsm_filter_options_t), 0, 0}
#define PLSM_TAIL_OPTIONS_INIT \
    {(uint32_t)sizeof(plsm_tail_options_t), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}


// Trust every server, whatever its certificate: anybody on the way can read and change everything.
#define PLSM_CLIENT_TLS_SKIP_VERIFY 1

// Send the token over plain HTTP to other machines too: anybody on the way can read and use it.
#define PLSM_CLIENT_INSECURE_TOKEN 2

// Open the pool for reading only. Also what happens by itself where writing is not permitted.
#define PLSM_OPEN_READ_ONLY 1

// Check Lite3 data wholly before storing it, not just its root. See plsm_pool_append_data.
#define PLSM_APPEND_CHECK_FULLY 1

// The view looks into the pool's memory, which writers may overwrite; see plsm_view_is_valid.
#define PLSM_VIEW_IN_PLACE 1

// Refuse definitions that call themselves: for expressions that come from strangers.
#define PLSM_FILTER_NO_RECURSION 1

// Go on behind a bad record. Without it the first one ends the reading.
#define PLSM_INGEST_SKIP 1

// plsm_ingest_append stores a record that is a complete message (an object with exactly `seq`, `time`, `data`
// and `meta` with exactly `tags`, as follow prints it) with its data and tags; other records are data.
#define PLSM_INGEST_COPY 2

// End at the newest message as of opening instead of waiting for more.
#define PLSM_TAIL_SNAPSHOT 1

// Deliver views into the pool's memory rather than copies: faster, but a message can be overwritten while
// it is read. See plsm_view_is_valid. Usage for a pool of a server, whose memory is not here. As long as a
// handle that may only read waits for somebody to recover the pool, after the machine went down or the file
// was copied, these are copies that stay until the stream and all handles of the pool are freed.
#define PLSM_TAIL_IN_PLACE 2

// Deliver in descending seq and never wait. PLSM_START_SEQ and PLSM_START_TOKEN tell the seq to begin at: at
// 0, where a stream stands behind the first message, nothing is left. The others begin at the newest message,
// and PLSM_START_LAST and PLSM_START_TIME tell where to end. The end is also at end_seq, then the lowest.
#define PLSM_TAIL_BACKWARDS 4

// Never be woken by writers: look again and again, with pauses.
#define PLSM_TAIL_POLL 8

// As a waiting time in ms: without limit.
#define PLSM_WAIT_FOREVER 18446744073709551615ull

// What went wrong, in one word. The numbers are also the exit codes of the command line.
enum plsm_error_kind {
    // A fault of the library or of the machine that no caller can act on.
    PLSM_ERROR_INTERNAL = 1,
    // A bad argument, bad JSON, or a request that cannot be met as asked.
    PLSM_ERROR_USAGE = 2,
    // No such pool, or no such message.
    PLSM_ERROR_NOT_FOUND = 3,
    // The pool (or the expected seq) is there already.
    PLSM_ERROR_ALREADY_EXISTS = 4,
    // The writer lock could not be had in time.
    PLSM_ERROR_BUSY = 5,
    // The system refused access.
    PLSM_ERROR_PERMISSION = 6,
    // The pool's bytes, or a Lite3 document, are damaged.
    PLSM_ERROR_CORRUPT = 7,
    // Any other failure of the system.
    PLSM_ERROR_IO = 8,
    // Messages were overwritten before they were read.
    PLSM_ERROR_RETENTION_GAP = 9,
};

// What a stream does when messages it was to deliver next have been overwritten.
enum plsm_gap_policy {
    // Go on with the oldest message that is still there.
    PLSM_GAP_CONTINUE = 0,
    // Fail with RetentionGap, seq telling the first missing message; then the stream is finished.
    PLSM_GAP_ERROR = 1,
    // Tell it as an event of its own (PLSM_NEXT_GAP), then go on. For plsm_pool_tail only.
    PLSM_GAP_EVENT = 2,
};

// When an append returns.
enum plsm_durability {
    // When other processes can read the message; it survives them all, but not a crash of the machine.
    PLSM_DURABILITY_FAST = 0,
    // When the message, and all before it, are on the disk.
    PLSM_DURABILITY_FLUSH = 1,
};

// How serious a log line is. plsm_log_set takes the highest number that is still wanted.
enum plsm_log_level {
    // Something failed that no call could report.
    PLSM_LOG_ERROR = 1,
    // Something was repaired or worked around.
    PLSM_LOG_WARN = 2,
    // Rare events that are worth knowing.
    PLSM_LOG_INFO = 3,
};

// What the bytes of a batch item are.
enum plsm_item_encoding {
    // A JSON value, as for plsm_pool_append.
    PLSM_ITEM_JSON = 0,
    // `data` as Lite3, as for plsm_pool_append_data.
    PLSM_ITEM_LITE3_DATA = 1,
    // A whole Lite3 message document, as for plsm_pool_append_document; its tags and the item's are not
    // mixed: give none.
    PLSM_ITEM_LITE3_DOCUMENT = 2,
};

// A part of a message.
enum plsm_part {
    // All of it: `{"seq":...,"time":"...","meta":{"tags":[...]},"data":...}`.
    PLSM_PART_ENVELOPE = 0,
    // The data alone.
    PLSM_PART_DATA = 1,
    // The tags alone, as an array.
    PLSM_PART_TAGS = 2,
    // All but the data: `{"seq":...,"time":"...","meta":{"tags":[...]}}`.
    PLSM_PART_HEAD = 3,
};

// The type of a value.
enum plsm_value_type {
    // null.
    PLSM_TYPE_NULL = 0,
    // true or false.
    PLSM_TYPE_BOOL = 1,
    // A signed 64-bit integer.
    PLSM_TYPE_I64 = 2,
    // An IEEE double.
    PLSM_TYPE_F64 = 3,
    // Raw bytes; base64 text in JSON.
    PLSM_TYPE_BYTES = 4,
    // UTF-8 text.
    PLSM_TYPE_STRING = 5,
    // Members with keys.
    PLSM_TYPE_OBJECT = 6,
    // Elements with indices.
    PLSM_TYPE_ARRAY = 7,
};

// Where a stream starts.
enum plsm_start {
    // At the oldest message.
    PLSM_START_OLDEST = 0,
    // Behind the newest message: only what comes from now on.
    PLSM_START_NOW = 1,
    // At the last N messages that pass tags and filters; the value is N.
    PLSM_START_LAST = 2,
    // At a seq, which is the value; one in the future is waited for.
    PLSM_START_SEQ = 3,
    // At the first message not older than a time, which is the value, in ns since 1970.
    PLSM_START_TIME = 4,
    // Where another stream stood when plsm_stream_token was called on it.
    PLSM_START_TOKEN = 5,
};

// What plsm_stream_next_view and plsm_stream_next_json answer.
enum plsm_next {
    // An error. After RetentionGap the stream is at its end; after one of a filter the next call goes on behind
    // the message, after any other it tries again.
    PLSM_NEXT_ERROR = -1,
    // No more: the maximum, the end seq, the snapshot's newest message, or a gap error was reached.
    PLSM_NEXT_END = 0,
    // A message, in the output.
    PLSM_NEXT_MESSAGE = 1,
    // No message within the call's `wait_ms`.
    PLSM_NEXT_TIMEOUT = 2,
    // Messages are missing: plsm_stream_gap tells which. The next call goes on behind them.
    PLSM_NEXT_GAP = 3,
    // plsm_stream_cancel was called, and plsm_stream_reset_cancel was not.
    PLSM_NEXT_CANCELLED = 4,
    // No more: the stream's timeout_ms has passed.
    PLSM_NEXT_DEADLINE = 5,
};

// What an input looks like.
enum plsm_ingest_mode {
    // Decided by the first bytes: a record separator (0x1e) begins a sequence, a line that starts with
    // `data:`, `event:`, `id:`, `retry:` or `:` an event stream; everything else is PLSM_INGEST_VALUES, which
    // includes JSON Lines, and becomes a sequence at a record separator.
    PLSM_INGEST_AUTO = 0,
    // JSON Lines: a record is a line. Blank lines are none.
    PLSM_INGEST_JSONL = 1,
    // The whole input is one record.
    PLSM_INGEST_JSON = 2,
    // JSON text sequences, RFC 7464: a record stands between a record separator and a line feed, and is there
    // with that.
    PLSM_INGEST_SEQ = 3,
    // JSON values one after another, with white space or nothing between them, over any number of lines. A
    // closing bracket or quote ends one at once.
    PLSM_INGEST_VALUES = 4,
    // Server-sent events: a record is the joined data of an event that has any.
    PLSM_INGEST_EVENTS = 5,
};

// What an ingest has to say.
enum plsm_ingest_step {
    // More input is needed (plsm_ingest_push), or its end (plsm_ingest_finish).
    PLSM_INGEST_MORE = 0,
    // A record.
    PLSM_INGEST_RECORD = 1,
    // A bad record.
    PLSM_INGEST_FAULT = 2,
    // The input has ended, or the reading after a fault. Stays so.
    PLSM_INGEST_END = 3,
};

// Why a record is a bad one.
enum plsm_ingest_fault {
    // It is not JSON, or nests too deep, or has a number that no double can hold.
    PLSM_INGEST_PARSE = 1,
    // It is larger than the options allow, or than the pool can hold.
    PLSM_INGEST_OVERSIZE = 2,
};

// How a pool is, according to a doctor.
enum plsm_doctor_status {
    // Everything a reader relies on is in order.
    PLSM_DOCTOR_OK = 0,
    // Something is damaged, or the pool has another format.
    PLSM_DOCTOR_CORRUPT = 1,
    // It could not be looked at. Only among the pools of a directory; of a single pool that is an error.
    PLSM_DOCTOR_UNREADABLE = 2,
};

// A directory of pools, or a server that has some. Touches no file and no network by itself.
struct plsm_client;

// An examination of one pool or of all pools of a directory.
struct plsm_doctor;

// A compiled filter. Any number of threads and streams may use one at once.
struct plsm_filter;

// An input being read.
struct plsm_ingest;

// A reader's place in a pool, for messages as Lite3.
struct plsm_lite3_stream;

// A private copy of a message.
struct plsm_message;

// An open pool.
struct plsm_pool;

// The pools of a directory at one moment.
struct plsm_pool_list;

// The clock of one replay: tells when each message of a stream is due, so that the gaps between them are
// those between their times, divided by a speed. It takes times only, so it serves every stream, and the
// caller may sleep with plsm_replay_wait or in its own way. Each due time counts from the first message:
// what is late is caught up, and nothing drifts.
struct plsm_replay;

// Room reserved in a pool. Holds the pool's writer lock.
struct plsm_reservation;

// A reader's place in a pool. Used by one reader; several threads may share it: each message goes to one of
// them, and none waits longer than it said because another one sleeps. What a call has lent, but for views in
// place, is then good until a call of any thread finds something, also one that waits already;
// plsm_stream_next gives messages that are the caller's.
struct plsm_stream;

// Bytes that the caller owns; free them with plsm_buf_free. Not NUL-terminated. `data` is never NULL in a
// buffer that a call has filled, even when `len` is 0.
struct plsm_buf {
    // The first byte.
    uint8_t *data;
    // How many bytes.
    size_t len;
};

// Bytes that the caller owns. See plsm_buf.
typedef struct plsm_buf plsm_buf_t;

// An error. Made by the library, read by the caller, freed whole with plsm_error_free. The library may
// append fields in later versions; hint and causes are read with calls.
struct plsm_error {
    // One of plsm_error_kind_t. A newer library may know more kinds: treat an unknown one as Internal.
    int32_t kind;
    // What went wrong and where. Never NULL, never empty.
    char *message;
    // The file concerned, or NULL. Bytes that are not UTF-8 are replaced.
    char *path;
    // The message concerned; only when has_seq is 1.
    uint64_t seq;
    // The byte concerned, in a file, document or text as the message says; only when has_offset is 1.
    uint64_t offset;
    // Whether seq counts: 0 or 1.
    uint8_t has_seq;
    // Whether offset counts: 0 or 1.
    uint8_t has_offset;
};

// An error. See plsm_error.
typedef struct plsm_error plsm_error_t;

// Receives one log line: the `user` pointer of plsm_log_set, a plsm_log_level_t, and a text that is valid
// during the call. Called from whatever thread has something to say, possibly from several at once; it
// must return and make no call of this library.
typedef void (*plsm_log_fn)(void *user, uint32_t level, const char *message);

// A directory of pools, or a server. See plsm_client.
typedef struct plsm_client plsm_client_t;

// How a client is made. Zero it and set struct_size, or start from PLSM_CLIENT_OPTIONS_INIT. All but pool_dir
// is for servers only: pools given by their address, or all of a client whose pool_dir is a server's address. Then
// the token goes to that server alone, otherwise to every server whose pools the client opens.
struct plsm_client_options {
    // sizeof(plsm_client_options_t).
    uint32_t struct_size;
    // PLSM_CLIENT_ flags.
    uint32_t flags;
    // The directory, or a server's address; see plsm_client_new. NULL means $HOME/.plasmite/pools.
    const char *pool_dir;
    // The bearer token, or NULL. Over plain HTTP it goes to loopback addresses only.
    const char *token;
    // A file with the token, or NULL; white space around it does not count. Excludes token.
    const char *token_file;
    // A PEM file of the certificates by which servers are trusted, or NULL for those that browsers trust. Excludes
    // PLSM_CLIENT_TLS_SKIP_VERIFY.
    const char *tls_ca_file;
    // For how long one request may take, in ms; 0 means 30000. A stream goes on for as long as it is wanted.
    uint64_t request_timeout_ms;
    // The largest answer or message taken from a server, in bytes; 0 means 268435456. What comes back from an
    // append, its own message, may be larger.
    uint64_t largest_bytes;
};

// How a client is made. See plsm_client_options.
typedef struct plsm_client_options plsm_client_options_t;

// An open pool. See plsm_pool.
typedef struct plsm_pool plsm_pool_t;

// Which messages a pool holds. All 0 when it holds none.
struct plsm_bounds {
    // The oldest message's seq.
    uint64_t oldest;
    // The newest message's seq.
    uint64_t newest;
    // How many messages. Of a pool as it is, in its bounds and info: seqs from the oldest to the newest, also those in
    // between that a power cut took.
    uint64_t count;
};

// Which messages a pool holds. See plsm_bounds.
typedef struct plsm_bounds plsm_bounds_t;

// Settings and contents of a pool. Sizes and offsets are in bytes. Set struct_size before the call, or
// start from PLSM_POOL_INFO_INIT.
struct plsm_pool_info {
    // sizeof(plsm_pool_info_t), set by the caller.
    uint32_t struct_size;
    // Whether the pool could be opened for reading only: 0 or 1.
    uint32_t read_only;
    // Size of the file.
    uint64_t file_size;
    // Where the index begins.
    uint64_t index_offset;
    // How many messages the index can point at.
    uint64_t index_capacity;
    // Size of the index.
    uint64_t index_size_bytes;
    // Where the ring begins.
    uint64_t ring_offset;
    // Size of the ring.
    uint64_t ring_size;
    // Oldest and newest message, and how many there are.
    plsm_bounds_t bounds;
    // How much of the ring holds messages.
    uint64_t used_bytes;
    // The rest of the ring.
    uint64_t free_bytes;
    // Time of the oldest message, in ns since 1970; only when bounds.count is not 0.
    uint64_t oldest_time_ns;
    // Time of the newest message, in ns since 1970; only when bounds.count is not 0.
    uint64_t newest_time_ns;
    // Raised by each recovery after a crash of the machine.
    uint64_t generation;
    // Version of the file format.
    uint32_t format;
    // 0.
    uint32_t reserved;
    // The pool's identity.
    uint8_t id[16];
};

// Settings and contents of a pool. See plsm_pool_info.
typedef struct plsm_pool_info plsm_pool_info_t;

// Where a message stands in the pool's file.
struct plsm_frame_place {
    // The message's seq.
    uint64_t seq;
    // Where its frame begins in the file.
    uint64_t offset;
    // Size of its frame in bytes, with header and padding.
    uint64_t len;
};

// Where a message stands in the pool's file. See plsm_frame_place.
typedef struct plsm_frame_place plsm_frame_place_t;

// The ring of a pool at one moment. Positions count the bytes ever written: the place in the ring is the
// position modulo the ring's size.
struct plsm_layout {
    // Position of the oldest message's frame.
    uint64_t tail;
    // Position behind the newest message's frame.
    uint64_t head;
    // How many frames the call wrote.
    uint64_t frame_count;
    // 0.
    uint64_t reserved;
};

// The ring of a pool at one moment. See plsm_layout.
typedef struct plsm_layout plsm_layout_t;

// The pools of a directory at one moment. See plsm_pool_list.
typedef struct plsm_pool_list plsm_pool_list_t;

// One pool of a list. Everything it points to is borrowed from the list. Set struct_size before the call,
// or start from PLSM_LIST_ENTRY_INIT.
struct plsm_list_entry {
    // sizeof(plsm_list_entry_t), set by the caller.
    uint32_t struct_size;
    // Whether mtime_ns counts: 0 or 1.
    uint32_t has_mtime;
    // When the pool was last changed, in ns since 1970: the file according to the file system, or the newest message if
    // that is later.
    uint64_t mtime_ns;
    // The pool's name.
    const char *name;
    // The path of its file.
    const char *path;
    // Its settings and contents, or NULL when it could not be read.
    const plsm_pool_info_t *info;
    // Why it could not be read, or NULL.
    const plsm_error_t *error;
};

// One pool of a list. See plsm_list_entry.
typedef struct plsm_list_entry plsm_list_entry_t;

// How a pool is created. Zero it and set struct_size, or start from PLSM_POOL_OPTIONS_INIT.
struct plsm_pool_options {
    // sizeof(plsm_pool_options_t).
    uint32_t struct_size;
    // Whether index_capacity counts.
    uint32_t has_index_capacity;
    // The exact size of the file in bytes; 0 means 1048576.
    uint64_t size_bytes;
    // How many messages the index can point at; 0 means no index. Without it, as many as the default
    // needs.
    uint32_t index_capacity;
    // The mode of the file, less the umask; 0 means 0600.
    uint32_t file_mode;
};

// How a pool is created. See plsm_pool_options.
typedef struct plsm_pool_options plsm_pool_options_t;

// How a pool is opened. Zero it and set struct_size, or start from PLSM_OPEN_OPTIONS_INIT.
struct plsm_open_options {
    // sizeof(plsm_open_options_t).
    uint32_t struct_size;
    // PLSM_OPEN_READ_ONLY or 0.
    uint32_t flags;
};

// How a pool is opened. See plsm_open_options.
typedef struct plsm_open_options plsm_open_options_t;

// An examination of pools. See plsm_doctor.
typedef struct plsm_doctor plsm_doctor_t;

// How far a doctor has come. Set struct_size before the call, or start from PLSM_DOCTOR_PROGRESS_INIT.
struct plsm_doctor_progress {
    // sizeof(plsm_doctor_progress_t), set by the caller.
    uint32_t struct_size;
    // 0.
    uint32_t reserved;
    // Pools done.
    uint64_t pools_done;
    // Pools in all.
    uint64_t pools;
    // Bytes of files done.
    uint64_t bytes_done;
    // Bytes of files in all.
    uint64_t bytes;
    // Path of the pool that is being looked at, or NULL when all are done. Borrowed from the doctor.
    const char *path;
};

// How far a doctor has come. See plsm_doctor_progress.
typedef struct plsm_doctor_progress plsm_doctor_progress_t;

// What a doctor found out about one pool. Everything it points to is borrowed from the doctor. Set
// struct_size before the call, or start from PLSM_DOCTOR_REPORT_INIT.
struct plsm_doctor_report {
    // sizeof(plsm_doctor_report_t), set by the caller.
    uint32_t struct_size;
    // A plsm_doctor_status_t.
    uint32_t status;
    // The reference as given; of a pool found in a directory, its path.
    const char *pool_ref;
    // The path of its file.
    const char *path;
    // The newest message up to which, from the oldest on, all are intact; only when has_last_good_seq.
    uint64_t last_good_seq;
    // Whether last_good_seq counts: 0 or 1.
    uint64_t has_last_good_seq;
    // Oldest and newest intact message, and how many are intact.
    plsm_bounds_t bounds;
    // How many issues were found.
    uint64_t issue_count;
    // How many of them plsm_doctor_issue tells: the first 256.
    uint64_t issues_listed;
    // How many hints plsm_doctor_hint tells.
    uint64_t hint_count;
    // Bytes of messages looked at.
    uint64_t checked_bytes;
    // Index slots compared with the messages they belong to.
    uint64_t checked_slots;
};

// What a doctor found out about one pool. See plsm_doctor_report.
typedef struct plsm_doctor_report plsm_doctor_report_t;

// One thing that is wrong with a pool. Its texts are borrowed from the doctor. Set struct_size before the
// call, or start from PLSM_DOCTOR_ISSUE_INIT.
struct plsm_doctor_issue {
    // sizeof(plsm_doctor_issue_t), set by the caller.
    uint32_t struct_size;
    // Whether seq counts: 0 or 1.
    uint32_t has_seq;
    // Whether offset counts: 0 or 1.
    uint32_t has_offset;
    // 0.
    uint32_t reserved;
    // The message concerned, or the first of them.
    uint64_t seq;
    // Where in the file, in bytes.
    uint64_t offset;
    // The broad class: "corrupt", "format", "permission" or "io".
    const char *code;
    // What exactly: a name that stays the same in all versions, such as "frame". Later versions add names.
    const char *finding;
    // In words, with the place.
    const char *message;
    // What to do about it.
    const char *advice;
};

// One thing that is wrong with a pool. See plsm_doctor_issue.
typedef struct plsm_doctor_issue plsm_doctor_issue_t;

// What plsm_pool_migrate made. Set struct_size before the call, or start from PLSM_MIGRATED_INIT.
struct plsm_migrated {
    // sizeof(plsm_migrated_t), set by the caller.
    uint32_t struct_size;
    // Whether times fall from one message to the next: 0 or 1. A start by time then looks at every message.
    uint32_t times_unordered;
    // The messages, all converted.
    plsm_bounds_t bounds;
    // Size of the old file in bytes.
    uint64_t old_size;
    // Size of the new file in bytes.
    uint64_t size;
};

// What plsm_pool_migrate made. See plsm_migrated.
typedef struct plsm_migrated plsm_migrated_t;

// What plsm_pool_salvage brought. Set struct_size before the call, or start from PLSM_SALVAGED_INIT.
struct plsm_salvaged {
    // sizeof(plsm_salvaged_t), set by the caller.
    uint32_t struct_size;
    // 0.
    uint32_t reserved;
    // The messages that were copied; count says how many there are between oldest and newest.
    plsm_bounds_t bounds;
    // How many messages are known to be lost: between the oldest that is intact and the newest that ever was. What was
    // there before the oldest intact one nobody can tell.
    uint64_t lost;
    // In how many stretches they stood.
    uint64_t lost_ranges;
    // Size of the new file in bytes.
    uint64_t size;
};

// What plsm_pool_salvage brought. See plsm_salvaged.
typedef struct plsm_salvaged plsm_salvaged_t;

// Missing messages.
struct plsm_gap {
    // The first missing seq.
    uint64_t first;
    // The last missing seq.
    uint64_t last;
    // How many are missing.
    uint64_t count;
};

// Missing messages. See plsm_gap.
typedef struct plsm_gap plsm_gap_t;

// A borrowed range of bytes: the caller's when passed in, the library's when handed out. `data` may be
// NULL when `len` is 0.
struct plsm_bytes {
    // The first byte.
    const uint8_t *data;
    // How many bytes.
    size_t len;
};

// A borrowed range of bytes. See plsm_bytes.
typedef struct plsm_bytes plsm_bytes_t;

// How a message is appended. Zero it and set struct_size, or start from PLSM_APPEND_OPTIONS_INIT.
struct plsm_append_options {
    // sizeof(plsm_append_options_t).
    uint32_t struct_size;
    // A plsm_durability_t.
    uint32_t durability;
    // The message's tags: UTF-8, kept in order, duplicates and empty ones too. NULL is fine for none.
    const plsm_bytes_t *tags;
    // How many tags.
    size_t tags_len;
    // The message's time in ns since 1970; only when has_timestamp is set. Usage when it is below the
    // newest message's.
    uint64_t timestamp_ns;
    // How long to wait for the writer lock, in ms, before Busy; only when has_lock_wait is set. 0 tries
    // once, and PLSM_WAIT_FOREVER waits without limit. Otherwise 10000.
    uint64_t lock_wait_ms;
    // Append only when this is the newest seq (0: when no message was ever written), else AlreadyExists;
    // only when has_expect_newest is set. When a power cut took the newest messages, the seq of the newest that is left
    // counts, and so does that of the newest there was.
    uint64_t expect_newest;
    // Whether timestamp_ns counts.
    uint32_t has_timestamp;
    // Whether lock_wait_ms counts.
    uint32_t has_lock_wait;
    // Whether expect_newest counts.
    uint32_t has_expect_newest;
    // PLSM_APPEND_CHECK_FULLY or 0.
    uint32_t flags;
};

// How a message is appended. See plsm_append_options.
typedef struct plsm_append_options plsm_append_options_t;

// What an append has stored.
struct plsm_receipt {
    // The message's seq.
    uint64_t seq;
    // The message's time, in ns since 1970.
    uint64_t timestamp_ns;
};

// What an append has stored. See plsm_receipt.
typedef struct plsm_receipt plsm_receipt_t;

// One message of a batch. Zero it first.
struct plsm_batch_item {
    // The message's bytes.
    const uint8_t *data;
    // How many.
    size_t len;
    // Tags of this message, after those of the options.
    const plsm_bytes_t *tags;
    // How many tags.
    size_t tags_len;
    // The message's time in ns since 1970; only when has_timestamp is set.
    uint64_t timestamp_ns;
    // Whether timestamp_ns counts.
    uint32_t has_timestamp;
    // A plsm_item_encoding_t.
    uint32_t encoding;
};

// One message of a batch. See plsm_batch_item.
typedef struct plsm_batch_item plsm_batch_item_t;

// Room reserved in a pool. See plsm_reservation.
typedef struct plsm_reservation plsm_reservation_t;

// A borrowed message, filled by the library. Read the fields; change none. It may be copied, and lives as
// long as what it was borrowed from.
struct plsm_view {
    // The message's seq.
    uint64_t seq;
    // The message's time, in ns since 1970.
    uint64_t timestamp_ns;
    // The payload as stored; read it with the plsm_view_ calls.
    const uint8_t *payload;
    // Size of the payload.
    size_t payload_len;
    // The tags as stored; read them with plsm_view_tag.
    const uint8_t *tags;
    // Size of the tags.
    size_t tags_len;
    // How the payload is stored; of the library.
    uint32_t encoding;
    // PLSM_VIEW_IN_PLACE or 0.
    uint32_t flags;
    // Of the library.
    const void *guard;
    // Of the library.
    uint64_t position;
    // Of the library.
    uint64_t reserved[2];
};

// A borrowed message. See plsm_view.
typedef struct plsm_view plsm_view_t;

// A place in a Lite3 document, filled by the library. Read the type; change nothing. It may be copied, and
// lives as long as the document. In a view read in place, what is read counts only if plsm_view_is_valid
// says so afterwards.
struct plsm_value {
    // The document.
    const uint8_t *document;
    // Its size in bytes.
    size_t document_len;
    // Where in it the value is; of the library.
    uint32_t offset;
    // A plsm_value_type_t.
    uint32_t type;
    // Of the library.
    uint64_t reserved;
};

// A place in a Lite3 document. See plsm_value.
typedef struct plsm_value plsm_value_t;

// A message as Lite3. Free what it holds with plsm_lite3_frame_free.
struct plsm_lite3_frame {
    // The message's seq.
    uint64_t seq;
    // The message's time, in ns since 1970.
    uint64_t timestamp_ns;
    // 0 for an ordinary message.
    uint32_t flags;
    // The message document, `{"meta":{"tags":[...]},"data":...}`: for one that was appended as such, byte
    // for byte what was given.
    plsm_buf_t payload;
};

// A message as Lite3. See plsm_lite3_frame.
typedef struct plsm_lite3_frame plsm_lite3_frame_t;

// A private copy of a message. See plsm_message.
typedef struct plsm_message plsm_message_t;

// How a filter is compiled. Zero it and set struct_size, or start from PLSM_FILTER_OPTIONS_INIT.
struct plsm_filter_options {
    // sizeof(plsm_filter_options_t).
    uint32_t struct_size;
    // PLSM_FILTER_ flags.
    uint32_t flags;
    // Most steps for one message (some for each byte of it are added); 0 for 4000000.
    uint64_t max_steps;
};

// How a filter is compiled. See plsm_filter_options.
typedef struct plsm_filter_options plsm_filter_options_t;

// A compiled filter. See plsm_filter.
typedef struct plsm_filter plsm_filter_t;

// How an input is read. Zero it and set struct_size, or start from PLSM_INGEST_OPTIONS_INIT.
struct plsm_ingest_options {
    // sizeof(plsm_ingest_options_t).
    uint32_t struct_size;
    // A plsm_ingest_mode_t.
    uint32_t mode;
    // PLSM_INGEST_SKIP, PLSM_INGEST_COPY, or 0.
    uint32_t flags;
    // 0.
    uint32_t reserved;
    // The largest record, in bytes of its text; 0 means 256 MiB. Larger ones are passed over without being
    // kept.
    uint64_t max_record;
};

// How an input is read. See plsm_ingest_options.
typedef struct plsm_ingest_options plsm_ingest_options_t;

// An input being read. See plsm_ingest.
typedef struct plsm_ingest plsm_ingest_t;

// A record or a bad record. What it points to is borrowed from the ingest until the next call on it.
struct plsm_ingest_item {
    // Its number from 1; bad records count.
    uint64_t index;
    // The line on which it starts, from 1.
    uint64_t line;
    // The byte of the input at which it starts, from 0.
    uint64_t offset;
    // The JSON text of a record, without white space around it. Of a bad one its first bytes, at most 200 and in
    // UTF-8, `...` at their end when there are more.
    plsm_bytes_t text;
    // What is wrong with a bad record, in words; its offset is a byte of the input. NULL for a record.
    const plsm_error_t *error;
    // A plsm_ingest_fault_t; 0 for a record.
    uint32_t fault;
    // A plsm_ingest_mode_t: what the input looks like, never PLSM_INGEST_AUTO.
    uint32_t mode;
    // Of a message that plsm_ingest_append has copied: its tags, a JSON array. Otherwise empty.
    plsm_bytes_t copied_tags;
};

// A record or a bad record. See plsm_ingest_item.
typedef struct plsm_ingest_item plsm_ingest_item_t;

// How many records an ingest has given.
struct plsm_ingest_counts {
    // Good ones.
    uint64_t records;
    // Bad ones.
    uint64_t faults;
};

// How many records an ingest has given. See plsm_ingest_counts.
typedef struct plsm_ingest_counts plsm_ingest_counts_t;

// A reader's place in a pool, for messages as Lite3. See plsm_lite3_stream.
typedef struct plsm_lite3_stream plsm_lite3_stream_t;

// How a stream is opened by plsm_stream_open_ex and plsm_lite3_stream_open_ex. Zero it and set
// struct_size, or start from PLSM_STREAM_OPTIONS_INIT. Its size is 48 for ever; plsm_tail_options_t has
// more.
struct plsm_stream_options {
    // sizeof(plsm_stream_options_t). Larger is accepted, and what is behind ignored.
    uint32_t struct_size;
    // PLSM_GAP_CONTINUE or PLSM_GAP_ERROR.
    uint32_t gap_policy;
    // The first seq wanted; one in the future is waited for. Only when has_since is set, else the oldest
    // message.
    uint64_t since_seq;
    // End after so many messages. Only when has_max is set.
    uint64_t max_messages;
    // End so many ms after opening, even when messages are waiting. Only when has_timeout is set.
    uint64_t timeout_ms;
    // Whether since_seq counts.
    uint32_t has_since;
    // Whether max_messages counts.
    uint32_t has_max;
    // Whether timeout_ms counts.
    uint32_t has_timeout;
    // 0.
    uint32_t reserved;
};

// How a stream is opened. See plsm_stream_options.
typedef struct plsm_stream_options plsm_stream_options_t;

// A reader's place in a pool. See plsm_stream.
typedef struct plsm_stream plsm_stream_t;

// What a stream has done so far.
struct plsm_stream_stats {
    // How many messages it delivered.
    uint64_t delivered;
    // How many it could not deliver because they had been overwritten, counted before tags and filters.
    uint64_t dropped;
    // The seq it will look at next. Until the first call has found the last few that match (PLSM_START_LAST with tags or
    // filters), the oldest of those found so far.
    uint64_t next_seq;
    // 0.
    uint64_t reserved;
};

// What a stream has done so far. See plsm_stream_stats.
typedef struct plsm_stream_stats plsm_stream_stats_t;

// The clock of one replay. See plsm_replay.
typedef struct plsm_replay plsm_replay_t;

// How a stream is opened by plsm_pool_tail. Zero it and set struct_size, or start from
// PLSM_TAIL_OPTIONS_INIT: the oldest message first, then wait for more, without end.
struct plsm_tail_options {
    // sizeof(plsm_tail_options_t).
    uint32_t struct_size;
    // A plsm_start_t.
    uint32_t start;
    // What the start asks for: a number of messages, a seq, or a time.
    uint64_t start_value;
    // The last seq wanted (the lowest one when going backwards). Only when has_end is set.
    uint64_t end_seq;
    // End after so many messages, counted after tags and filters, and anew after a seek. Only when has_max
    // is set.
    uint64_t max_messages;
    // End (PLSM_NEXT_DEADLINE) so many ms after opening, even when messages are waiting. Only when
    // has_timeout is set.
    uint64_t timeout_ms;
    // Whether end_seq counts.
    uint32_t has_end;
    // Whether max_messages counts.
    uint32_t has_max;
    // Whether timeout_ms counts.
    uint32_t has_timeout;
    // A plsm_gap_policy_t. Gaps are seen before tags and filters.
    uint32_t gap_policy;
    // Deliver only messages that have all these tags. NULL is fine for none.
    const plsm_bytes_t *tags;
    // How many tags.
    size_t tags_len;
    // A text of plsm_stream_token; for PLSM_START_TOKEN only, else NULL.
    const char *token;
    // How long to look again and again before sleeping, in microseconds: wakes sooner, at the cost of a
    // busy CPU. 0 to 1000000.
    uint32_t spin_us;
    // PLSM_TAIL_ flags.
    uint32_t flags;
    // Deliver only messages that match all these filters, which are asked behind the tags. The stream keeps what
    // it needs of them, so they may be freed. When one fails on a message (PLSM_ERROR_USAGE with its seq), the
    // next call goes on with the message behind it. NULL is fine for none.
    const plsm_filter_t *const *filters;
    // How many filters.
    size_t filters_len;
};

// How a stream is opened by plsm_pool_tail. See plsm_tail_options.
typedef struct plsm_tail_options plsm_tail_options_t;

// The kind of an error. It travels as a number (`kind` of plsm_error_t).
typedef enum plsm_error_kind plsm_error_kind_t;

// What a stream does about missing messages. See plsm_gap_policy.
typedef enum plsm_gap_policy plsm_gap_policy_t;

// When an append returns. See plsm_durability.
typedef enum plsm_durability plsm_durability_t;

// How serious a log line is. See plsm_log_level.
typedef enum plsm_log_level plsm_log_level_t;

// What the bytes of a batch item are. See plsm_item_encoding.
typedef enum plsm_item_encoding plsm_item_encoding_t;

// A part of a message. See plsm_part.
typedef enum plsm_part plsm_part_t;

// The type of a value. See plsm_value_type.
typedef enum plsm_value_type plsm_value_type_t;

// Where a stream starts. See plsm_start.
typedef enum plsm_start plsm_start_t;

// What plsm_stream_next_view and plsm_stream_next_json answer. See plsm_next.
typedef enum plsm_next plsm_next_t;

// What an input looks like. See plsm_ingest_mode.
typedef enum plsm_ingest_mode plsm_ingest_mode_t;

// What an ingest has to say. See plsm_ingest_step.
typedef enum plsm_ingest_step plsm_ingest_step_t;

// Why a record is a bad one. See plsm_ingest_fault.
typedef enum plsm_ingest_fault plsm_ingest_fault_t;

// How a pool is. See plsm_doctor_status.
typedef enum plsm_doctor_status plsm_doctor_status_t;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Frees the bytes of a buffer and zeroes the struct. NULL and zeroed structs are fine.
void plsm_buf_free(plsm_buf_t *buf);

// Frees an error with its strings. NULL is fine. An error that belongs to a list entry is left alone.
void plsm_error_free(plsm_error_t *err);

// What to do about the error, or NULL. Borrowed from the error.
const char *plsm_error_hint(const plsm_error_t *err);

// How many deeper causes the error has; 0 for NULL.
size_t plsm_error_cause_count(const plsm_error_t *err);

// A deeper cause, the outermost at index 0; NULL beyond the last. Borrowed from the error.
const char *plsm_error_cause(const plsm_error_t *err, size_t index);

// Whether a failed append may have stored its message all the same (a flush that failed, a server's answer
// that was lost): then repeating it could store it twice. 0 means that surely nothing was stored.
uint32_t plsm_error_maybe_written(const plsm_error_t *err);

// Whether a message was refused for its size alone: it does not fit the pool, or is larger than any message
// may be. 1 or 0.
uint32_t plsm_error_too_large(const plsm_error_t *err);

// The name of an error kind on the wire and in other languages, for example "NotFound"; NULL for a number
// that is no kind. Lives for ever.
const char *plsm_error_kind_name(int32_t kind);

// The exit code with which a program should report an error kind; that of Internal for a number that is no
// kind.
int32_t plsm_error_kind_exit_code(int32_t kind);

// The HTTP status that carries an error kind, for example 404; 500 for a number that is no kind.
int32_t plsm_error_kind_http_status(int32_t kind);

// The version of the ABI that the library offers; see PLSM_ABI_VERSION.
uint32_t plsm_abi_version(void);

// The version of the library as text, for example "1.0.0". Lives for ever.
const char *plsm_version(void);

// The version of the library as one number: major * 1000000 + minor * 1000 + patch.
uint32_t plsm_version_number(void);

// What the library was built as, for a report: version, target, build kind. Not for parsing. Lives for
// ever.
const char *plsm_build_info(void);

// Which pool file formats the library reads (from oldest to newest) and writes. Each output may be NULL.
void plsm_pool_formats(uint32_t *oldest_read, uint32_t *newest_read, uint32_t *written);

// Whether the library has a feature: 1 or 0. Names: "pools", "lite3" (the codec), "views" (messages in
// place), "values" (fields in place), "batch", "reserve", "tags" (filters), "gap-event", "backwards",
// "cancel", "event-fd", "wait-any", "guard", "log", "ingest", "doctor", "migrate", "salvage", "jq" (filters), "remote"
// (pools of servers). Later versions add names; an unknown one gives 0, and so does NULL.
uint32_t plsm_has_feature(const char *name);

// Sends log lines up to `max_level` (a plsm_log_level_t) to `fn`, with `user` handed through. NULL, or
// level 0, turns logging off, as it is at first; a level above the highest means everything. For the whole
// process. The former function may still be running, or be called once more, while this call returns, so
// do not free what its `user` points to.
void plsm_log_set(plsm_log_fn fn, void *user, uint32_t max_level);

// Installs, once for the process, a SIGBUS handler that turns access to a pool file which somebody
// truncated into PLSM_ERROR_CORRUPT. Without it that access kills the process, as with any mapped file.
// Faults elsewhere go to the handler that was there before. Views read in place are covered only while a
// call of this library reads them. 0 or -1.
int plsm_guard_install(plsm_error_t **out_err);

// Makes a client for a directory, which need not exist. NULL means $HOME/.plasmite/pools, "" the current
// directory. `http://host:9700` or `https://host:9700` means a server: plain names are then pools of it.
// Usage: HOME is needed but unset, or a bad argument. Free with plsm_client_free. 0 or -1.
int plsm_client_new(const char *pool_dir, plsm_client_t **out_client, plsm_error_t **out_err);

// As plsm_client_new, with options, which say what goes to servers; NULL means the defaults. Usage: options that
// exclude each other, a token that cannot be one, or no certificate in the file. NotFound, Permission, Io: a
// file cannot be read. 0 or -1.
int plsm_client_new_with(const plsm_client_options_t *options,
                         plsm_client_t **out_client,
                         plsm_error_t **out_err);

// Frees a client. Pools opened through it live on. NULL is fine.
void plsm_client_free(plsm_client_t *client);

// The directory of a client made with NULL, as text. Usage: HOME is unset. 0 or -1.
int plsm_default_pool_dir(plsm_buf_t *out_path, plsm_error_t **out_err);

// The directory of a client, or its server's address, as text. 0 or -1.
int plsm_client_pool_dir(plsm_client_t *client, plsm_buf_t *out_path, plsm_error_t **out_err);

// The file that a pool reference means. A reference with a "/" is a path as it stands; one that ends in
// ".plasmite" is a file of that name in the client's directory; anything else is a pool name, to which
// ".plasmite" is added. Usage: the empty name, or a pool of a server, which is no file here. The file need not
// exist. 0 or -1.
int plsm_pool_resolve(plsm_client_t *client,
                      const char *pool_ref,
                      plsm_buf_t *out_path,
                      plsm_error_t **out_err);

// Whether a pool is there: 1 or 0. Its file is not opened, so it may still turn out to be damaged. -1:
// the system refused to look, or the server does not answer.
int plsm_pool_exists(plsm_client_t *client, const char *pool_ref, plsm_error_t **out_err);

// Deletes a pool. Processes that have it open learn of it: their next append, or the stream they wait on,
// ends with NotFound. NotFound: no such pool. Busy: a writer held its lock for too long. 0 or -1.
int plsm_pool_delete(plsm_client_t *client, const char *pool_ref, plsm_error_t **out_err);

// Tells settings and contents of a pool, in a struct whose struct_size the caller has set. 0 or -1.
int plsm_pool_info(plsm_pool_t *pool, plsm_pool_info_t *out_info, plsm_error_t **out_err);

// As plsm_pool_info, as one compact JSON object: the one that `pool info --json` prints; with plsm_pool_writers and
// plsm_pool_warnings. 0 or -1.
int plsm_pool_info_json(plsm_pool_t *pool,
                        plsm_buf_t *out_json,
                        plsm_error_t **out_err);

// Tells which messages the pool holds; cheap. 0 or -1.
int plsm_pool_bounds(plsm_pool_t *pool, plsm_bounds_t *out_bounds, plsm_error_t **out_err);

// Tells how many processes write to the pool: they have appended, or tried to, since they opened it, and have not
// closed it. This one counts as well; the first 1000 are counted. 0 or -1: Io.
int plsm_pool_writers(plsm_pool_t *pool,
                      uint32_t *out_writers,
                      plsm_error_t **out_err);

// Tells what is odd about a pool that works: `out_text` gets a sentence a line, each line ended by a newline, to be
// freed with plsm_buf_free. Found out from the control page and a sample of the index; plsm_doctor_open looks at
// everything. 0 or -1.
int plsm_pool_warnings(plsm_pool_t *pool,
                       plsm_buf_t *out_text,
                       plsm_error_t **out_err);

// Tells how the ring is filled: the oldest `cap` messages go to `out_frames` (NULL is fine when `cap` is
// 0), the ring's ends and the number of frames written to `out_layout`. Usage: a pool of a server. 0 or -1.
int plsm_pool_layout(plsm_pool_t *pool,
                     plsm_frame_place_t *out_frames,
                     size_t cap,
                     plsm_layout_t *out_layout,
                     plsm_error_t **out_err);

// Lists the pools of the client's directory or server, sorted by name. A directory that is not there has none; a
// pool that cannot be read is an entry with its error. Free with plsm_pool_list_free. 0 or -1.
int plsm_pool_list_open(plsm_client_t *client,
                        plsm_pool_list_t **out_list,
                        plsm_error_t **out_err);

// How many entries a list has; 0 for a bad handle.
size_t plsm_pool_list_count(const plsm_pool_list_t *list);

// Tells one entry of a list, counted from 0, in a struct whose struct_size the caller has set. 0 or -1.
int plsm_pool_list_entry(const plsm_pool_list_t *list,
                         size_t index,
                         plsm_list_entry_t *out_entry,
                         plsm_error_t **out_err);

// Frees a list with everything borrowed from it. NULL is fine.
void plsm_pool_list_free(plsm_pool_list_t *list);

// The pools of the client's directory or server as one compact JSON object, `{"pools":[...]}`: the one that `pool
// list --json` prints. 0 or -1.
int plsm_pool_list_json(plsm_client_t *client,
                        plsm_buf_t *out_json,
                        plsm_error_t **out_err);

// Creates a pool and opens it; as every reference, its may be the address of a pool of a server
// (`http://host:9700/events`). The file is exactly `size_bytes` long (0 means 1048576) and never grows;
// its blocks are reserved now, so that a full disk is an error here. Missing directories are created.
// AlreadyExists: the pool is there. Usage: too small (the message names the least). Permission, Io: as the
// system says. Io: a file system through which its users would not share memory (of a network, or of a host
// below a virtual machine), unless PLASMITE_ANY_FILE_SYSTEM=1 is in the environment. A call that fails leaves
// no pool. Free with plsm_pool_free. 0 or -1.
int plsm_pool_create(plsm_client_t *client,
                     const char *pool_ref,
                     uint64_t size_bytes,
                     plsm_pool_t **out_pool,
                     plsm_error_t **out_err);

// As plsm_pool_create, with options; NULL means the defaults. 0 or -1.
int plsm_pool_create_with(plsm_client_t *client,
                          const char *pool_ref,
                          const plsm_pool_options_t *options,
                          plsm_pool_t **out_pool,
                          plsm_error_t **out_err);

// Opens a pool, creating it first when it is not there; of many callers at once exactly one creates it.
// `out_created` may be NULL; it gets 1 for that caller and 0 for the others. The options apply to creation
// only. 0 or -1.
int plsm_pool_ensure(plsm_client_t *client,
                     const char *pool_ref,
                     const plsm_pool_options_t *options,
                     plsm_pool_t **out_pool,
                     uint32_t *out_created,
                     plsm_error_t **out_err);

// Opens a pool: for reading and writing, or, where writing is not permitted, for reading only. NotFound:
// no such pool. Corrupt: the file is damaged or no pool. Usage: its format is older or newer than the
// library knows. Io: as for plsm_pool_create; also a disk error. Permission: also a symbolic link of another
// user, in a directory in which everybody may put one. Free with plsm_pool_free. 0 or -1.
int plsm_pool_open(plsm_client_t *client,
                   const char *pool_ref,
                   plsm_pool_t **out_pool,
                   plsm_error_t **out_err);

// As plsm_pool_open, with options; NULL means the defaults. 0 or -1.
int plsm_pool_open_with(plsm_client_t *client,
                        const char *pool_ref,
                        const plsm_open_options_t *options,
                        plsm_pool_t **out_pool,
                        plsm_error_t **out_err);

// Frees a pool handle. Streams and messages that came from it live on; views read in place do not. NULL is
// fine.
void plsm_pool_free(plsm_pool_t *pool);

// The pool's name: the reference by which it was opened, without the address of its server. Borrowed from the handle; NULL for a bad handle.
const char *plsm_pool_name(plsm_pool_t *pool);

// The path by which the pool was opened; of a pool of a server, its address. Borrowed from the handle; NULL for a bad
// handle.
const char *plsm_pool_path(plsm_pool_t *pool);

// The pool's identity, drawn at random when it was created: 16 bytes. 0 or -1.
int plsm_pool_id(plsm_pool_t *pool, uint8_t *out_id, plsm_error_t **out_err);

// The pool's generation: raised by each recovery after a crash of the machine that may have lost unflushed
// messages. 0 for a bad handle.
uint64_t plsm_pool_generation(plsm_pool_t *pool);

// Whether the pool is open for reading only: 1 or 0; 0 for a bad handle.
uint32_t plsm_pool_is_read_only(plsm_pool_t *pool);

// Whether the pool's path still leads to this pool: 1, or 0 when it was deleted or replaced. -1: the
// system refused to look.
int plsm_pool_is_current(plsm_pool_t *pool, plsm_error_t **out_err);

// Begins to examine a pool, or with `pool_ref` NULL every pool of the client's directory, by name. Looks at
// everything a reader relies on: superblock, control page, checksum and contents of each message, order of
// seqs and times, index. Writes nothing, also works on pools that may only be read, and on pools in use:
// what writers overwrite meanwhile is not damage. Takes time in proportion to the messages, and memory for
// the largest of them. NotFound: no such pool, or directory. Permission and Io: a single pool cannot be
// looked at. Free with plsm_doctor_free, also before it is done: that cancels it. 0 or -1.
int plsm_doctor_open(plsm_client_t *client,
                     const char *pool_ref,
                     plsm_doctor_t **out_doctor,
                     plsm_error_t **out_err);

// Looks at about so many bytes more; 0 means all that are left. `out_progress` may be NULL. 1: there is
// more. 0: all is done. -1: a single pool was deleted meanwhile, say; there is no report then. 1, 0 or -1.
int plsm_doctor_step(plsm_doctor_t *doctor,
                     uint64_t bytes,
                     plsm_doctor_progress_t *out_progress,
                     plsm_error_t **out_err);

// How many reports there are so far, one for each pool done; 0 for a bad handle.
size_t plsm_doctor_report_count(plsm_doctor_t *doctor);

// Tells what was found out about one pool, counted from 0, in a struct whose struct_size the caller has
// set. Usage: that pool is not done yet. 0 or -1.
int plsm_doctor_report(plsm_doctor_t *doctor,
                       size_t index,
                       plsm_doctor_report_t *out_report,
                       plsm_error_t **out_err);

// Tells one issue of a report, both counted from 0, in a struct whose struct_size the caller has set. 0 or
// -1.
int plsm_doctor_issue(plsm_doctor_t *doctor,
                      size_t report,
                      size_t index,
                      plsm_doctor_issue_t *out_issue,
                      plsm_error_t **out_err);

// One hint of a report, both counted from 0: what to do, or, when it begins with "warning: ", what is no
// damage and worth knowing. Borrowed from the doctor; NULL beyond the last.
const char *plsm_doctor_hint(plsm_doctor_t *doctor, size_t report, size_t index);

// The reports so far as one compact JSON object, `{"reports":[...]}`: the one that `doctor --json` prints.
// 0 or -1.
int plsm_doctor_json(plsm_doctor_t *doctor, plsm_buf_t *out_json, plsm_error_t **out_err);

// Frees a doctor with everything borrowed from it. NULL is fine.
void plsm_doctor_free(plsm_doctor_t *doctor);

// Converts a pool of format 3, which builds up to version 1.2 made: with every message, its seq, time and
// tags, proven by reading both again. With `new_ref` a new pool is made and the old one left as it is. With
// NULL the new pool takes the old one's place at one moment, with its mode and owner, and the old file is
// kept beside it with ".bak" behind its name; stop the programs that use it first, for those that go on
// with it write into that file.
//
// `options`, or NULL, says what the new pool is to be like: size_bytes 0 means the old one's size, or as
// much more as the messages need; no index_capacity the default, or no index if the old pool had none;
// file_mode 0 the old one's. `out_migrated` may be NULL. `out_backup` may be NULL; it gets the path of the
// kept old file, or no bytes.
//
// A failure leaves nothing behind. NotFound. Usage: of another format, or too large for the size asked for.
// Busy: a writer holds the old pool. AlreadyExists: the new pool, or the ".bak" file. Corrupt: the old pool
// is damaged; seq and offset tell where. 0 or -1.
int plsm_pool_migrate(plsm_client_t *client,
                      const char *pool_ref,
                      const char *new_ref,
                      const plsm_pool_options_t *options,
                      plsm_migrated_t *out_migrated,
                      plsm_buf_t *out_backup,
                      plsm_error_t **out_err);

// Copies every intact message of a damaged pool into a new one, each with its seq, time, tags and bytes, and proves the
// copy by reading both again. Intact is a message whose checksum is right; it is found wherever it lies, also behind
// damage, and whatever control page and index say. The damaged file is read and left as it is; stop the programs that
// use it first. The new pool gives no seq that the old one had given.
//
// `options`, or NULL, says what the new pool is to be like: size_bytes 0 means the old one's size, or as much more as
// the messages need; file_mode 0 the old one's. `out_salvaged` may be NULL. `out_lost` may be NULL; else it has room for
// `lost_capacity` stretches of lost messages and gets the first ones (the library tells at most 256), in rising order,
// and zeros behind them.
//
// A failure leaves nothing behind. NotFound. AlreadyExists: the new pool. Usage: of another format, or too large for
// the size asked for. Corrupt: no pool, or too little is left of it to find or check a message. 0 or -1.
int plsm_pool_salvage(plsm_client_t *client,
                      const char *pool_ref,
                      const char *new_ref,
                      const plsm_pool_options_t *options,
                      plsm_salvaged_t *out_salvaged,
                      plsm_gap_t *out_lost,
                      size_t lost_capacity,
                      plsm_error_t **out_err);

// Appends one JSON value (any, not only an object) as a message. `options` NULL means: no tags, fast, the
// clock's time, 10 seconds for the lock. `out_receipt` may be NULL. With up to 8 tags nothing is allocated.
//
// Usage: not one JSON value in UTF-8 (offset tells where), too deep, a tag not UTF-8, or too large for the
// pool. NotFound: the pool was deleted or replaced. Busy: the lock was not to be had in time. Permission:
// open for reading only. Io with plsm_error_maybe_written: the message is stored but could not be flushed, or
// a server may have stored it. 0 or -1.
int plsm_pool_append(plsm_pool_t *pool,
                     const uint8_t *json,
                     size_t json_len,
                     const plsm_append_options_t *options,
                     plsm_receipt_t *out_receipt,
                     plsm_error_t **out_err);

// As plsm_pool_append, and also gives the whole stored message, as plsm_pool_get_json would, made of what was
// written and not read again. Free it with plsm_buf_free. 0 or -1; with Io and plsm_error_maybe_written there is
// no message, though it may be stored.
int plsm_pool_append_envelope(plsm_pool_t *pool,
                              const uint8_t *json,
                              size_t json_len,
                              const plsm_append_options_t *options,
                              plsm_receipt_t *out_receipt,
                              plsm_buf_t *out_message,
                              plsm_error_t **out_err);

// Appends `data` that is already encoded as Lite3 (root object or array), without its envelope. Checked
// are the size, the root's type, and that the root's entries lie within the bytes; all of it with
// PLSM_APPEND_CHECK_FULLY. Readers check whatever they read, so bad bytes give them Corrupt and nothing
// worse. Otherwise as plsm_pool_append; Corrupt: not such a document. 0 or -1.
int plsm_pool_append_data(plsm_pool_t *pool,
                          const uint8_t *lite3,
                          size_t lite3_len,
                          const plsm_append_options_t *options,
                          plsm_receipt_t *out_receipt,
                          plsm_error_t **out_err);

// Appends a whole Lite3 message document, `{"meta":{"tags":[...]},"data":...}`, checked fully and kept
// byte for byte. Tags stand in the document, so the options must have none. Otherwise as plsm_pool_append;
// Corrupt: not such a document. 0 or -1.
int plsm_pool_append_document(plsm_pool_t *pool,
                              const uint8_t *lite3,
                              size_t lite3_len,
                              const plsm_append_options_t *options,
                              plsm_receipt_t *out_receipt,
                              plsm_error_t **out_err);

// Makes everything appended so far durable, by this process or others, as PLSM_DURABILITY_FLUSH does for
// one message. Io: the disk refused; from then on no flush of the pool succeeds, in any process, before
// everything was written again. Corrupt: a message that was not on the disk yet is lost. 0 or -1.
int plsm_pool_flush(plsm_pool_t *pool, plsm_error_t **out_err);

// Appends one JSON value (any, not only an object) and returns the whole stored message, as
// plsm_pool_get_json would. `tags` are NUL-terminated UTF-8 strings; NULL means none whatever `tags_len`
// says. `durability` is a plsm_durability_t. Errors as for plsm_pool_append. Free the message with
// plsm_buf_free. 0 or -1.
int plsm_pool_append_json(plsm_pool_t *pool,
                          const uint8_t *json_bytes,
                          size_t json_len,
                          const char **tags,
                          size_t tags_len,
                          uint32_t durability,
                          plsm_buf_t *out_message,
                          plsm_error_t **out_err);

// Appends a whole Lite3 message document, as plsm_pool_append_document does with default options, and
// tells its seq. 0 or -1.
int plsm_pool_append_lite3(plsm_pool_t *pool,
                           const uint8_t *payload,
                           size_t payload_len,
                           uint32_t durability,
                           uint64_t *out_seq,
                           plsm_error_t **out_err);

// Appends messages in order, with consecutive seqs, all or none: readers see either every one or none. The
// options' tags go to every message, their durability and lock wait count for the batch, and their
// timestamp for items without one. `out_receipts` may be NULL, else it has room for `items_len`. The whole
// batch must fit the pool. Errors as for plsm_pool_append; the message names the item. 0 or -1.
int plsm_pool_append_batch(plsm_pool_t *pool,
                           const plsm_batch_item_t *items,
                           size_t items_len,
                           const plsm_append_options_t *options,
                           plsm_receipt_t *out_receipts,
                           plsm_error_t **out_err);

// Reserves `payload_len` bytes in the pool for `data` as Lite3, to be written straight into the file.
// `out_payload` gets their place, which may be written until commit or abort. The writer lock is held from
// here until then: other writers, also other calls of this thread, wait. Errors as for plsm_pool_append; Usage: a
// pool of a server.
// End it with plsm_reservation_commit or plsm_reservation_abort. 0 or -1.
int plsm_pool_reserve(plsm_pool_t *pool,
                      size_t payload_len,
                      const plsm_append_options_t *options,
                      plsm_reservation_t **out_reservation,
                      uint8_t **out_payload,
                      plsm_error_t **out_err);

// Publishes what was written into a reservation, checked as plsm_pool_append_data checks it. Uses the
// reservation up, also when it fails. `out_receipt` may be NULL. 0 or -1.
int plsm_reservation_commit(plsm_reservation_t *reservation,
                            plsm_receipt_t *out_receipt,
                            plsm_error_t **out_err);

// Gives a reservation up; nothing was written. NULL is fine.
void plsm_reservation_abort(plsm_reservation_t *reservation);

// How many tags the message has; 0 for a bad view. Borrows nothing.
size_t plsm_view_tag_count(const plsm_view_t *view);

// Tells one tag, counted from 0, borrowed from what the view was borrowed from. 1: there is one. 0: there
// is none. 1, 0 or -1.
int plsm_view_tag(const plsm_view_t *view, size_t index, plsm_bytes_t *out_tag, plsm_error_t **out_err);

// Tells an integer member of the data, found without decoding the rest. 1: there, in `out_value`. 0: the
// data is no object or has no such member. Usage: it is of another type, or the data is stored as JSON
// text (see plsm_view_root). `key` needs no NUL. 1, 0 or -1.
int plsm_view_i64(const plsm_view_t *view,
                  const char *key,
                  size_t key_len,
                  int64_t *out_value,
                  plsm_error_t **out_err);

// As plsm_view_i64, for a number: a float as it is, an integer rounded to the nearest. 1, 0 or -1.
int plsm_view_f64(const plsm_view_t *view,
                  const char *key,
                  size_t key_len,
                  double *out_value,
                  plsm_error_t **out_err);

// As plsm_view_i64, for true (1) and false (0). 1, 0 or -1.
int plsm_view_bool(const plsm_view_t *view,
                   const char *key,
                   size_t key_len,
                   uint32_t *out_value,
                   plsm_error_t **out_err);

// As plsm_view_i64, for a string: UTF-8 without quotes or escapes, borrowed from what the view was
// borrowed from. 1, 0 or -1.
int plsm_view_string(const plsm_view_t *view,
                     const char *key,
                     size_t key_len,
                     plsm_bytes_t *out_value,
                     plsm_error_t **out_err);

// Gives the data as a value to look into with the plsm_value_ calls. 1: there, in `out_value`. 0: the data
// is stored as JSON text, because Lite3 cannot hold it in place (a scalar, an integer above 2^63-1, a key
// with a NUL): take it with plsm_view_json. 1, 0 or -1.
int plsm_view_root(const plsm_view_t *view, plsm_value_t *out_value, plsm_error_t **out_err);

// Reads a message by its seq as a Lite3 message document. NotFound with the seq: never written, or
// overwritten. Usage with the seq: Lite3 cannot hold it (an integer above 2^63-1, a key with a NUL); the
// JSON calls can. Free with plsm_lite3_frame_free. 0 or -1.
int plsm_pool_get_lite3(plsm_pool_t *pool,
                        uint64_t seq,
                        plsm_lite3_frame_t *out_frame,
                        plsm_error_t **out_err);

// Frees what a frame holds and zeroes the struct. NULL and zeroed structs are fine.
void plsm_lite3_frame_free(plsm_lite3_frame_t *frame);

// Reads a message by its seq as one compact JSON object,
// `{"seq":...,"time":"...","meta":{"tags":[...]},"data":...}`: the same bytes from every call. NotFound
// with the seq: never written, or overwritten. Free with plsm_buf_free. 0 or -1.
int plsm_pool_get_json(plsm_pool_t *pool, uint64_t seq, plsm_buf_t *out_message, plsm_error_t **out_err);

// Reads a message by its seq as a private copy, which no writer can touch. Errors as for
// plsm_pool_get_json. Free with plsm_message_free. 0 or -1.
int plsm_pool_get_message(plsm_pool_t *pool,
                          uint64_t seq,
                          plsm_message_t **out_message,
                          plsm_error_t **out_err);

// A view of a private copy: always valid, borrowed until plsm_message_free. For a bad handle the view is
// zeroed, which every call refuses.
void plsm_message_view(const plsm_message_t *message, plsm_view_t *out_view);

// Frees a message with everything borrowed from it. NULL is fine.
void plsm_message_free(plsm_message_t *message);

// Looks at a message in place, in the pool's memory: nothing is copied or allocated, but a writer may
// overwrite it at any time. Read, then ask plsm_view_is_valid, and use what was read only if it still was.
// (A handle that may only read gives a copy, which stays, as long as nobody has recovered the pool after
// the machine went down or the file was copied: flags is then 0.)
// Borrowed until plsm_pool_free. Errors as for plsm_pool_get_json; Usage: a pool of a server, whose messages
// plsm_pool_get_message gives. 0 or -1.
int plsm_pool_get_view(plsm_pool_t *pool, uint64_t seq, plsm_view_t *out_view, plsm_error_t **out_err);

// Gives the root of a Lite3 document in the caller's memory. Only its root is looked at; the plsm_value_
// calls check what they read and answer Corrupt for damage. 0 or -1.
int plsm_value_from_lite3(const uint8_t *lite3,
                          size_t lite3_len,
                          plsm_value_t *out_value,
                          plsm_error_t **out_err);

// Finds a member of an object by its key, which needs no NUL. 1: there, in `out_member`. 0: no such
// member, or no object. 1, 0 or -1.
int plsm_value_get(const plsm_value_t *value,
                   const char *key,
                   size_t key_len,
                   plsm_value_t *out_member,
                   plsm_error_t **out_err);

// Finds an element of an array, counted from 0. 1: there, in `out_element`. 0: no such element, or no
// array. 1, 0 or -1.
int plsm_value_at(const plsm_value_t *value, size_t index, plsm_value_t *out_element, plsm_error_t **out_err);

// How many members or elements a container has; 0 for any other value. 0 or -1.
int plsm_value_count(const plsm_value_t *value, size_t *out_count, plsm_error_t **out_err);

// Tells the members of an object in the order they were written, or the elements of an array: up to `cap`
// keys to `out_keys` (borrowed from the document; NULL when not wanted; empty for elements) and as many
// values to `out_values` (likewise), skipping the first `skip`. `out_count` gets how many were told. 0 or
// -1.
int plsm_value_entries(const plsm_value_t *value,
                       size_t skip,
                       plsm_bytes_t *out_keys,
                       plsm_value_t *out_values,
                       size_t cap,
                       size_t *out_count,
                       plsm_error_t **out_err);

// Tells one member of an object in the order they were written, or one element of an array, counted from
// 0. `out_key` is borrowed from the document, and empty for an element; it may be NULL. To walk through
// all, plsm_value_entries is faster. 1: there. 0: there is none. 1, 0 or -1.
int plsm_value_entry(const plsm_value_t *value,
                     size_t index,
                     plsm_bytes_t *out_key,
                     plsm_value_t *out_value,
                     plsm_error_t **out_err);

// The value as an integer. Usage: it is none. 0 or -1.
int plsm_value_i64(const plsm_value_t *value, int64_t *out_scalar, plsm_error_t **out_err);

// The value as a number: a float as it is, an integer rounded to the nearest. Usage: it is neither. 0 or
// -1.
int plsm_value_f64(const plsm_value_t *value, double *out_scalar, plsm_error_t **out_err);

// The value as true (1) or false (0). Usage: it is neither. 0 or -1.
int plsm_value_bool(const plsm_value_t *value, uint32_t *out_scalar, plsm_error_t **out_err);

// The value's text, or its raw bytes (PLSM_TYPE_BYTES), borrowed from the document. Usage: it is neither.
// 0 or -1.
int plsm_value_string(const plsm_value_t *value, plsm_bytes_t *out_scalar, plsm_error_t **out_err);

// Gives the value, with all in it, as compact JSON. Free with plsm_buf_free. 0 or -1.
int plsm_value_json(const plsm_value_t *value, plsm_buf_t *out_json, plsm_error_t **out_err);

// Whether the message is still there, so that what was read of it before this call counts: 1 or 0. Always
// 1 for a private copy.
uint32_t plsm_view_is_valid(const plsm_view_t *view);

// Gives a part of the message (a plsm_part_t) as compact JSON. RetentionGap: it was overwritten meanwhile.
// Corrupt: it is damaged. 0 or -1.
int plsm_view_json(const plsm_view_t *view, uint32_t part, plsm_buf_t *out_json, plsm_error_t **out_err);

// As plsm_view_json, into `cap` bytes of the caller's at `buf`; `out_len` gets the length. 1: written. 0:
// too small; nothing was written, and `out_len` is what it takes. `buf` may be NULL when `cap` is 0. 1, 0
// or -1.
int plsm_view_write_json(const plsm_view_t *view,
                         uint32_t part,
                         uint8_t *buf,
                         size_t cap,
                         size_t *out_len,
                         plsm_error_t **out_err);

// Gives the message as a Lite3 message document, as plsm_pool_get_lite3 would. 0 or -1.
int plsm_view_lite3(const plsm_view_t *view, plsm_buf_t *out_document, plsm_error_t **out_err);

// Compiles a jq expression over whole messages, `{"seq":...,"time":"...","meta":{"tags":[...]},"data":...}`, such
// as `.data.status == "green"`: `len` bytes of UTF-8. NULL options mean those of PLSM_FILTER_OPTIONS_INIT.
//
// A message matches when the outputs are `true`, `false` and `null` only, at least one is `true`, and no error
// comes up. A missing key is null; integers compare exactly. Environment, files, further input, printing, local
// time and modules are not available. Steps, memory and nesting are limited, so that every evaluation ends.
//
// Usage: the expression is not valid; message and offset tell what and where. Free with plsm_filter_free. 0 or -1.
int plsm_filter_new(const char *expression,
                    size_t len,
                    const plsm_filter_options_t *options,
                    plsm_filter_t **out_filter,
                    plsm_error_t **out_err);

// Whether a message matches: 1 or 0. Usage, with the message's seq: the filter gave a number, a string, an array
// or an object, or went beyond a limit. RetentionGap: the message was overwritten meanwhile. 1, 0 or -1.
int plsm_filter_matches(plsm_filter_t *filter,
                        const plsm_view_t *view,
                        plsm_error_t **out_err);

// Frees a filter. Streams that were opened with it go on using it. NULL is fine.
void plsm_filter_free(plsm_filter_t *filter);

// Begins to read an input that has yet to come. NULL options mean: the mode is found out, the first bad record
// ends the reading, records of up to 256 MiB. Free with plsm_ingest_free. 0 or -1.
int plsm_ingest_new(const plsm_ingest_options_t *options,
                    plsm_ingest_t **out_ingest,
                    plsm_error_t **out_err);

// Gives the ingest a piece of the input, of any size; it is copied. Ask for every record in it
// (plsm_ingest_next or plsm_ingest_append, until PLSM_INGEST_MORE) before the next piece, so that no more
// is kept than one record. 0 or -1.
int plsm_ingest_push(plsm_ingest_t *ingest, const uint8_t *data, size_t len, plsm_error_t **out_err);

// Tells the ingest that the input has ended: what is left of it becomes a last record or a bad one. 0 or -1.
int plsm_ingest_finish(plsm_ingest_t *ingest, plsm_error_t **out_err);

// The next record, checked to be a JSON value that pools can keep. It comes the moment its last byte was
// pushed. Answers a plsm_ingest_step_t, or -1; out_item is written for a record and a bad record.
int plsm_ingest_next(plsm_ingest_t *ingest, plsm_ingest_item_t *out_item, plsm_error_t **out_err);

// Appends the next record to a pool, as plsm_pool_append does, and tells its receipt; out_receipt may be
// NULL. The text is parsed once, by the append. A record too large for the pool is a bad one. Errors are those
// of plsm_pool_append that are not the record's fault (Busy, NotFound, Io, bad options, tags given beside
// those of a copied message); unless plsm_error_maybe_written says otherwise, the next call tries the same
// record again. Answers as plsm_ingest_next does.
int plsm_ingest_append(plsm_ingest_t *ingest,
                       plsm_pool_t *pool,
                       const plsm_append_options_t *options,
                       plsm_ingest_item_t *out_item,
                       plsm_receipt_t *out_receipt,
                       plsm_error_t **out_err);

// How many records and bad records the ingest has given so far. 0 or -1.
int plsm_ingest_count(plsm_ingest_t *ingest, plsm_ingest_counts_t *out_counts, plsm_error_t **out_err);

// Frees an ingest with everything borrowed from it. NULL is fine.
void plsm_ingest_free(plsm_ingest_t *ingest);

// As plsm_stream_open, for messages as Lite3. Free with plsm_lite3_stream_free. 0 or -1.
int plsm_lite3_stream_open(plsm_pool_t *pool,
                           uint64_t since_seq,
                           uint32_t has_since,
                           uint64_t max_messages,
                           uint32_t has_max,
                           uint64_t timeout_ms,
                           uint32_t has_timeout,
                           plsm_lite3_stream_t **out_stream,
                           plsm_error_t **out_err);

// As plsm_stream_open_ex, for messages as Lite3. Free with plsm_lite3_stream_free. 0 or -1.
int plsm_lite3_stream_open_ex(plsm_pool_t *pool,
                              const plsm_stream_options_t *options,
                              plsm_lite3_stream_t **out_stream,
                              plsm_error_t **out_err);

// As plsm_stream_next, for messages as Lite3; free the frame with plsm_lite3_frame_free. Usage with the
// seq: Lite3 cannot hold that message (see plsm_pool_get_lite3); the next call goes on with the one after.
// 1, 0 or -1.
int plsm_lite3_stream_next(plsm_lite3_stream_t *stream,
                           plsm_lite3_frame_t *out_frame,
                           plsm_error_t **out_err);

// Frees a stream. NULL is fine.
void plsm_lite3_stream_free(plsm_lite3_stream_t *stream);

// Takes the next message as a view, waiting at most `wait_ms` (0 does not wait, PLSM_WAIT_FOREVER has no
// limit). The view is borrowed: from the stream until the next call on it, or, with PLSM_TAIL_IN_PLACE,
// from the pool's memory until the stream is freed, though it can be overwritten by writers
// (plsm_view_is_valid tells). Allocates nothing, but for pools of a server, and where
// PLSM_TAIL_IN_PLACE gives copies. A plsm_next_t.
int plsm_stream_next_view(plsm_stream_t *stream,
                          uint64_t wait_ms,
                          plsm_view_t *out_view,
                          plsm_error_t **out_err);

// As plsm_stream_next_view for many messages in one call: fills up to `capacity` views and tells in
// `out_count` how many. Only the first is waited for; fewer come when no more are there just now, and before
// anything that is no message, which the next call then answers. All views are borrowed until the next call
// on the stream. PLSM_NEXT_MESSAGE when at least one view was filled; for any other answer `out_count` is not
// written. Usage for a `capacity` of 0. A plsm_next_t.
int plsm_stream_next_views(plsm_stream_t *stream,
                           uint64_t wait_ms,
                           plsm_view_t *out_views,
                           size_t capacity,
                           size_t *out_count,
                           plsm_error_t **out_err);

// Takes the next message whole as JSON, as plsm_pool_get_json would give it, waiting like
// plsm_stream_next_view. The text is borrowed from the stream until the next call on it. Allocates nothing
// once the stream's buffer is large enough. A plsm_next_t.
int plsm_stream_next_json(plsm_stream_t *stream,
                          uint64_t wait_ms,
                          plsm_bytes_t *out_json,
                          plsm_error_t **out_err);

// Tells the last gap that the stream answered with PLSM_NEXT_GAP; all 0 when there was none. 0 or -1.
int plsm_stream_gap(plsm_stream_t *stream, plsm_gap_t *out_gap, plsm_error_t **out_err);

// Tells what a stream has done so far, and where it stands. 0 or -1.
int plsm_stream_stats(plsm_stream_t *stream, plsm_stream_stats_t *out_stats, plsm_error_t **out_err);

// Cancels a stream, from any thread, without waiting: a call that waits on it returns at once, and so does
// every later one, until plsm_stream_reset_cancel. NULL does nothing. May be called from a signal handler.
void plsm_stream_cancel(plsm_stream_t *stream);

// Takes a cancel back: the stream goes on where it stood. NULL does nothing.
void plsm_stream_reset_cancel(plsm_stream_t *stream);

// A file descriptor for event loops: readable when a call on the stream would not wait, as far as is known
// (behind tags and filters there may be nothing), and at first. A call that finds nothing makes it quiet
// again, so take messages until PLSM_NEXT_TIMEOUT before polling. It belongs to the stream: do not read or
// close it. A helper thread serves it from the first call on, until the stream is freed; in a forked child
// the call is Usage. 0 or
// -1.
int plsm_stream_fd(plsm_stream_t *stream, int *out_fd, plsm_error_t **out_err);

// Makes the clock of a replay. `speed` divides the gaps: 1 keeps them, 10 makes them a tenth, 0 leaves them
// out. Usage: it is negative, infinite or not a number. Free with plsm_replay_free. 0 or -1.
int plsm_replay_new(double speed, plsm_replay_t **out_replay, plsm_error_t **out_err);

// Takes the time of the next message (a view's timestamp_ns), once for each message and in their order, and
// tells in `out_wait_ns`, unless that is NULL, in how many ns it is due: 0 for now. The first is due at once
// and starts the clock; one whose time is before that of the message before it is due with that. 0 or -1.
int plsm_replay_schedule(plsm_replay_t *replay,
                         uint64_t timestamp_ns,
                         uint64_t *out_wait_ns,
                         plsm_error_t **out_err);

// Tells in how many ns the message scheduled last is due: 0 when it is, or when there was none. 0 or -1.
int plsm_replay_left(plsm_replay_t *replay, uint64_t *out_wait_ns, plsm_error_t **out_err);

// Sleeps until the message scheduled last is due, at most `wait_ms` (0 does not sleep, PLSM_WAIT_FOREVER has
// no limit). PLSM_NEXT_MESSAGE: it is due. PLSM_NEXT_TIMEOUT: not yet. PLSM_NEXT_CANCELLED:
// plsm_replay_cancel was called. A view borrowed from a stream stays as good as it was meanwhile. A
// plsm_next_t.
int plsm_replay_wait(plsm_replay_t *replay, uint64_t wait_ms, plsm_error_t **out_err);

// Cancels a replay, from any thread, without waiting: a plsm_replay_wait that sleeps returns at once, and so
// does every later one, until plsm_replay_reset_cancel. NULL does nothing. May be called from a signal
// handler.
void plsm_replay_cancel(plsm_replay_t *replay);

// Takes a cancel back; due times stay as they were. NULL does nothing.
void plsm_replay_reset_cancel(plsm_replay_t *replay);

// Frees the clock of a replay. NULL is fine.
void plsm_replay_free(plsm_replay_t *replay);

// Opens a stream of a pool's messages as JSON, in ascending seq. It starts at `since_seq` when `has_since`
// is set, else at the oldest message; ends after `max_messages` when `has_max` is set, and `timeout_ms`
// after this call when `has_timeout` is set (0: at once). Missing messages are passed over. The stream
// lives on when the pool handle is freed. Free with plsm_stream_free. 0 or -1.
int plsm_stream_open(plsm_pool_t *pool,
                     uint64_t since_seq,
                     uint32_t has_since,
                     uint64_t max_messages,
                     uint32_t has_max,
                     uint64_t timeout_ms,
                     uint32_t has_timeout,
                     plsm_stream_t **out_stream,
                     plsm_error_t **out_err);

// As plsm_stream_open, with options, which add the gap policy. 0 or -1.
int plsm_stream_open_ex(plsm_pool_t *pool,
                        const plsm_stream_options_t *options,
                        plsm_stream_t **out_stream,
                        plsm_error_t **out_err);

// Waits for the next message and returns it whole, as plsm_pool_get_json would; free it with
// plsm_buf_free. 1: a message. 0: no more (maximum or deadline reached, cancelled, or ended by a gap). -1:
// an error; after RetentionGap the stream is finished, after any other the next call tries again. Works on
// every stream; gap events are passed over. 1, 0 or -1.
int plsm_stream_next(plsm_stream_t *stream, plsm_buf_t *out_message, plsm_error_t **out_err);

// Frees a stream with everything borrowed from it. NULL is fine.
void plsm_stream_free(plsm_stream_t *stream);

// Opens a stream of a pool's messages. NULL options mean those of PLSM_TAIL_OPTIONS_INIT. Usage: unknown
// numbers or flags, a tag that is not UTF-8, a filter that is none, or a token that is none. A token of a pool that has lost
// messages in a crash since, or of another pool, gives RetentionGap or Usage. The stream lives on when the
// pool handle is freed. Free with plsm_stream_free. 0 or -1.
int plsm_pool_tail(plsm_pool_t *pool,
                   const plsm_tail_options_t *options,
                   plsm_stream_t **out_stream,
                   plsm_error_t **out_err);

// Moves a stream: its next message is the one that the start asks for (a plsm_start_t other than
// PLSM_START_TOKEN, and its value). A stream that had ended, except by its deadline, goes on: max_messages
// begin anew, and so does the number of a PLSM_START_LAST; its end (end_seq, the snapshot's newest message)
// stays where it is. Threads that wait on the stream look at the new place. 0 or -1.
int plsm_stream_seek(plsm_stream_t *stream, uint32_t start, uint64_t value, plsm_error_t **out_err);

// A short text that tells where the stream stands, for PLSM_START_TOKEN: in this program or another, now
// or later. Before the first call of a stream that starts at the last few which pass a filter it looks for
// them first, which may take long; plsm_stream_cancel and the stream's timeout end that, and the text is then
// for the oldest of those found so far. A server that cannot be reached meanwhile is an error (Io), and a later
// call tries again. 0 or -1.
int plsm_stream_token(plsm_stream_t *stream,
                      plsm_buf_t *out_token,
                      plsm_error_t **out_err);

// Waits until the next call on one of the streams would not wait (a message, the end, a cancel), at most
// `wait_ms` (0 looks once; PLSM_WAIT_FOREVER has no limit). 1: `out_index` tells which stream. 0: time is
// up. Takes nothing from any stream. Usage: no streams. 1, 0 or -1.
int plsm_wait_any(plsm_stream_t *const *streams,
                  size_t streams_len,
                  uint64_t wait_ms,
                  size_t *out_index,
                  plsm_error_t **out_err);

// Encodes a JSON object or array as a Lite3 document, as plsm_pool_append_data takes it. Usage: not JSON
// (offset tells where), or what Lite3 cannot hold (another root, an integer above 2^63-1, a key with a
// NUL). Free with plsm_buf_free. 0 or -1.
int plsm_lite3_from_json(const uint8_t *json, size_t json_len, plsm_buf_t *out_lite3, plsm_error_t **out_err);

// Checks that bytes are one JSON value that pools can keep, as plsm_pool_append does, without a pool. Usage:
// they are not (offset tells where), or it nests too deep. 0 or -1.
int plsm_json_check(const uint8_t *json, size_t json_len, plsm_error_t **out_err);

// Writes a Lite3 document as compact JSON, members in the order they were written. Corrupt: it is damaged.
// Free with plsm_buf_free. 0 or -1.
int plsm_lite3_to_json(const uint8_t *lite3, size_t lite3_len, plsm_buf_t *out_json, plsm_error_t **out_err);

// Checks a whole Lite3 document: every offset, length, type, key and text, and how deep it nests. Corrupt,
// with the offset: it is damaged. 0 or -1.
int plsm_lite3_check(const uint8_t *lite3, size_t lite3_len, plsm_error_t **out_err);

// Writes a time as messages carry it: RFC 3339 in UTC, for example "2026-01-31T08:05:09.12Z". Free with
// plsm_buf_free. 0 or -1.
int plsm_time_format(uint64_t timestamp_ns, plsm_buf_t *out_text, plsm_error_t **out_err);

// Reads a time in RFC 3339, with any offset from UTC. A time before 1970 gives 0, one after 2554 the
// largest number. Usage: it is none. `text` needs no NUL. 0 or -1.
int plsm_time_parse(const char *text, size_t text_len, uint64_t *out_timestamp_ns, plsm_error_t **out_err);

// Reads a duration, for example "500ms", "5s", "30m" or "2h", in ns. Usage: it is none. `text` needs no
// NUL. 0 or -1.
int plsm_duration_parse(const char *text, size_t text_len, uint64_t *out_ns, plsm_error_t **out_err);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* PLASMITE_H */
