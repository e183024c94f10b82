// calls_inputs.c: filters, ingests, replays, codecs, times.
#include "fuzz.h"

static void filter_new(void) {
    static const char *const expressions[] = {".data.n > 1", "true", ".data | .a?", "def f: f; f", "[", "", "\xff",
                                              "[range(100)] | length > 3", ".meta.tags | contains([\"t\"])", "1"};
    const char *chosen = expressions[below(10)];
    size_t len = rarely(12) ? below(strlen(chosen) + 1) : strlen(chosen);
    char *text = memory(len);
    memcpy(text, chosen, len);
    plsm_filter_options_t made = PLSM_FILTER_OPTIONS_INIT;
    made.flags = flag();
    made.max_steps = rarely(3) ? below(5000) : 0;
    plsm_filter_t **place = output(sizeof *place);
    const char *given = rarely(30) ? NULL : text;
    int code = CALL(0, plsm_filter_new(given, len, options(&made, sizeof made), place, error_place()));
    untouched("plsm_filter_new", code, place, sizeof *place, 0);
    if (code == 0) keep(FILTER, *place);
}
static void filter_matches(void) {
    plsm_view_t view;
    memset(&view, 0, sizeof view);
    plsm_message_view(living(MESSAGE), &view);
    CALL(1, plsm_filter_matches(handle(FILTER), rarely(30) ? NULL : &view, error_place()));
}
static void filter_free(void) { plsm_filter_free(to_free(FILTER)); }

static void ingest_new(void) {
    plsm_ingest_options_t made = PLSM_INGEST_OPTIONS_INIT;
    made.mode = (uint32_t)below(rarely(10) ? 9 : 6);
    made.flags = (uint32_t)below(rarely(10) ? 9 : 4);
    made.reserved = rarely(30);
    made.max_record = rarely(3) ? number() : 0;
    plsm_ingest_t **place = output(sizeof *place);
    int code = CALL(0, plsm_ingest_new(options(&made, sizeof made), place, error_place()));
    untouched("plsm_ingest_new", code, place, sizeof *place, 0);
    if (code == 0) keep(INGEST, *place);
}
static void ingest_push(void) {
    static const char *const pieces[] = {"\n", "\x1e", "data: ", "\n\n", "{\"a\":", "1}", "]", "\r", " "};
    size_t len;
    const uint8_t *data = json(&len);
    if (rarely(2)) {
        data = (const uint8_t *)pieces[below(9)];
        len = strlen((const char *)data);
    }
    CALL(0, plsm_ingest_push(handle(INGEST), data, len, error_place()));
}
static void ingest_finish(void) { CALL(0, plsm_ingest_finish(handle(INGEST), error_place())); }
static void look(int code, const plsm_ingest_item_t *item) {
    if (code == PLSM_INGEST_FAULT && (!item->error || !item->error->message)) wrong("plsm_ingest", "a fault without words");
    if (code == PLSM_INGEST_RECORD && CALL(0, plsm_json_check(item->text.data, item->text.len, NULL)) != 0)
        wrong("plsm_ingest", "a record that is no JSON");
}
static void ingest_next(void) {
    plsm_ingest_item_t *item = output(sizeof *item);
    look(CALL(3, plsm_ingest_next(handle(INGEST), item, error_place())), item);
}
static void ingest_append(void) {
    free_all(RESERVATION);
    plsm_append_options_t made = PLSM_APPEND_OPTIONS_INIT;
    made.has_lock_wait = 1;
    plsm_ingest_item_t *item = output(sizeof *item);
    plsm_receipt_t *receipt = output(sizeof *receipt);
    look(CALL(3, plsm_ingest_append(handle(INGEST), handle(POOL), options(&made, sizeof made), item, receipt, error_place())),
         item);
}
static void ingest_count(void) { CALL(0, plsm_ingest_count(handle(INGEST), output(sizeof(plsm_ingest_counts_t)), error_place())); }
static void ingest_free(void) { plsm_ingest_free(to_free(INGEST)); }

static void replay_new(void) {
    static const double speeds[] = {1, 0, 10, -1, 1e300, 1e-300, 0.5};
    double speed = rarely(8) ? 0.0 / 0.0 * (double)below(2) : speeds[below(7)];
    plsm_replay_t **place = output(sizeof *place);
    int code = CALL(0, plsm_replay_new(speed, place, error_place()));
    untouched("plsm_replay_new", code, place, sizeof *place, 0);
    if (code == 0) keep(REPLAY, *place);
}
static void replay_schedule(void) { CALL(0, plsm_replay_schedule(handle(REPLAY), number(), output(8), error_place())); }
static void replay_left(void) { CALL(0, plsm_replay_left(handle(REPLAY), output(8), error_place())); }
static void replay_wait(void) { CALL(5, plsm_replay_wait(handle(REPLAY), wait_ms(), error_place())); }
static void replay_cancel(void) {
    plsm_replay_t *replay = handle(REPLAY);
    plsm_replay_cancel(replay);
    if (rarely(2)) plsm_replay_reset_cancel(replay);
}
static void replay_free(void) { plsm_replay_free(to_free(REPLAY)); }

const struct call input_calls[] = {
    {"plsm_filter_new", filter_new},
    {"plsm_filter_matches", filter_matches},
    {"plsm_filter_free", filter_free},
    {"plsm_ingest_new", ingest_new},
    {"plsm_ingest_push", ingest_push},
    {"plsm_ingest_finish", ingest_finish},
    {"plsm_ingest_next", ingest_next},
    {"plsm_ingest_append", ingest_append},
    {"plsm_ingest_count", ingest_count},
    {"plsm_ingest_free", ingest_free},
    {"plsm_replay_new", replay_new},
    {"plsm_replay_schedule", replay_schedule},
    {"plsm_replay_left", replay_left},
    {"plsm_replay_wait", replay_wait},
    {"plsm_replay_cancel", replay_cancel},
    {"plsm_replay_reset_cancel", replay_cancel},
    {"plsm_replay_free", replay_free},
    {NULL, NULL},
};

static void from_json(void) {
    size_t len;
    const uint8_t *text = json(&len);
    plsm_buf_t *buf = output(sizeof *buf);
    drop(CALL(0, plsm_lite3_from_json(text, len, buf, error_place())), buf);
    CALL(0, plsm_json_check(text, len, error_place()));
}
static void to_json(void) {
    size_t len;
    const uint8_t *lite3 = bytes(&len);
    plsm_buf_t *buf = output(sizeof *buf);
    int code = CALL(0, plsm_lite3_to_json(lite3, len, buf, error_place()));
    drop(code, buf);
    if (CALL(0, plsm_lite3_check(lite3, len, error_place())) == 0 && code != 0 && usable(buf))
        wrong("plsm_lite3_to_json", "refused what the check lets pass");
}
static void times(void) {
    size_t len;
    const char *text = key(&len);
    plsm_buf_t *buf = output(sizeof *buf);
    drop(CALL(0, plsm_time_format(number(), buf, error_place())), buf);
    CALL(0, plsm_time_parse(text, len, output(8), error_place()));
    CALL(0, plsm_duration_parse(text, len, output(8), error_place()));
}

const struct call codec_calls[] = {
    {"plsm_lite3_from_json", from_json},
    {"plsm_json_check", from_json},
    {"plsm_lite3_to_json", to_json},
    {"plsm_lite3_check", to_json},
    {"plsm_time_format", times},
    {"plsm_time_parse", times},
    {"plsm_duration_parse", times},
    {NULL, NULL},
};
