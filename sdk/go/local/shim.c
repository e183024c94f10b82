// See shim.h.
#include "shim.h"

#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"

#define FEW 16 // tags of a message that need no allocation

// Borrows texts that stand one behind the other.
static const char *borrow(plsm_bytes_t *out, const char *bytes, const size_t *lens, size_t count) {
    for (size_t i = 0; i < count; i++) {
        out[i].data = (const uint8_t *)bytes;
        out[i].len = lens[i];
        bytes += lens[i] + 1;
    }
    return bytes;
}

static plsm_bytes_t *texts(plsm_bytes_t *few, const char *bytes, const size_t *lens, size_t count) {
    plsm_bytes_t *out = count <= FEW ? few : malloc(count * sizeof *out);
    if (out == NULL) abort(); // as Go does when memory is out
    borrow(out, bytes, lens, count);
    return out;
}

plsmgo_receipt_t plsmgo_append(plsm_pool_t *pool, const uint8_t *json, size_t len, plsm_append_options_t options,
                               const char *tags, const size_t *tag_lens, size_t tags_len) {
    plsmgo_receipt_t result = {0};
    if (tags_len == 0) {
        result.status = plsm_pool_append(pool, json, len, &options, &result.receipt, &result.error);
        return result;
    }
    plsm_bytes_t few[FEW], *borrowed = texts(few, tags, tag_lens, tags_len);
    options.tags = borrowed;
    options.tags_len = tags_len;
    result.status = plsm_pool_append(pool, json, len, &options, &result.receipt, &result.error);
    if (borrowed != few) free(borrowed);
    return result;
}

// Hands a text on: into the caller's memory when it fits, which frees it here.
static void hand_on(plsmgo_text_t *result, plsm_buf_t text, uint8_t *buf, size_t cap) {
    result->len = text.len;
    if (text.len > cap) {
        result->rest = text;
        return;
    }
    memcpy(buf, text.data, text.len);
    plsm_buf_free(&text);
}

plsmgo_text_t plsmgo_append_echo(plsm_pool_t *pool, const uint8_t *json, size_t len, uint32_t durability,
                                 const char *tags, const size_t *tag_lens, size_t tags_len, uint8_t *buf, size_t cap) {
    plsmgo_text_t result = {0};
    const char *few[FEW], **borrowed = tags_len <= FEW ? few : malloc(tags_len * sizeof *borrowed);
    if (borrowed == NULL) abort();
    for (size_t i = 0; i < tags_len; i++) {
        borrowed[i] = tags;
        tags += tag_lens[i] + 1;
    }
    plsm_buf_t text = {0};
    result.status = plsm_pool_append_json(pool, json, len, tags_len == 0 ? NULL : borrowed, tags_len, durability, &text, &result.error);
    if (result.status == 0) hand_on(&result, text, buf, cap);
    if (borrowed != few) free(borrowed);
    return result;
}

plsmgo_receipt_t plsmgo_append_batch(plsm_pool_t *pool, const uint8_t *bytes, const plsmgo_item_t *items, size_t items_len,
                                     plsm_append_options_t options, const char *tags, const size_t *tag_lens,
                                     size_t common_tags, plsm_receipt_t *receipts) {
    size_t tags_len = common_tags;
    for (size_t i = 0; i < items_len; i++) tags_len += items[i].tags_len;
    plsm_batch_item_t *built = calloc(items_len, sizeof *built);
    plsm_bytes_t few[FEW], *borrowed = texts(few, tags, tag_lens, tags_len), *next = borrowed + common_tags;
    if (built == NULL && items_len != 0) abort();
    for (size_t i = 0; i < items_len; i++) {
        built[i].data = bytes;
        built[i].len = items[i].len;
        built[i].tags = next;
        built[i].tags_len = items[i].tags_len;
        built[i].timestamp_ns = items[i].timestamp_ns;
        built[i].has_timestamp = items[i].has_timestamp;
        bytes += items[i].len;
        next += items[i].tags_len;
    }
    options.tags = borrowed;
    options.tags_len = common_tags;
    plsmgo_receipt_t result = {0};
    result.status = plsm_pool_append_batch(pool, built, items_len, &options, receipts, &result.error);
    if (borrowed != few) free(borrowed);
    free(built);
    return result;
}

plsmgo_text_t plsmgo_get_json(plsm_pool_t *pool, uint64_t seq, uint8_t *buf, size_t cap) {
    plsmgo_text_t result = {0};
    plsm_buf_t text = {0};
    result.status = plsm_pool_get_json(pool, seq, &text, &result.error);
    if (result.status == 0) hand_on(&result, text, buf, cap);
    return result;
}

plsmgo_reader_t *plsmgo_reader_new(plsm_stream_t *stream) {
    plsmgo_reader_t *reader = calloc(1, sizeof *reader);
    if (reader == NULL) abort();
    reader->stream = stream;
    return reader;
}

void plsmgo_reader_clear(plsmgo_reader_t *reader) {
    plsm_error_free(reader->error);
    reader->error = NULL;
    reader->held = reader->pending = 0;
    reader->pending_seq = 0;
}

void plsmgo_reader_free(plsmgo_reader_t *reader) {
    if (reader == NULL) return;
    plsm_error_free(reader->error);
    plsm_stream_free(reader->stream);
    free(reader);
}

static int is_json(uint32_t form) { return form == PLSMGO_ENVELOPE || form == PLSMGO_ENVELOPE_LINE; }

// The next thing of the stream: the envelope goes through the stream's own buffer, which is faster than a view of it.
static int take(plsmgo_reader_t *reader, uint32_t form, uint64_t wait_ms, plsm_error_t **error) {
    if (reader->pending != 0) {
        int next = reader->pending;
        *error = reader->error;
        reader->error = NULL;
        reader->pending = 0;
        reader->pending_seq = 0;
        return next;
    }
    return is_json(form) ? plsm_stream_next_json(reader->stream, wait_ms, &reader->json, error)
                         : plsm_stream_next_view(reader->stream, wait_ms, &reader->view, error);
}

