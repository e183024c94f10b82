// ops.c: the operations on pools, each as the calls of plasmite.h that do it.
#include "runner.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

// The pool of a step: an open one, or one opened for it.
static plsm_pool_t *pool(step_t *step) {
    if (json_get(step->step, "on")) return on(step)->pool;
    check(step, plsm_pool_open(client, reference(step), &step->opened, &step->fault));
    return step->opened;
}

// Takes a buffer over as a text.
static char *taken(plsm_buf_t *buf, size_t *len) {
    char *text = room(buf->len + 1);
    memcpy(text, buf->data, buf->len);
    *len = buf->len;
    plsm_buf_free(buf);
    return text;
}

static json_t *time_text(step_t *step, uint64_t ns) {
    plsm_buf_t buf = {NULL, 0};
    size_t len;
    check(step, plsm_time_format(ns, &buf, &step->fault));
    char *text = taken(&buf, &len);
    return json_string(text, len);
}

static uint64_t time_ns(step_t *step, const char *text) {
    uint64_t ns = 0;
    check(step, plsm_time_parse(text, strlen(text), &ns, &step->fault));
    return ns;
}

static json_t *message(step_t *step, const char *raw, size_t len) {
    json_t *parsed = json_valid(raw, len), *result = json_object();
    static const char mark[] = "]},\"data\":";
    const char *data = strstr(raw, mark); // JSON holds no NUL; `raw` ends in one
    if (!data) fail(step, format("not a message: %s", raw));
    data += strlen(mark);
    json_set(result, "seq", json_get(parsed, "seq"));
    json_set(result, "time", json_get(parsed, "time"));
    json_set(result, "tags", json_get(json_get(parsed, "meta"), "tags"));
    json_set(result, "data", json_get(parsed, "data"));
    json_set(result, "raw", json_string(raw, len));
    json_set(result, "data_text", json_string(data, len - 1 - (size_t)(data - raw)));
    return result;
}

static json_t *frame(step_t *step, uint64_t seq, uint64_t ns, plsm_buf_t *document) {
    json_t *result = json_object();
    json_set(result, "seq", json_uint(seq));
    json_set(result, "time", time_text(step, ns));
    json_set(result, "hex", json_hex(document->data, document->len));
    plsm_buf_free(document);
    return result;
}

static json_t *bounds_of(plsm_bounds_t bounds) {
    json_t *result = json_object();
    json_set(result, "oldest", bounds.count ? json_uint(bounds.oldest) : json_str(NULL));
    json_set(result, "newest", bounds.count ? json_uint(bounds.newest) : json_str(NULL));
    return result;
}

// Pools

static void keep_or_free(step_t *step, plsm_pool_t *made) {
    if (json_get(step->step, "keep")) keep(step, (handle_t){.pool = made});
    else plsm_pool_free(made);
}

static plsm_pool_options_t pool_options(step_t *step) {
    plsm_pool_options_t options = PLSM_POOL_OPTIONS_INIT;
    options.size_bytes = number(step, "size_bytes", 0);
    options.has_index_capacity = json_get(step->given, "index_capacity") != NULL;
    options.index_capacity = (uint32_t)number(step, "index_capacity", 0);
    return options;
}

// The client from here on.
static json_t *connect_client(step_t *step) {
    plsm_client_options_t options = PLSM_CLIENT_OPTIONS_INIT;
    plsm_client_t *made = NULL;
    options.pool_dir = json_get(step->given, "home") ? text(step, "home") : home;
    if (json_get(step->given, "token")) options.token = text(step, "token");
    if (json_get(step->given, "token_file")) options.token_file = text(step, "token_file");
    check(step, plsm_client_new_with(&options, &made, &step->fault));
    plsm_client_free(client);
    client = made;
    return json_object();
}

static json_t *create_pool(step_t *step) {
    plsm_pool_t *made = NULL;
    plsm_pool_options_t options = pool_options(step);
    check(step, plsm_pool_create_with(client, reference(step), &options, &made, &step->fault));
    keep_or_free(step, made);
    return json_object();
}

static json_t *ensure_pool(step_t *step) {
    plsm_pool_t *made = NULL;
    uint32_t created = 0;
    plsm_pool_options_t options = pool_options(step);
    check(step, plsm_pool_ensure(client, reference(step), &options, &made, &created, &step->fault));
    keep_or_free(step, made);
    json_t *result = json_object();
    json_set(result, "created", json_bool(created));
    return result;
}

