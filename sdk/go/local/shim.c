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
    plsmgo_reader_t *reader = malloc(sizeof *reader);
    if (reader == NULL) abort();
    reader->stream = stream;
    reader->at = reader->count = 0;
    return reader;
}

void plsmgo_reader_free(plsmgo_reader_t *reader) {
    if (reader == NULL) return;
    plsm_stream_free(reader->stream);
    free(reader);
}

// As plsm_view_write_json: 1 written, 0 too small, -1 an error.
static int write_view(const plsm_view_t *view, uint32_t form, uint8_t *buf, size_t cap, size_t *len, plsm_error_t **error) {
    if (form == PLSMGO_LITE3) {
        plsm_buf_t document = {0};
        if (plsm_view_lite3(view, &document, error) != 0) return -1;
        *len = document.len;
        int fits = document.len <= cap;
        if (fits) memcpy(buf, document.data, document.len);
        plsm_buf_free(&document);
        return fits;
    }
    if (form == PLSMGO_ENVELOPE) return plsm_view_write_json(view, PLSM_PART_ENVELOPE, buf, cap, len, error);
    uint32_t part = form == PLSMGO_DATA_LINE ? PLSM_PART_DATA : PLSM_PART_ENVELOPE;
    int written = plsm_view_write_json(view, part, buf, cap == 0 ? 0 : cap - 1, len, error);
    if (written == 1) buf[*len] = '\n';
    *len += 1;
    return written;
}

plsmgo_fill_t plsmgo_reader_fill(plsmgo_reader_t *reader, uint64_t wait_ms, uint32_t form, size_t most, uint8_t *buf, size_t cap,
                                 plsmgo_record_t *records) {
    plsmgo_fill_t result = {.next = PLSM_NEXT_MESSAGE};
    if (reader->at == reader->count) {
        reader->at = reader->count = 0;
        size_t capacity = most < PLSMGO_VIEWS ? most : PLSMGO_VIEWS;
        result.next = plsm_stream_next_views(reader->stream, wait_ms, reader->views, capacity, &reader->count, &result.error);
        if (result.next != PLSM_NEXT_MESSAGE) return result;
    }
    while (reader->at < reader->count && result.count < most) {
        const plsm_view_t *view = &reader->views[reader->at];
        size_t len = 0;
        plsm_error_t *error = NULL;
        int written = write_view(view, form, buf + result.used, cap - result.used, &len, &error);
        if (written == 0) {
            result.needed = len;
            break;
        }
        if (written < 0 && result.count != 0) { // told by the next call
            plsm_error_free(error);
            break;
        }
        reader->at++;
        if (written < 0) {
            result.error = error;
            result.next = PLSM_NEXT_ERROR;
            break;
        }
        records[result.count++] = (plsmgo_record_t){view->seq, view->timestamp_ns, result.used, len};
        result.used += len;
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
    return result;
}

static void log_line(void *user, uint32_t level, const char *message) {
    (void)user;
    plasmiteGoLog(level, (char *)message);
}

void plsmgo_log_set(uint32_t level) {
    plsm_log_set(level == 0 ? NULL : log_line, NULL, level);
}
