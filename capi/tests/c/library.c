// library.c: versions, features, formats, log.
#include "check.h"

static int lines;

static void on_log(void *user, uint32_t level, const char *message) {
    if (user == &lines && level >= PLSM_LOG_ERROR && level <= PLSM_LOG_INFO && message && *message) lines++;
}

int main(void) {
    plsm_error_t *err = NULL;
    scratch();
    CHECK_U64(plsm_abi_version(), PLSM_ABI_VERSION);
    CHECK_STR(plsm_version(), PLSM_VERSION_STRING);
    CHECK_U64(plsm_version_number(), PLSM_VERSION_NUMBER);
    CHECK_U64(PLSM_VERSION_NUMBER, PLSM_VERSION_MAJOR * 1000000 + PLSM_VERSION_MINOR * 1000 + PLSM_VERSION_PATCH);
    CHECK_HAS(plsm_build_info(), PLSM_VERSION_STRING);
    CHECK(plsm_build_info() == plsm_build_info());

    uint32_t oldest = 0, newest = 0, written = 0;
    plsm_pool_formats(&oldest, &newest, &written);
    CHECK_U64(written, 4);
    CHECK(oldest <= written && written <= newest);
    plsm_pool_formats(NULL, NULL, NULL);

    static const char *const features[] = {"pools", "lite3", "views", "values", "batch", "reserve", "tags",
        "gap-event", "backwards", "cancel", "event-fd", "wait-any", "guard", "log", "ingest", "doctor", "migrate",
        "salvage", "jq", "remote"};
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) CHECK_U64(plsm_has_feature(features[i]), 1);
    CHECK_U64(plsm_has_feature("no-such-feature"), 0);
    CHECK_U64(plsm_has_feature(""), 0);
    CHECK_U64(plsm_has_feature("pool"), 0);
    CHECK_U64(plsm_has_feature("poolss"), 0);
    CHECK_U64(plsm_has_feature(NULL), 0);

    // Off, on, off again: ordinary work logs nothing above a warning.
    plsm_log_set(on_log, &lines, PLSM_LOG_WARN);
    plsm_pool_t *pool = scratch_pool("quiet", 65536);
    append(pool, "1");
    plsm_log_set(NULL, NULL, 0);
    plsm_log_set(on_log, &lines, 0);
    plsm_log_set(on_log, &lines, 99);
    plsm_log_set(NULL, NULL, 99);
    CHECK_U64(lines, 0);
    plsm_pool_free(pool);

    OK(plsm_guard_install(&err));
    OK(plsm_guard_install(&err));
    CHECK_U64(plsm_guard_install(NULL), 0);
    return finish("library");
}