static json_t *open_pool(step_t *step) {
    plsm_pool_t *opened = NULL;
    plsm_open_options_t options = PLSM_OPEN_OPTIONS_INIT;
    if (json_true(json_get(step->given, "read_only"))) options.flags = PLSM_OPEN_READ_ONLY;
    check(step, plsm_pool_open_with(client, reference(step), &options, &opened, &step->fault));
    json_t *result = json_object();
    json_set(result, "read_only", json_bool(plsm_pool_is_read_only(opened)));
    keep_or_free(step, opened);
    return result;
}

static json_t *pool_info(step_t *step) {
    plsm_pool_info_t info = PLSM_POOL_INFO_INIT;
    plsm_pool_t *about = pool(step);
    check(step, plsm_pool_info(about, &info, &step->fault));
    json_t *result = json_object();
    json_set(result, "name", json_str(plsm_pool_name(about)));
    json_set(result, "file_size", json_uint(info.file_size));
    json_set(result, "ring_size", json_uint(info.ring_size));
    json_set(result, "index_capacity", json_uint(info.index_capacity));
    json_set(result, "bounds", bounds_of(info.bounds));
    json_set(result, "count", json_uint(info.bounds.count));
    return result;
}

static json_t *list_pools(step_t *step) {
    plsm_pool_list_t *list = NULL;
    check(step, plsm_pool_list_open(client, &list, &step->fault));
    json_t *names = json_array(), *broken = json_array(), *result = json_object();
    for (size_t i = 0; i < plsm_pool_list_count(list); i++) {
        plsm_list_entry_t entry = PLSM_LIST_ENTRY_INIT;
        check(step, plsm_pool_list_entry(list, i, &entry, &step->fault));
        json_push(names, json_str(entry.name));
        if (!entry.error) continue;
        json_t *bad = json_object();
        json_set(bad, "name", json_str(entry.name));
        json_set(bad, "kind", json_str(plsm_error_kind_name(entry.error->kind)));
        json_push(broken, bad);
    }
    plsm_pool_list_free(list);
    json_set(result, "names", names);
    json_set(result, "broken", broken);
    return result;
}

static json_t *delete_pool(step_t *step) {
    check(step, plsm_pool_delete(client, reference(step), &step->fault));
    return json_object();
}

static int by_text(const void *a, const void *b) { return strcmp((*(json_t *const *)a)->text, (*(json_t *const *)b)->text); }

static json_t *report(step_t *step, plsm_doctor_t *doctor, size_t index) {
    static const char *statuses[] = {"ok", "corrupt", "unreadable"};
    plsm_doctor_report_t told_of = PLSM_DOCTOR_REPORT_INIT;
    check(step, plsm_doctor_report(doctor, index, &told_of, &step->fault));
    json_t *result = json_object(), *codes = json_array();
    for (size_t i = 0; i < told_of.issues_listed; i++) {
        plsm_doctor_issue_t issue = PLSM_DOCTOR_ISSUE_INIT;
        check(step, plsm_doctor_issue(doctor, index, i, &issue, &step->fault));
        bool known = false;
        for (size_t j = 0; j < codes->count; j++) known |= json_is(codes->items[j], issue.code);
        if (!known) json_push(codes, json_str(issue.code));
    }
    if (codes->count) qsort(codes->items, codes->count, sizeof(json_t *), by_text);
    const char *slash = strrchr(told_of.path, '/'), *name = slash ? slash + 1 : told_of.path, *dot = strstr(name, ".plasmite");
    json_set(result, "name", json_string(name, dot ? (size_t)(dot - name) : strlen(name)));
    json_set(result, "status", json_str(statuses[told_of.status]));
    json_set(result, "last_good_seq", told_of.has_last_good_seq ? json_uint(told_of.last_good_seq) : json_str(NULL));
    json_set(result, "issue_count", json_uint(told_of.issue_count));
    json_set(result, "codes", codes);
    return result;
}

static json_t *check_pools(step_t *step) { // the library goes through a directory by name
    plsm_doctor_t *doctor = NULL;
    check(step, plsm_doctor_open(client, json_get(step->step, "pool") ? reference(step) : NULL, &doctor, &step->fault));
    check(step, plsm_doctor_step(doctor, 0, NULL, &step->fault));
    json_t *reports = json_array(), *result = json_object();
    for (size_t i = 0; i < plsm_doctor_report_count(doctor); i++) json_push(reports, report(step, doctor, i));
    plsm_doctor_free(doctor);
    json_set(result, "reports", reports);
    return result;
}

