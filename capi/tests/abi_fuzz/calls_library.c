// calls_library.c: the library itself, errors, buffers.
#include "fuzz.h"

static void abi_version(void) {
    if (plsm_abi_version() < PLSM_ABI_VERSION) wrong("plsm_abi_version", "is older than the header");
}
static void version(void) {
    if (!plsm_version() || plsm_version_number() < PLSM_VERSION_NUMBER) wrong("plsm_version", "is older than the header");
}
static void build_info(void) {
    if (!plsm_build_info()) wrong("plsm_build_info", "NULL");
}
static void pool_formats(void) { plsm_pool_formats(output(4), output(4), output(4)); }
static void has_feature(void) {
    size_t len;
    const uint8_t *text = json(&len);
    char *name = memory(len + 1);
    if (text) memcpy(name, text, len);
    name[text ? len : 0] = 0;
    (void)plsm_has_feature(rarely(5) ? NULL : name);
}
static void kind_name(void) {
    int32_t kind = (int32_t)number();
    int known = kind >= PLSM_ERROR_INTERNAL && kind <= PLSM_ERROR_RETENTION_GAP;
    if (known != (plsm_error_kind_name(kind) != NULL)) wrong("plsm_error_kind_name", "does not know a kind, or knows one more");
    (void)plsm_error_kind_exit_code(kind);
    (void)plsm_error_kind_http_status(kind);
}
static void buf_free(void) {
    plsm_buf_t buf = {NULL, 0};
    plsm_buf_free(rarely(3) ? NULL : &buf);
    if (CALL(0, plsm_time_format(number(), &buf, error_place())) == 0) {
        plsm_buf_free(&buf);
        plsm_buf_free(&buf);
        if (buf.data || buf.len) wrong("plsm_buf_free", "left something behind");
    }
}
static void errors(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = NULL;
    plsm_error_free(NULL);
    if (plsm_client_new("\xff", &client, &err) != -1 || !err) wrong("plsm_client_new", "took what is no UTF-8");
    (void)plsm_error_hint(rarely(4) ? NULL : err);
    size_t count = plsm_error_cause_count(err);
    for (size_t at = 0; at < count; at++)
        if (!plsm_error_cause(err, at)) wrong("plsm_error_cause", "NULL below the count");
    if (plsm_error_cause(err, count) || plsm_error_cause(NULL, number())) wrong("plsm_error_cause", "one too many");
    (void)plsm_error_maybe_written(rarely(4) ? NULL : err);
    (void)plsm_error_too_large(rarely(4) ? NULL : err);
    plsm_error_free(err);
}
static void lines(void *user, uint32_t level, const char *message) {
    (void)user;
    if (level < 1 || !message || !*message) wrong("plsm_log_set", "an empty line");
}
static void log_set(void) { plsm_log_set(rarely(2) ? lines : NULL, NULL, (uint32_t)number()); }
static void guard_install(void) { CALL(0, plsm_guard_install(error_place())); }
static void default_dir(void) {
    plsm_buf_t *buf = output(sizeof *buf);
    int code = CALL(0, plsm_default_pool_dir(buf, error_place()));
    drop(code, buf);
}

const struct call library_calls[] = {
    {"plsm_abi_version", abi_version},
    {"plsm_version", version},
    {"plsm_version_number", version},
    {"plsm_build_info", build_info},
    {"plsm_pool_formats", pool_formats},
    {"plsm_has_feature", has_feature},
    {"plsm_error_kind_name", kind_name},
    {"plsm_error_kind_exit_code", kind_name},
    {"plsm_error_kind_http_status", kind_name},
    {"plsm_buf_free", buf_free},
    {"plsm_error_free", errors},
    {"plsm_error_hint", errors},
    {"plsm_error_cause_count", errors},
    {"plsm_error_cause", errors},
    {"plsm_error_maybe_written", errors},
    {"plsm_error_too_large", errors},
    {"plsm_log_set", log_set},
    {"plsm_guard_install", guard_install},
    {"plsm_default_pool_dir", default_dir},
    {NULL, NULL},
};
