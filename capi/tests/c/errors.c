// errors.c: the error object, its hint and causes, kinds by number.
#include "check.h"

static void object_and_its_calls(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = (plsm_pool_t *)1;
    FAILS_KEEP(PLSM_ERROR_NOT_FOUND, plsm_pool_open(scratch_client(), "missing", &pool, &err));
    CHECK(pool == (plsm_pool_t *)1);
    if (!err) return;
    CHECK_HAS(err->message, "not found");
    CHECK_HAS(err->path, "/missing.plasmite");
    CHECK_U64(err->has_seq, 0);
    CHECK_U64(plsm_error_maybe_written(err), 0);
    size_t causes = plsm_error_cause_count(err);
    for (size_t i = 0; i < causes; i++) CHECK(plsm_error_cause(err, i) && *plsm_error_cause(err, i));
    CHECK(plsm_error_cause(err, causes) == NULL);
    CHECK(plsm_error_cause(err, SIZE_MAX) == NULL);
    drop_error(&err);

    CHECK(plsm_error_hint(NULL) == NULL);
    CHECK_U64(plsm_error_cause_count(NULL), 0);
    CHECK(plsm_error_cause(NULL, 0) == NULL);
    CHECK_U64(plsm_error_maybe_written(NULL), 0);
    plsm_error_free(NULL);
}

static void hint_tells_what_to_do(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = NULL;
    FAILS_KEEP(PLSM_ERROR_USAGE, plsm_pool_create(scratch_client(), "small", 10, &pool, &err));
    CHECK(err && plsm_error_hint(err) && *plsm_error_hint(err));
    drop_error(&err);
}

static void contexts_of_the_kinds(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("one", 0), *other = NULL;
    plsm_buf_t buf = {NULL, 0};

    FAILS_KEEP(PLSM_ERROR_ALREADY_EXISTS, plsm_pool_create(scratch_client(), "one", 0, &other, &err));
    if (err) CHECK_HAS(err->path, "/one.plasmite");
    drop_error(&err);

    FAILS_KEEP(PLSM_ERROR_NOT_FOUND, plsm_pool_get_json(pool, 7, &buf, &err));
    if (err) {
        CHECK(err->path == NULL);
        CHECK_U64(err->has_seq, 1);
        CHECK_U64(err->seq, 7);
    }
    drop_error(&err);
    CHECK(buf.data == NULL && buf.len == 0);

    FAILS_KEEP(PLSM_ERROR_USAGE, plsm_pool_append(pool, (const uint8_t *)"{\"a\":nul}", 9, NULL, NULL, &err));
    if (err) {
        CHECK(err->path == NULL);
        CHECK_U64(err->has_offset, 1);
        CHECK(err->offset >= 5 && err->offset <= 8);
    }
    drop_error(&err);

    // Without a place for the error a failure is just -1.
    CHECK_U64((uint32_t)plsm_pool_get_json(pool, 7, &buf, NULL), (uint32_t)-1);
    // Success leaves *out_err alone.
    plsm_error_t *mark = (plsm_error_t *)16;
    CHECK_U64(plsm_pool_append(pool, (const uint8_t *)"1", 1, NULL, NULL, &mark), 0);
    CHECK(mark == (plsm_error_t *)16);
    plsm_pool_free(pool);
}

static void kinds_by_number(void) {
    static const char *const names[] = {"Internal", "Usage", "NotFound", "AlreadyExists", "Busy", "Permission", "Corrupt",
        "Io", "RetentionGap"};
    static const int32_t statuses[] = {500, 400, 404, 409, 423, 401, 500, 500, 410};
    for (int32_t kind = 1; kind <= 9; kind++) {
        CHECK_STR(plsm_error_kind_name(kind), names[kind - 1]);
        CHECK_U64(plsm_error_kind_exit_code(kind), kind);
        CHECK_U64(plsm_error_kind_http_status(kind), statuses[kind - 1]);
    }
    CHECK_U64(PLSM_ERROR_INTERNAL, 1);
    CHECK_U64(PLSM_ERROR_RETENTION_GAP, 9);
    static const int32_t unknown[] = {0, -1, 10, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < 5; i++) {
        CHECK(plsm_error_kind_name(unknown[i]) == NULL);
        CHECK_U64(plsm_error_kind_exit_code(unknown[i]), 1);
        CHECK_U64(plsm_error_kind_http_status(unknown[i]), 500);
    }
}

int main(void) {
    object_and_its_calls();
    hint_tells_what_to_do();
    contexts_of_the_kinds();
    kinds_by_number();
    return finish("errors");
}