static json_t *migrate_pool(step_t *step) {
    plsm_migrated_t migrated = PLSM_MIGRATED_INIT;
    const char *to = json_get(step->given, "to") ? text(step, "to") : NULL;
    check(step, plsm_pool_migrate(client, reference(step), to, NULL, &migrated, NULL, &step->fault));
    json_t *result = json_object();
    json_set(result, "bounds", bounds_of(migrated.bounds));
    json_set(result, "count", json_uint(migrated.bounds.count));
    return result;
}

// Writing

static plsm_bytes_t *tags_of(const json_t *tags, size_t *len) {
    *len = tags ? tags->count : 0;
    plsm_bytes_t *all = room(*len * sizeof *all);
    for (size_t i = 0; i < *len; i++) all[i] = (plsm_bytes_t){(uint8_t *)tags->items[i]->text, tags->items[i]->len};
    return all;
}

static uint32_t durability(step_t *step) {
    const json_t *name = json_get(step->given, "durability");
    if (name && !json_is(name, "fast") && !json_is(name, "flush")) fail(step, format("unknown durability %s", json_shown(name)));
    return json_is(name, "flush") ? PLSM_DURABILITY_FLUSH : PLSM_DURABILITY_FAST;
}

// The bytes to append: of `data` or `hex`, of an append or of a batch's item.
static uint8_t *payload(step_t *step, const json_t *from, size_t *len) {
    const json_t *data = json_get(from, "data"), *hex = json_get(from, "hex"), *exact = data && data->count == 1 ? json_get(data, "$json") : NULL;
    if (!data == !hex) fail(step, "data or hex, one of them");
    if (hex) return unhex(step, hex, len);
    if (exact && version == 1) {
        *len = exact->len;
        return (uint8_t *)exact->text;
    }
    char *text = json_text(data);
    *len = strlen(text);
    return (uint8_t *)text;
}

static json_t *append(step_t *step) {
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    plsm_receipt_t receipt = {0, 0};
    size_t len;
    plsm_pool_t *to = pool(step);
    uint8_t *data = payload(step, step->given, &len);
    options.tags = tags_of(json_get(step->given, "tags"), &options.tags_len);
    options.durability = durability(step);
    options.has_timestamp = json_get(step->given, "time") != NULL;
    if (options.has_timestamp) options.timestamp_ns = time_ns(step, text(step, "time"));
    options.has_expect_newest = json_get(step->given, "expect_newest") != NULL;
    options.expect_newest = number(step, "expect_newest", 0);
    options.has_lock_wait = json_get(step->given, "lock_wait_ms") != NULL;
    options.lock_wait_ms = number(step, "lock_wait_ms", 0);
    check(step, plsm_pool_append(to, data, len, &options, &receipt, &step->fault));
    json_t *result = json_object();
    json_set(result, "seq", json_uint(receipt.seq));
    json_set(result, "time", time_text(step, receipt.timestamp_ns));
    return result;
}

static json_t *append_batch(step_t *step) {
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    const json_t *items = need(step, "items");
    plsm_batch_item_t *batch = room(items->count * sizeof *batch);
    plsm_receipt_t *receipts = room(items->count * sizeof *receipts);
    for (size_t i = 0; i < items->count; i++) {
        batch[i].data = payload(step, items->items[i], &batch[i].len);
        batch[i].tags = tags_of(json_get(items->items[i], "tags"), &batch[i].tags_len);
    }
    options.durability = durability(step);
    check(step, plsm_pool_append_batch(pool(step), batch, items->count, &options, receipts, &step->fault));
    json_t *seqs = json_array(), *result = json_object();
    for (size_t i = 0; i < items->count; i++) json_push(seqs, json_uint(receipts[i].seq));
    json_set(result, "seqs", seqs);
    return result;
}

static json_t *append_lite3(step_t *step) {
    uint64_t seq = 0;
    size_t len;
    uint8_t *document = unhex(step, need(step, "hex"), &len);
    check(step, plsm_pool_append_lite3(pool(step), document, len, durability(step), &seq, &step->fault));
    json_t *result = json_object();
    json_set(result, "seq", json_uint(seq));
    return result;
}

static json_t *flush(step_t *step) {
    check(step, plsm_pool_flush(pool(step), &step->fault));
    return json_object();
}

// Reading

static json_t *get(step_t *step) {
    plsm_buf_t buf = {NULL, 0};
    size_t len;
    need(step, "seq");
    check(step, plsm_pool_get_json(pool(step), number(step, "seq", 0), &buf, &step->fault));
    char *raw = taken(&buf, &len);
    return message(step, raw, len);
}

