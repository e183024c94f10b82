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

// The last answer of a stream: one or more messages (whole, as JSON, back to back, or one as Lite3), a gap, an error.
// It is kept until it is known to have been taken over. Python runs signal handlers between a call and what follows it;
// when one raises there, the answer is not lost but given again.
typedef struct {
    // Which answer it is; the first is 1.
    uint64_t number;
    // What was answered, a plsm_next_t or SHIM_NO_MEMORY; 0 before the first.
    int code;
    // Of an error. Freed with the next answer, unless somebody (a count) is reading it.
    plsm_error_t *error;
    size_t error_readers;
    // The seq of the first message in it, or the one at which it was found; 0 when there is none.
    uint64_t seq;
    // Of shim_stands_at: the seq, for who has taken over the answer before `stands_for`. Who seeks sets that one to 0.
    uint64_t stands_at;
    uint64_t stands_for;
    // Whether the first call looks for the start, which is not noted for shim_stands_at then. Set by who opens the stream,
    // and 0 by who seeks.
    int searches;
    // Of shim_is_idle: 1 more than the stream had delivered before a call that may wait; 0 while there is none.
    uint64_t waits_behind;
    // How many messages, and for each its seq, its time and where its text ends.
    size_t count;
    uint64_t *seqs;
    uint64_t *times;
    uint64_t *ends;
    // The texts; what holds of `ends` fits into them even when a later call has made both others.
    char *text;
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

// Takes what is there, waiting for the first message at most `wait_ms`, unless `known`, the number of the answer that
// was taken over last, is not that of the batch: then the batch stays as it is and its answer is given again.
// A plsm_next_t. A new message, gap or error gets a new number; the batch counts for these only. A message that
// no memory is left for is passed over.
int shim_take(plsm_stream_t *stream, shim_batch_t *batch, uint64_t known, uint64_t wait_ms);

// Where the stream stands for who has taken over the answer `known`, with nothing left of it, while a shim_take with
// that number runs. May be asked meanwhile, on any thread. 0 before that shim_take has found it out, and for ever
// without one, and in the first ones of a stream that searches for its start.
uint64_t shim_stands_at(const shim_batch_t *batch, uint64_t known);

// Whether another thread's call on the stream waits, has taken nothing, and nothing is there. Looks at all that is there,
// as a call that does not wait. 0 for a call that is not to wait: it comes back by itself.
int shim_is_idle(plsm_stream_t *stream, const shim_batch_t *batch);

// As shim_take for one message as Lite3. A message that Lite3 cannot hold is passed over, with an error.
int shim_take_lite3(plsm_stream_t *stream, shim_batch_t *batch, uint64_t known, uint64_t wait_ms);

// As shim_take for one view.
int shim_take_view(plsm_stream_t *stream, shim_batch_t *batch, uint64_t known, uint64_t wait_ms, plsm_view_t *out_view);

// Appends to a Python list, whose id is given, the data of each message of a batch, before anything else is taken:
// decoded, or Ellipsis where the JSON text has to be read instead. Takes the GIL for that.
void shim_values(const shim_batch_t *batch, uintptr_t list);

// plsm_pool_append_batch of `count` JSON texts that stand back to back. `times` may be NULL, or has a time for each,
// which counts where `has_times` says so; `tag_counts` may be NULL, or tells how many of the tags, which stand back to
// back, belong to each.
int shim_append_many(plsm_pool_t *pool, const uint8_t *text, const uint64_t *lengths, size_t count,
                     const uint64_t *times, const uint8_t *has_times, const uint64_t *tag_counts,
                     const uint8_t *tag_text, const uint64_t *tag_lengths,
                     const plsm_append_options_t *options, plsm_receipt_t *out_first, plsm_error_t **out_err);

#endif
