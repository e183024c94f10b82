// ingest.c: input of every form into records, and records into a pool.
#include "check.h"

static plsm_ingest_t *reader(uint32_t mode, uint32_t flags, uint64_t max_record) {
    plsm_error_t *err = NULL;
    plsm_ingest_t *ingest = NULL;
    plsm_ingest_options_t options = PLSM_INGEST_OPTIONS_INIT;
    options.mode = mode;
    options.flags = flags;
    options.max_record = max_record;
    OK(plsm_ingest_new(&options, &ingest, &err));
    return ingest;
}

static void push(plsm_ingest_t *ingest, const char *text) {
    plsm_error_t *err = NULL;
    OK(plsm_ingest_push(ingest, (const uint8_t *)text, strlen(text), &err));
}

static void check_counts(plsm_ingest_t *ingest, uint64_t records, uint64_t faults) {
    plsm_error_t *err = NULL;
    plsm_ingest_counts_t counts = {99, 99};
    OK(plsm_ingest_count(ingest, &counts, &err));
    CHECK_U64(counts.records, records);
    CHECK_U64(counts.faults, faults);
}

// All of a text, one byte after another: `expected` has a line for each record and `!` for each bad one.
static void check_input(uint32_t mode, const char *text, const char *expected, uint32_t found_mode) {
    plsm_error_t *err = NULL;
    plsm_ingest_t *ingest = reader(mode, PLSM_INGEST_SKIP, 0);
    plsm_ingest_item_t item;
    char found[1000] = "";
    int step = PLSM_INGEST_MORE;
    for (size_t i = 0; i <= strlen(text); i++) {
        if (i < strlen(text)) OK(plsm_ingest_push(ingest, (const uint8_t *)text + i, 1, &err));
        else OK(plsm_ingest_finish(ingest, &err));
        while ((step = plsm_ingest_next(ingest, &item, &err)) == PLSM_INGEST_RECORD || step == PLSM_INGEST_FAULT) {
            CHECK_U64(item.mode, found_mode);
            size_t used = strlen(found), len = step == PLSM_INGEST_FAULT ? 0 : item.text.len;
            if (len) memcpy(found + used, item.text.data, len);
            strcpy(found + used + len, step == PLSM_INGEST_FAULT ? "!" : "\n");
        }
    }
    CHECK_U64((uint64_t)step, PLSM_INGEST_END);
    CHECK_BYTES((const uint8_t *)found, strlen(found), expected);
    plsm_ingest_free(ingest);
}

static void every_mode(void) {
    check_input(PLSM_INGEST_AUTO, "\xef\xbb\xbf{\"a\":\n1}{\"b\":2}\n3 \"4\"",
                "{\"a\":\n1}\n{\"b\":2}\n3\n\"4\"\n", PLSM_INGEST_VALUES);
    check_input(PLSM_INGEST_JSONL, "1 2\n\n {\"a\":1} \r\n[", "!{\"a\":1}\n!", PLSM_INGEST_JSONL);
    check_input(PLSM_INGEST_JSON, " [1,\n2] ", "[1,\n2]\n", PLSM_INGEST_JSON);
    check_input(PLSM_INGEST_AUTO, "\x1e{\"a\":1}\n\x1e[2\n\x1e" "3\n\x1e" "4", "{\"a\":1}\n!3\n!", PLSM_INGEST_SEQ);
    check_input(PLSM_INGEST_VALUES, "1 2[3]oops\n4", "1\n2\n[3]\n!4\n", PLSM_INGEST_VALUES);
    check_input(PLSM_INGEST_AUTO, ":ok\n\nid: 7\ndata: [1,\ndata: 2]\n\ndata: [DONE]\n\n", "[1,\n2]\n!",
                PLSM_INGEST_EVENTS);
}