// Keeps for the next call what was taken behind messages and is told only once.
static void keep(plsmgo_reader_t *reader, int next, plsm_error_t *error) {
    plsm_gap_t gap = {0};
    if (next == PLSM_NEXT_GAP) plsm_stream_gap(reader->stream, &gap, NULL);
    reader->pending = next;
    reader->pending_seq = error != NULL && error->has_seq ? error->seq : gap.first;
    reader->error = error;
}

// Writes the message taken last: 1 written, 0 too small (`len` is what it takes), -1 an error.
static int write_taken(const plsmgo_reader_t *reader, uint32_t form, uint8_t *buf, size_t cap, size_t *len, plsm_error_t **error) {
    if (form == PLSMGO_LITE3) {
        plsm_buf_t document = {0};
        if (plsm_view_lite3(&reader->view, &document, error) != 0) return -1;
        *len = document.len;
        int fits = document.len <= cap;
        if (fits) memcpy(buf, document.data, document.len);
        plsm_buf_free(&document);
        return fits;
    }
    size_t line = form != PLSMGO_ENVELOPE;
    if (form == PLSMGO_DATA_LINE) {
        int written = plsm_view_write_json(&reader->view, PLSM_PART_DATA, buf, cap == 0 ? 0 : cap - 1, len, error);
        if (written == 1) buf[*len] = '\n';
        *len += 1;
        return written;
    }
    *len = reader->json.len + line;
    if (*len > cap) return 0;
    memcpy(buf, reader->json.data, reader->json.len);
    if (line) buf[reader->json.len] = '\n';
    return 1;
}

plsmgo_fill_t plsmgo_reader_fill(plsmgo_reader_t *reader, uint64_t wait_ms, uint32_t form, size_t most, uint8_t *buf, size_t cap,
                                 size_t used, plsmgo_record_t *records, size_t count) {
    plsmgo_fill_t result = {.next = PLSM_NEXT_MESSAGE, .used = used, .count = count};
    while (result.count < most) {
        int next = PLSM_NEXT_MESSAGE;
        plsm_error_t *error = NULL;
        size_t len = 0;
        if (!reader->held) {
            if (result.count != 0 && result.used > cap - cap / 4) break;
            next = take(reader, form, result.count == 0 ? wait_ms : 0, &error);
        }
        if (next == PLSM_NEXT_MESSAGE) {
            int written = write_taken(reader, form, buf + result.used, cap - result.used, &len, &error);
            reader->held = written == 0;
            if (written == 0) {
                result.needed = len;
                break;
            }
            if (written < 0) next = PLSM_NEXT_ERROR;
        }
        if (next == PLSM_NEXT_MESSAGE) {
            records[result.count] = (plsmgo_record_t){.offset = result.used, .len = len};
            if (form == PLSMGO_LITE3) {
                records[result.count].seq = reader->view.seq;
                records[result.count].timestamp_ns = reader->view.timestamp_ns;
            }
            result.count++;
            result.used += len;
        } else if (result.count == 0) {
            result.next = next;
            result.error = error;
            break;
        } else {
            // The stream says all others again.
            if (next == PLSM_NEXT_GAP || next == PLSM_NEXT_ERROR) keep(reader, next, error);
            break;
        }
    }
    return result;
}

int plsmgo_tail(plsm_pool_t *pool, plsm_tail_options_t options, const char *token, const char *tags, const size_t *tag_lens,
                size_t tags_len, const plsm_filter_t *const *filters, size_t filters_len, plsm_stream_t **out_stream,
                plsm_error_t **out_err) {
    plsm_bytes_t few[FEW], *borrowed = texts(few, tags, tag_lens, tags_len);
    options.tags = borrowed;
    options.tags_len = tags_len;
    options.token = token;
    options.filters = filters;
    options.filters_len = filters_len;
    int status = plsm_pool_tail(pool, &options, out_stream, out_err);
    if (borrowed != few) free(borrowed);
    return status;
}

plsmgo_ingest_t plsmgo_ingest_write(plsm_ingest_t *ingest, plsm_pool_t *pool, const uint8_t *data, size_t len, uint32_t finish,
                                    plsm_append_options_t options, const char *tags, const size_t *tag_lens, size_t tags_len) {
    plsmgo_ingest_t result = {.step = -1};
    if (len != 0 && plsm_ingest_push(ingest, data, len, &result.error) != 0) return result;
    if (finish && plsm_ingest_finish(ingest, &result.error) != 0) return result;
    plsm_bytes_t few[FEW], *borrowed = texts(few, tags, tag_lens, tags_len);
    options.tags = borrowed;
    options.tags_len = tags_len;
    do {
        result.step = plsm_ingest_append(ingest, pool, &options, &result.item, &result.receipt, &result.error);
        if (result.step == PLSM_INGEST_RECORD) result.appended++;
    } while (result.step == PLSM_INGEST_RECORD);
    if (borrowed != few) free(borrowed);
    // Of no bytes the library may give any pointer, and Go dies of small numbers in pointers on its stack.
    if (result.item.text.len == 0) result.item.text.data = NULL;
    if (result.item.copied_tags.len == 0) result.item.copied_tags.data = NULL;
    return result;
}

static void log_line(void *user, uint32_t level, const char *message) {
    (void)user;
    plasmiteGoLog(level, (char *)message);
}

void plsmgo_log_set(uint32_t level) {
    plsm_log_set(level == 0 ? NULL : log_line, NULL, level);
}