static json_t *get_lite3(step_t *step) {
    plsm_lite3_frame_t got = {0, 0, 0, {NULL, 0}};
    need(step, "seq");
    check(step, plsm_pool_get_lite3(pool(step), number(step, "seq", 0), &got, &step->fault));
    return frame(step, got.seq, got.timestamp_ns, &got.payload);
}

static plsm_stream_t *open_stream(step_t *step) {
    plsm_stream_t *stream = NULL;
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    const json_t *given = step->given, *start = json_get(given, "start"), *last = json_get(start, "last"), *at = json_get(start, "time");
    const json_t *gap = json_get(given, "gap"), *where = json_get(given, "where");
    size_t filters = where ? where->count : 0;
    plsm_filter_t **compiled = room(filters * sizeof *compiled);
    uint64_t value;
    if (json_get(given, "since_seq")) options.start = PLSM_START_SEQ, options.start_value = number(step, "since_seq", 0);
    else if (json_is(start, "now")) options.start = PLSM_START_NOW;
    else if (integer(last, &value)) options.start = PLSM_START_LAST, options.start_value = value;
    else if (at) options.start = PLSM_START_TIME, options.start_value = time_ns(step, at->text);
    else if (start && !json_is(start, "oldest")) fail(step, format("unknown start %s", json_shown(start)));
    options.has_end = json_get(given, "end_seq") != NULL;
    options.end_seq = number(step, "end_seq", 0);
    options.has_max = json_get(given, "max") != NULL;
    options.max_messages = number(step, "max", 0);
    options.has_timeout = json_get(given, "timeout_ms") != NULL || json_is(json_get(step->step, "op"), "tail");
    options.timeout_ms = number(step, "timeout_ms", 500);
    options.gap_policy = json_is(gap, "error") ? PLSM_GAP_ERROR : json_is(gap, "event") ? PLSM_GAP_EVENT : PLSM_GAP_CONTINUE;
    options.tags = tags_of(json_get(given, "tags"), &options.tags_len);
    if (json_true(json_get(given, "snapshot"))) options.flags |= PLSM_TAIL_SNAPSHOT;
    if (json_true(json_get(given, "backwards"))) options.flags |= PLSM_TAIL_BACKWARDS;
    for (size_t i = 0; i < filters; i++)
        check(step, plsm_filter_new(where->items[i]->text, where->items[i]->len, NULL, &compiled[i], &step->fault));
    options.filters = (const plsm_filter_t *const *)compiled;
    options.filters_len = filters;
    check(step, plsm_pool_tail(pool(step), &options, &stream, &step->fault));
    for (size_t i = 0; i < filters; i++) plsm_filter_free(compiled[i]); // the stream goes on using them
    return stream;
}

static handle_t reader(step_t *step) {
    return (handle_t){.stream = open_stream(step), .lite3 = json_is(json_get(step->given, "encoding"), "lite3"),
                      .backwards = json_true(json_get(step->given, "backwards"))};
}

static json_t *open_tail(step_t *step) {
    keep(step, reader(step));
    return json_object();
}

// Adds the next message, or tells what came instead.
static int next_message(step_t *step, handle_t *from, uint64_t wait_ms, json_t *messages) {
    plsm_view_t view;
    plsm_bytes_t raw = {NULL, 0};
    int answer = from->lite3 ? plsm_stream_next_view(from->stream, wait_ms, &view, &step->fault)
                             : plsm_stream_next_json(from->stream, wait_ms, &raw, &step->fault);
    check(step, answer);
    if (answer != PLSM_NEXT_MESSAGE) return answer;
    json_t *got;
    if (from->lite3) {
        plsm_buf_t document = {NULL, 0};
        check(step, plsm_view_lite3(&view, &document, &step->fault));
        got = frame(step, view.seq, view.timestamp_ns, &document);
    } else {
        got = message(step, json_string((const char *)raw.data, raw.len)->text, raw.len);
    }
    uint64_t seq = 0, before = 0;
    integer(json_get(got, "seq"), &seq);
    if (messages->count) integer(json_get(messages->items[messages->count - 1], "seq"), &before);
    if (messages->count && (from->backwards ? seq >= before : seq <= before)) fail(step, "the seqs are not in order");
    json_push(messages, got);
    return answer;
}