static void bad_records(void) {
    plsm_error_t *err = NULL;
    plsm_ingest_item_t item;
    // The first one ends the reading.
    plsm_ingest_t *ingest = reader(PLSM_INGEST_AUTO, 0, 0);
    push(ingest, "1\n {\"a\": oops}\n2\n");
    GIVES(PLSM_INGEST_RECORD, plsm_ingest_next(ingest, &item, &err));
    CHECK(item.error == NULL && item.fault == 0);
    GIVES(PLSM_INGEST_FAULT, plsm_ingest_next(ingest, &item, &err));
    CHECK_U64(item.index, 2);
    CHECK_U64(item.line, 2);
    CHECK_U64(item.offset, 3);
    CHECK_U64(item.fault, PLSM_INGEST_PARSE);
    CHECK_BYTES(item.text.data, item.text.len, "{\"a\": oops}");
    CHECK(item.error && item.error->kind == PLSM_ERROR_USAGE && item.error->has_offset && item.error->offset == 9);
    if (item.error) CHECK_HAS(item.error->message, "record 2");
    plsm_error_free((plsm_error_t *)item.error); // borrowed: left alone
    if (item.error) CHECK_HAS(item.error->message, "line 2, column 8");
    GIVES(PLSM_INGEST_END, plsm_ingest_next(ingest, &item, &err));
    push(ingest, "3\n");
    GIVES(PLSM_INGEST_END, plsm_ingest_next(ingest, &item, &err));
    check_counts(ingest, 1, 1);
    plsm_ingest_free(ingest);

    // Too large.
    ingest = reader(PLSM_INGEST_JSONL, PLSM_INGEST_SKIP, 10);
    push(ingest, "\"0123456789");
    GIVES(PLSM_INGEST_FAULT, plsm_ingest_next(ingest, &item, &err));
    CHECK_U64(item.fault, PLSM_INGEST_OVERSIZE);
    CHECK_BYTES(item.text.data, item.text.len, "\"012345678...");
    GIVES(PLSM_INGEST_MORE, plsm_ingest_next(ingest, &item, &err));
    push(ingest, "\"\n1\n");
    GIVES(PLSM_INGEST_RECORD, plsm_ingest_next(ingest, &item, &err));
    CHECK_U64(item.index, 2);
    plsm_ingest_free(ingest);
}

static void appending(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("ingest", 65536);
    plsm_bytes_t tag = {(const uint8_t *)"t", 1};
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    options.tags = &tag;
    options.tags_len = 1;
    plsm_ingest_t *ingest = reader(PLSM_INGEST_AUTO, PLSM_INGEST_SKIP, 0);
    plsm_ingest_item_t item;
    plsm_receipt_t receipt = {0, 0};
    push(ingest, "{\"a\":1}{\"a\":2}\n[1,]\n\"");
    for (uint64_t i = 1; i <= 2; i++) {
        GIVES(PLSM_INGEST_RECORD, plsm_ingest_append(ingest, pool, &options, &item, &receipt, &err));
        CHECK_U64(receipt.seq, i);
        CHECK_U64(item.index, i);
    }
    GIVES(PLSM_INGEST_FAULT, plsm_ingest_append(ingest, pool, &options, &item, &receipt, &err));
    GIVES(PLSM_INGEST_MORE, plsm_ingest_append(ingest, pool, &options, &item, &receipt, &err));
    // Good, and too large for this pool.
    char *large = malloc(100001);
    if (large) {
        memset(large, 'x', 100000);
        large[100000] = 0;
        push(ingest, large);
        free(large);
    }
    push(ingest, "\"\n5");
    OK(plsm_ingest_finish(ingest, &err));
    GIVES(PLSM_INGEST_FAULT, plsm_ingest_append(ingest, pool, &options, &item, NULL, &err));
    CHECK_U64(item.fault, PLSM_INGEST_OVERSIZE);

    // What is not the record's fault leaves it where it is.
    plsm_reservation_t *reservation = NULL;
    uint8_t *place = NULL;
    OK(plsm_pool_reserve(pool, 16, NULL, &reservation, &place, &err));
    options.has_lock_wait = 1;
    FAILS(PLSM_ERROR_BUSY, plsm_ingest_append(ingest, pool, &options, &item, &receipt, &err));
    plsm_reservation_abort(reservation);
    tag.data = (const uint8_t *)"\xff";
    FAILS(PLSM_ERROR_USAGE, plsm_ingest_append(ingest, pool, &options, &item, &receipt, &err));
    GIVES(PLSM_INGEST_RECORD, plsm_ingest_append(ingest, pool, NULL, &item, &receipt, &err));
    CHECK_U64(receipt.seq, 3);
    GIVES(PLSM_INGEST_END, plsm_ingest_append(ingest, pool, NULL, &item, &receipt, &err));
    check_counts(ingest, 3, 2);
    plsm_ingest_free(ingest);
    plsm_pool_free(pool);
}

