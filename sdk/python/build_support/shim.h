// Loops over the C interface that would cost a crossing per message from Python: nothing but plsm_ calls and
// the memory they need. Each runs without the GIL, unless it says so.
#ifndef PLASMITE_PYTHON_SHIM_H
#define PLASMITE_PYTHON_SHIM_H

#include <plasmite.h>

// What a shim call answers when memory is out; there is no error object then.
#define SHIM_NO_MEMORY -2

// The outputs of one call, used again and again.
typedef struct {
    plsm_error_t *error;
    plsm_buf_t text;
    plsm_receipt_t receipt;
} shim_cell_t;

// Messages taken from a stream, whole, as JSON, back to back.
typedef struct {
    // How many messages, and for each its seq, its time and where its text ends.
    size_t count;
    uint64_t *seqs;
    uint64_t *times;
    uint64_t *ends;
    // The texts.
    uint8_t *text;
    // Of the shim: the text's room, and views that were taken and not yet written as text.
    size_t room;
    size_t capacity;
    size_t first;
    size_t taken;
    plsm_view_t *views;
} shim_batch_t;

// Room for so many messages; NULL when memory is out.
shim_batch_t *shim_batch_new(size_t capacity);
void shim_batch_free(shim_batch_t *batch);

// Takes what is there, waiting for the first message at most `wait_ms`. A plsm_next_t; the batch counts for
// PLSM_NEXT_MESSAGE only. A message that no memory is left for is passed over.
int shim_take(plsm_stream_t *stream, shim_batch_t *batch, uint64_t wait_ms, plsm_error_t **out_err);

// Appends to a Python list, whose id is given, the data of each message of a batch, right after shim_take has filled it:
// decoded, or Ellipsis where the JSON text has to be read instead. Takes the GIL for that.
void shim_values(const shim_batch_t *batch, uintptr_t list);

// plsm_pool_append_batch of `count` JSON texts that stand back to back. `times` may be NULL, or has a time for each;
// `tag_counts` may be NULL, or tells how many of the tags, which stand back to back, belong to each.
int shim_append_many(plsm_pool_t *pool, const uint8_t *text, const uint64_t *lengths, size_t count,
                     const uint64_t *times, const uint64_t *tag_counts, const uint8_t *tag_text,
                     const uint64_t *tag_lengths, const plsm_append_options_t *options,
                     plsm_receipt_t *out_first, plsm_error_t **out_err);

#endif
