// codecs.c: JSON to Lite3 and back, times and durations.
#include "check.h"

static void json_and_lite3(void) {
    plsm_error_t *err = NULL;
    static const char *const same[] = {"{}", "[]", "{\"b\":1,\"a\":2}", "[1,2.5,-0.0,1000.0,\"\",null,true,false]",
        "{\"deep\":[[[{\"x\":[]}]]]}", "[9223372036854775807,-9223372036854775808]", "{\"\":{\"\":0}}"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        plsm_buf_t document = {NULL, 0}, json = {NULL, 0};
        OK(plsm_lite3_from_json((const uint8_t *)same[i], strlen(same[i]), &document, &err));
        OK(plsm_lite3_check(document.data, document.len, &err));
        OK(plsm_lite3_to_json(document.data, document.len, &json, &err));
        CHECK_BYTES(json.data, json.len, same[i]);
        plsm_buf_free(&json);
        plsm_buf_free(&document);
    }
    static const char *const refused[] = {"1", "\"s\"", "null", "[18446744073709551615]", "{\"a\\u0000b\":1}", "{", "", "[1e400]"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        plsm_buf_t document = {(uint8_t *)3, 4};
        FAILS(PLSM_ERROR_USAGE, plsm_lite3_from_json((const uint8_t *)refused[i], strlen(refused[i]), &document, &err));
        CHECK(document.data == (uint8_t *)3 && document.len == 4);
    }
    // Pools keep more than Lite3 can hold.
    static const char *const kept[] = {"1", "null", "[18446744073709551615]", "{\"a\\u0000b\":1}", " {} "};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        OK(plsm_json_check((const uint8_t *)kept[i], strlen(kept[i]), &err));
    FAILS(PLSM_ERROR_USAGE, plsm_json_check((const uint8_t *)"", 0, &err));
    FAILS_KEEP(PLSM_ERROR_USAGE, plsm_json_check((const uint8_t *)"[1,]", 4, &err));
    if (err) CHECK(err->has_offset && err->offset == 3);
    drop_error(&err);
    plsm_buf_t json = {NULL, 0};
    uint8_t noise[200];
    memset(noise, 6, sizeof noise);
    FAILS_KEEP(PLSM_ERROR_CORRUPT, plsm_lite3_check(noise, sizeof noise, &err));
    if (err) CHECK(err->path == NULL && err->has_offset);
    drop_error(&err);
    FAILS(PLSM_ERROR_CORRUPT, plsm_lite3_to_json(noise, sizeof noise, &json, &err));
    FAILS(PLSM_ERROR_CORRUPT, plsm_lite3_to_json(noise, 0, &json, &err));
}

static void check_time(uint64_t ns, const char *text) {
    plsm_error_t *err = NULL;
    plsm_buf_t out = {NULL, 0};
    uint64_t back = 0;
    OK(plsm_time_format(ns, &out, &err));
    CHECK_BYTES(out.data, out.len, text);
    OK(plsm_time_parse((const char *)out.data, out.len, &back, &err));
    CHECK_U64(back, ns);
    plsm_buf_free(&out);
}

static void times(void) {
    plsm_error_t *err = NULL;
    check_time(0, "1970-01-01T00:00:00Z");
    check_time(1769846709120000000, "2026-01-31T08:05:09.12Z");
    check_time(1, "1970-01-01T00:00:00.000000001Z");
    check_time(951782400000000000, "2000-02-29T00:00:00Z");
    check_time(UINT64_MAX, "2554-07-21T23:34:33.709551615Z");
    uint64_t ns = 7;
    OK(plsm_time_parse("2026-01-31T10:05:09.12+02:00", 28, &ns, &err));
    CHECK_U64(ns, 1769846709120000000);
    OK(plsm_time_parse("1969-12-31T23:59:59Z", 20, &ns, &err));
    CHECK_U64(ns, 0);
    OK(plsm_time_parse("9999-12-31T23:59:59Z", 20, &ns, &err));
    CHECK_U64(ns, UINT64_MAX);
    static const char *const bad[] = {"", "now", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-31",         "2026-01-31T08:05:09", "2026-01-31T08:05:09Zjunk", "\xff"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ns = 7;
        FAILS(PLSM_ERROR_USAGE, plsm_time_parse(bad[i], strlen(bad[i]), &ns, &err));
        CHECK_U64(ns, 7);
    }
    static const struct {
        const char *text;
        uint64_t ns;
    } durations[] = {{"500ms", 500000000}, {"30s", 30000000000}, {"30m", 1800000000000}, {"2h", 7200000000000}};
    for (size_t i = 0; i < sizeof durations / sizeof *durations; i++) {
        OK(plsm_duration_parse(durations[i].text, strlen(durations[i].text), &ns, &err));
        CHECK_U64(ns, durations[i].ns);
    }
    static const char *const wrong[] = {"", "ms", "-1s", "1x", "1d", "5", "99999999999999999999d", "5\xc3\xa9", "1 h 2"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        FAILS(PLSM_ERROR_USAGE, plsm_duration_parse(wrong[i], strlen(wrong[i]), &ns, &err));
}

int main(void) {
    scratch();
    json_and_lite3();
    times();
    return finish("codecs");
}