static void copying(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *from = scratch_pool("from", 0), *to = scratch_pool("to", 0);
    plsm_bytes_t tags[2] = {{(const uint8_t *)"a", 1}, {(const uint8_t *)"\"b\"", 3}};
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    options.tags = tags;
    options.tags_len = 2;
    OK(plsm_pool_append(from, (const uint8_t *)"[18446744073709551615,\"x\"]", 26, &options, NULL, &err));
    plsm_buf_t json = {NULL, 0};
    OK(plsm_pool_get_json(from, 1, &json, &err));
    plsm_ingest_t *ingest = reader(PLSM_INGEST_AUTO, PLSM_INGEST_SKIP | PLSM_INGEST_COPY, 0);
    push(ingest, "{\"seq\":1}\n{\"seq\":-1,\"time\":\"\",\"meta\":{\"tags\":[]},\"data\":1}\n");
    OK(plsm_ingest_push(ingest, json.data, json.len, &err));
    plsm_ingest_item_t item;
    plsm_receipt_t receipt = {0, 0};
    GIVES(PLSM_INGEST_RECORD, plsm_ingest_append(ingest, to, NULL, &item, &receipt, &err));
    CHECK_U64(item.copied_tags.len, 0);
    GIVES(PLSM_INGEST_FAULT, plsm_ingest_append(ingest, to, NULL, &item, &receipt, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_ingest_append(ingest, to, &options, &item, &receipt, &err));
    GIVES(PLSM_INGEST_RECORD, plsm_ingest_append(ingest, to, NULL, &item, &receipt, &err));
    CHECK_U64(receipt.seq, 2);
    CHECK_BYTES(item.copied_tags.data, item.copied_tags.len, "[\"a\",\"\\\"b\\\"\"]");
    plsm_buf_free(&json);
    plsm_message_t *message = NULL;
    plsm_view_t view;
    OK(plsm_pool_get_message(to, 2, &message, &err));
    plsm_message_view(message, &view);
    OK(plsm_view_json(&view, PLSM_PART_TAGS, &json, &err));
    CHECK_BYTES(json.data, json.len, "[\"a\",\"\\\"b\\\"\"]");
    plsm_buf_free(&json);
    OK(plsm_view_json(&view, PLSM_PART_DATA, &json, &err));
    CHECK_BYTES(json.data, json.len, "[18446744073709551615,\"x\"]");
    plsm_buf_free(&json);
    plsm_message_free(message);
    plsm_ingest_free(ingest);
    plsm_pool_free(from);
    plsm_pool_free(to);
}

static void misuse(void) {
    plsm_error_t *err = NULL;
    plsm_ingest_t *ingest = NULL;
    plsm_ingest_item_t item;
    plsm_ingest_options_t options = PLSM_INGEST_OPTIONS_INIT;
    options.mode = 6;
    FAILS(PLSM_ERROR_USAGE, plsm_ingest_new(&options, &ingest, &err));
    options.mode = 0;
    options.flags = 4;
    FAILS(PLSM_ERROR_USAGE, plsm_ingest_new(&options, &ingest, &err));
    options.flags = 0;
    options.reserved = 1;
    FAILS(PLSM_ERROR_USAGE, plsm_ingest_new(&options, &ingest, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_ingest_new(NULL, NULL, &err));
    OK(plsm_ingest_new(NULL, &ingest, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_ingest_push(ingest, NULL, 1, &err));
    OK(plsm_ingest_push(ingest, NULL, 0, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_ingest_next(ingest, NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_ingest_next(NULL, &item, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_ingest_append(ingest, NULL, NULL, &item, NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_ingest_count(ingest, NULL, &err));
    plsm_ingest_free(ingest);
    plsm_ingest_free(NULL);
}

int main(void) {
    every_mode();
    bad_records();
    appending();
    copying();
    misuse();
    return finish("ingest");
}