static json_t *read_messages(step_t *step, handle_t *from, uint64_t count, uint64_t wait_ms) {
    static const char *ends[] = {"end", NULL, "timeout", "gap", "cancelled", "deadline"};
    json_t *messages = json_array(), *result = json_object(), *gap = json_str(NULL);
    int answer = PLSM_NEXT_MESSAGE;
    while (messages->count < count && answer == PLSM_NEXT_MESSAGE) answer = next_message(step, from, wait_ms, messages);
    if (answer == PLSM_NEXT_GAP) {
        plsm_gap_t missing = {0, 0, 0};
        plsm_stream_gap(from->stream, &missing, NULL);
        gap = json_object();
        json_set(gap, "first", json_uint(missing.first));
        json_set(gap, "last", json_uint(missing.last));
        json_set(gap, "count", json_uint(missing.count));
    }
    json_set(result, "messages", messages);
    json_set(result, "end", json_str(ends[answer]));
    json_set(result, "gap", gap);
    return result;
}

static json_t *next(step_t *step) {
    handle_t *from = on(step);
    return read_messages(step, from, number(step, "count", 1), number(step, "wait_ms", 10000));
}

static json_t *tail(step_t *step) {
    const json_t *expect = version == 0 ? json_get(step->step, "expect") : NULL;
    const json_t *expected = json_get(expect, "messages") ? json_get(expect, "messages") : json_get(expect, "messages_unordered");
    handle_t from = reader(step);
    json_t *result = read_messages(step, &from, expected && !json_get(step->given, "max") ? expected->count : UINT64_MAX, PLSM_WAIT_FOREVER);
    plsm_stream_free(from.stream);
    return result;
}

static json_t *cancel(step_t *step) {
    plsm_stream_t *stream = on(step)->stream;
    if (json_true(json_get(step->given, "reset"))) plsm_stream_reset_cancel(stream);
    else plsm_stream_cancel(stream);
    return json_object();
}

static json_t *replay(step_t *step) {
    plsm_replay_t *clock = NULL;
    struct timespec start, end;
    const json_t *speed = need(step, "speed");
    need(step, "max");
    clock_gettime(CLOCK_MONOTONIC, &start);
    check(step, plsm_replay_new(strtod(speed->text, NULL), &clock, &step->fault));
    plsm_stream_t *stream = open_stream(step);
    json_t *messages = json_array(), *result = json_object();
    plsm_view_t view;
    int answer;
    while ((answer = plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &step->fault)) == PLSM_NEXT_MESSAGE) {
        plsm_buf_t buf = {NULL, 0};
        size_t len;
        check(step, plsm_replay_schedule(clock, view.timestamp_ns, NULL, &step->fault));
        check(step, plsm_replay_wait(clock, PLSM_WAIT_FOREVER, &step->fault));
        check(step, plsm_view_json(&view, PLSM_PART_ENVELOPE, &buf, &step->fault));
        char *raw = taken(&buf, &len);
        json_push(messages, message(step, raw, len));
    }
    check(step, answer);
    plsm_stream_free(stream);
    plsm_replay_free(clock);
    clock_gettime(CLOCK_MONOTONIC, &end);
    json_set(result, "messages", messages);
    json_set(result, "elapsed_ms", json_uint((uint64_t)((end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000)));
    return result;
}

static json_t *close_handle(step_t *step) {
    handle_t *handle = on(step);
    plsm_stream_free(handle->stream);
    plsm_pool_free(handle->pool);
    handle->stream = NULL;
    handle->pool = NULL;
    handle->closed = true;
    return json_object();
}

op_fn *pool_op(const char *name) {
    static const struct {
        const char *name;
        op_fn *call;
        bool old; // also in version 0
    } all[] = {{"create_pool", create_pool, true}, {"pool_info", pool_info, true}, {"list_pools", list_pools, true}, {"delete_pool", delete_pool, true},
               {"append", append, true}, {"get", get, true}, {"connect", connect_client, false}, {"fetch", get, true}, {"tail", tail, true}, {"ensure_pool", ensure_pool, false},
               {"open_pool", open_pool, false}, {"check_pools", check_pools, false}, {"migrate_pool", migrate_pool, false},
               {"append_batch", append_batch, false}, {"append_lite3", append_lite3, false}, {"flush", flush, false}, {"get_lite3", get_lite3, false},
               {"open_tail", open_tail, false}, {"next", next, false}, {"cancel", cancel, false}, {"replay", replay, false}, {"close", close_handle, false}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(all[i].name, name) && (version == 1 || all[i].old) && !(version == 1 && !strcmp(name, "fetch"))) return all[i].call;
    return NULL;
}
