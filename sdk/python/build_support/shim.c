#include "shim.h"

#include <stdlib.h>
#include <string.h>

// Most messages are smaller; the room grows when one is not.
#define FIRST_ROOM 4096u

shim_batch_t *shim_batch_new(size_t capacity) {
    shim_batch_t *batch = calloc(1, sizeof *batch);
    if (batch == NULL) return NULL;
    batch->capacity = capacity;
    batch->room = FIRST_ROOM;
    batch->seqs = calloc(capacity, sizeof *batch->seqs);
    batch->times = calloc(capacity, sizeof *batch->times);
    batch->ends = calloc(capacity, sizeof *batch->ends);
    batch->views = calloc(capacity, sizeof *batch->views);
    batch->text = malloc(batch->room);
    if (batch->seqs == NULL || batch->times == NULL || batch->ends == NULL || batch->views == NULL || batch->text == NULL) {
        shim_batch_free(batch);
        return NULL;
    }
    return batch;
}

static void forget(shim_batch_t *batch) {
    batch->count = 0;
    if (batch->error != NULL && batch->error_readers == 0) plsm_error_free(batch->error);
    batch->error = NULL;
}

void shim_batch_free(shim_batch_t *batch) {
    if (batch == NULL) return;
    forget(batch);
    free(batch->seqs);
    free(batch->times);
    free(batch->ends);
    free(batch->views);
    free(batch->text);
    free(batch);
}

static int grow(shim_batch_t *batch, size_t needed) {
    size_t room = batch->room * 2 > needed ? batch->room * 2 : needed;
    char *text = realloc(batch->text, room);
    if (text == NULL) return 0;
    batch->text = text;
    batch->room = room;
    return 1;
}

// Whether the batch's answer was not taken over.
static int is_left(const shim_batch_t *batch, uint64_t known) { return batch->code != 0 && batch->number != known; }

// Numbers the answer, if it is one that would not be given again by itself.
static int answered(plsm_stream_t *stream, shim_batch_t *batch, int code) {
    if (code != PLSM_NEXT_MESSAGE && code != PLSM_NEXT_GAP && code >= 0) return code;
    plsm_gap_t gap = {0};
    if (code == PLSM_NEXT_GAP) plsm_stream_gap(stream, &gap, NULL);
    const plsm_error_t *error = batch->error;
    batch->seq = code == PLSM_NEXT_MESSAGE ? batch->seqs[0] : error != NULL && error->has_seq ? error->seq : gap.first;
    batch->code = code;
    batch->number++;
    return code;
}

