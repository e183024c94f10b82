// What the Go package calls instead of the library's functions where one crossing into C is to do the work of
// several, or where a result by value saves an allocation. Nothing here knows about pools.
#ifndef PLASMITE_GO_SHIM_H
#define PLASMITE_GO_SHIM_H

#include <plasmite.h>

#if PLSM_VERSION_MAJOR != 1
#error "this version of the Go package is for libplasmite 1; plasmite.h is of another one"
#endif

// Texts one behind the other, each with a NUL behind it that its length does not count.
typedef struct {
    const char *bytes;
    const size_t *lens;
    size_t count;
} plsmgo_texts_t;

typedef struct {
    plsm_error_t *error;
    int status;
    plsm_receipt_t receipt;
} plsmgo_receipt_t;

typedef struct {
    plsm_error_t *error;
    int status;
    size_t len;     // of the text, in the caller's memory when `rest` is empty
    plsm_buf_t rest; // the text, when it was too large for that
} plsmgo_text_t;

// An item of a batch; its bytes and tags follow those of the item before it.
typedef struct {
    size_t len;
    size_t tags_len;
    uint64_t timestamp_ns;
    uint32_t has_timestamp;
} plsmgo_item_t;

// A stream, and what was taken from it and not been handed on yet: a message that did not fit, or a gap or an error
// behind other messages.
typedef struct {
    plsm_stream_t *stream;
    plsm_bytes_t json;    // of the message taken last, borrowed from the stream
    plsm_view_t view;     // likewise
    int held;             // whether that is to be handed on
    int pending;          // PLSM_NEXT_GAP, PLSM_NEXT_ERROR, or 0
    uint64_t pending_seq; // where the stream stood before that; 0 when it has not moved
    plsm_error_t *error;
} plsmgo_reader_t;

enum plsmgo_form {
    PLSMGO_ENVELOPE,
    PLSMGO_ENVELOPE_LINE,
    PLSMGO_DATA_LINE,
    PLSMGO_LITE3,
};

// Where in the caller's memory a message stands. Seq and time are told of Lite3 only: the other forms contain them.
typedef struct {
    uint64_t seq;
    uint64_t timestamp_ns;
    size_t offset;
    size_t len;
} plsmgo_record_t;

typedef struct {
    plsm_error_t *error;
    int next;      // a plsm_next_t
    size_t count;  // of records
    size_t used;   // bytes of the caller's memory
    size_t needed; // 0, or by a message that was taken and did not fit: make room, and call again for it
} plsmgo_fill_t;

typedef struct {
    plsm_error_t *error;
    int step; // a plsm_ingest_step_t, or -1
    uint64_t appended;
    plsm_receipt_t receipt; // of the last one
    plsm_ingest_item_t item; // a bad record
} plsmgo_ingest_t;

plsmgo_receipt_t plsmgo_append(plsm_pool_t *pool, const uint8_t *json, size_t len, plsm_append_options_t options,
                               const char *tags, const size_t *tag_lens, size_t tags_len);

plsmgo_text_t plsmgo_append_echo(plsm_pool_t *pool, const uint8_t *json, size_t len, uint32_t durability,
                                 const char *tags, const size_t *tag_lens, size_t tags_len, uint8_t *buf, size_t cap);

plsmgo_receipt_t plsmgo_append_batch(plsm_pool_t *pool, const uint8_t *bytes, const plsmgo_item_t *items, size_t items_len,
                                     plsm_append_options_t options, const char *tags, const size_t *tag_lens,
                                     size_t common_tags, plsm_receipt_t *receipts);

plsmgo_text_t plsmgo_get_json(plsm_pool_t *pool, uint64_t seq, uint8_t *buf, size_t cap);

plsmgo_reader_t *plsmgo_reader_new(plsm_stream_t *stream);
void plsmgo_reader_free(plsmgo_reader_t *reader);

// Forgets what was taken and not handed on.
void plsmgo_reader_clear(plsmgo_reader_t *reader);

// Takes messages until there are `most`, waiting at most `wait_ms` for the first, and writes them into `buf` behind the `used`
// bytes and `count` records that are there already. Stops before the memory is full.
plsmgo_fill_t plsmgo_reader_fill(plsmgo_reader_t *reader, uint64_t wait_ms, uint32_t form, size_t most, uint8_t *buf, size_t cap,
                                 size_t used, plsmgo_record_t *records, size_t count);

int plsmgo_tail(plsm_pool_t *pool, plsm_tail_options_t options, const char *token, const char *tags, const size_t *tag_lens,
                size_t tags_len, const plsm_filter_t *const *filters, size_t filters_len, plsm_stream_t **out_stream,
                plsm_error_t **out_err);

// Gives an ingest a piece of input, and appends every record that is complete.
plsmgo_ingest_t plsmgo_ingest_write(plsm_ingest_t *ingest, plsm_pool_t *pool, const uint8_t *data, size_t len, uint32_t finish,
                                    plsm_append_options_t options, const char *tags, const size_t *tag_lens, size_t tags_len);

// Sends log lines to the Go package, or to nobody when the level is 0.
void plsmgo_log_set(uint32_t level);

#endif