// Tells other threads about a call on the stream, before it is made.
static void begin(plsm_stream_t *stream, shim_batch_t *batch, uint64_t wait_ms) {
    plsm_stream_stats_t stats;
    if (wait_ms == 0 || plsm_stream_stats(stream, &stats, NULL) != 0) return;
    // While the start is searched for, it is not known where the stream stands.
    if (batch->number != 0 || !batch->searches) {
        __atomic_store_n(&batch->stands_for, 0, __ATOMIC_RELEASE);
        __atomic_store_n(&batch->stands_at, stats.next_seq, __ATOMIC_RELEASE);
        __atomic_store_n(&batch->stands_for, batch->number + 1, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&batch->waits_behind, stats.delivered + 1, __ATOMIC_RELEASE);
}

static int ended(shim_batch_t *batch, int code) {
    __atomic_store_n(&batch->waits_behind, 0, __ATOMIC_RELEASE);
    return code;
}

uint64_t shim_stands_at(const shim_batch_t *batch, uint64_t known) {
    if (__atomic_load_n(&batch->stands_for, __ATOMIC_ACQUIRE) != known + 1) return 0;
    uint64_t seq = __atomic_load_n(&batch->stands_at, __ATOMIC_ACQUIRE);
    return __atomic_load_n(&batch->stands_for, __ATOMIC_ACQUIRE) == known + 1 ? seq : 0;
}

int shim_is_idle(plsm_stream_t *stream, const shim_batch_t *batch) {
    uint64_t behind = __atomic_load_n(&batch->waits_behind, __ATOMIC_ACQUIRE);
    size_t index;
    if (behind == 0 || plsm_wait_any(&stream, 1, 0, &index, NULL) == 1) return 0;
    // Nothing is there, but the call may have taken something before.
    plsm_stream_stats_t stats;
    return plsm_stream_stats(stream, &stats, NULL) != 0 || stats.delivered + 1 == behind;
}

static int take_json(plsm_stream_t *stream, shim_batch_t *batch, uint64_t wait_ms) {
    if (batch->first == batch->taken) {
        batch->first = batch->taken = 0;
        begin(stream, batch, wait_ms);
        int next = ended(batch, plsm_stream_next_views(stream, wait_ms, batch->views, batch->capacity, &batch->taken,
                                                       &batch->error));
        if (next != PLSM_NEXT_MESSAGE) return next;
    }
    size_t used = 0;
    while (batch->first < batch->taken) {
        const plsm_view_t *view = &batch->views[batch->first];
        size_t length = 0;
        plsm_error_t *error = NULL;
        int written = plsm_view_write_json(view, PLSM_PART_ENVELOPE, (uint8_t *)batch->text + used, batch->room - used, &length,
                                           &error);
        // The room is doubled once for all that follow; when memory is out, what is there goes first.
        if (written == 0 && grow(batch, used + length)) continue;
        if (written != 1 && batch->count > 0) {
            plsm_error_free(error);
            break;
        }
        batch->first++;
        if (written != 1) {
            batch->error = error;
            return written == 0 ? SHIM_NO_MEMORY : PLSM_NEXT_ERROR;
        }
        used += length;
        batch->seqs[batch->count] = view->seq;
        batch->times[batch->count] = view->timestamp_ns;
        batch->ends[batch->count] = used;
        batch->count++;
    }
    return PLSM_NEXT_MESSAGE;
}

int shim_take(plsm_stream_t *stream, shim_batch_t *batch, uint64_t known, uint64_t wait_ms) {
    if (is_left(batch, known)) return batch->code;
    forget(batch);
    return answered(stream, batch, take_json(stream, batch, wait_ms));
}

static int take_view(plsm_stream_t *stream, shim_batch_t *batch, uint64_t wait_ms) {
    begin(stream, batch, wait_ms);
    int code = ended(batch, plsm_stream_next_view(stream, wait_ms, batch->views, &batch->error));
    if (code != PLSM_NEXT_MESSAGE) return code;
    batch->seqs[0] = batch->views[0].seq;
    batch->times[0] = batch->views[0].timestamp_ns;
    batch->ends[0] = 0;
    batch->count = 1;
    return code;
}

static int write_lite3(shim_batch_t *batch) {
    plsm_buf_t document = {0};
    batch->count = 0;
    if (plsm_view_lite3(batch->views, &document, &batch->error) != 0) return PLSM_NEXT_ERROR;
    int fits = document.len <= batch->room || grow(batch, document.len);
    if (fits) {
        memcpy(batch->text, document.data, document.len);
        batch->ends[0] = document.len;
        batch->count = 1;
    }
    plsm_buf_free(&document);
    return fits ? PLSM_NEXT_MESSAGE : SHIM_NO_MEMORY;
}

int shim_take_lite3(plsm_stream_t *stream, shim_batch_t *batch, uint64_t known, uint64_t wait_ms) {
    if (is_left(batch, known)) return batch->code;
    forget(batch);
    int code = take_view(stream, batch, wait_ms);
    return answered(stream, batch, code == PLSM_NEXT_MESSAGE ? write_lite3(batch) : code);
}

int shim_take_view(plsm_stream_t *stream, shim_batch_t *batch, uint64_t known, uint64_t wait_ms, plsm_view_t *out_view) {
    int code;
    if (is_left(batch, known)) {
        code = batch->code;
    } else {
        forget(batch);
        code = answered(stream, batch, take_view(stream, batch, wait_ms));
    }
    if (code == PLSM_NEXT_MESSAGE) *out_view = batch->views[0];
    return code;
}

int shim_append_many(plsm_pool_t *pool, const uint8_t *text, const uint64_t *lengths, size_t count,
                     const uint64_t *times, const uint8_t *has_times, const uint64_t *tag_counts,
                     const uint8_t *tag_text, const uint64_t *tag_lengths,
                     const plsm_append_options_t *options, plsm_receipt_t *out_first, plsm_error_t **out_err) {
    size_t tags_len = 0;
    for (size_t i = 0; tag_counts != NULL && i < count; i++) tags_len += (size_t)tag_counts[i];
    // One block: the items, their receipts, their tags.
    size_t size = count * (sizeof(plsm_batch_item_t) + sizeof(plsm_receipt_t)) + tags_len * sizeof(plsm_bytes_t);
    plsm_batch_item_t *items = calloc(1, size ? size : 1);
    if (items == NULL) return SHIM_NO_MEMORY;
    plsm_receipt_t *receipts = (plsm_receipt_t *)(items + count);
    plsm_bytes_t *tags = (plsm_bytes_t *)(receipts + count);
    for (size_t i = 0; i < count; i++) {
        items[i].data = text;
        items[i].len = (size_t)lengths[i];
        text += lengths[i];
        if (times != NULL) {
            items[i].timestamp_ns = times[i];
            items[i].has_timestamp = has_times[i];
        }
        if (tag_counts != NULL && tag_counts[i] != 0) {
            items[i].tags = tags;
            items[i].tags_len = (size_t)tag_counts[i];
            for (uint64_t tag = 0; tag < tag_counts[i]; tag++) {
                *tags++ = (plsm_bytes_t){.data = tag_text, .len = (size_t)*tag_lengths};
                tag_text += *tag_lengths++;
            }
        }
    }
    int result = plsm_pool_append_batch(pool, items, count, options, receipts, out_err);
    if (result == 0 && count > 0) *out_first = receipts[0];
    free(items);
    return result;
}
