// check.c: see check.h.
#define _GNU_SOURCE
#include "check.h"

#include <ftw.h>
#include <stdarg.h>

int checks_made;
int checks_failed;
static char scratch_dir[64];
static plsm_client_t *client;

void check_failed(const char *file, int line, const char *format, ...) {
    va_list arguments;
    __atomic_fetch_add(&checks_failed, 1, __ATOMIC_RELAXED);
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

static void made(void) { __atomic_fetch_add(&checks_made, 1, __ATOMIC_RELAXED); }

void check_true(int ok, const char *file, int line, const char *text) {
    made();
    if (!ok) check_failed(file, line, "not true: %s", text);
}

void check_u64(uint64_t got, uint64_t want, const char *file, int line, const char *text) {
    made();
    if (got != want) check_failed(file, line, "%s is %" PRIu64 ", expected %" PRIu64, text, got, want);
}

void check_text(const void *got, size_t len, const char *want, const char *file, int line, const char *text) {
    made();
    if (!got || len != strlen(want) || memcmp(got, want, len) != 0)
        check_failed(file, line, "%s is `%.*s`, expected `%s`", text, (int)(got ? len : 4), got ? (const char *)got : "NULL",
                     want);
}

void check_str(const char *got, const char *want, const char *file, int line, const char *text) {
    check_text(got, got ? strlen(got) : 0, want, file, line, text);
}

void check_part(const char *got, const char *part, const char *file, int line) {
    made();
    if (!got || !strstr(got, part)) check_failed(file, line, "`%s` is not in `%s`", part, got ? got : "NULL");
}

void drop_error(plsm_error_t **err) {
    plsm_error_free(*err);
    *err = NULL;
}

void check_ok(int code, int want, plsm_error_t **err, const char *file, int line, const char *text) {
    made();
    if (code != want)
        check_failed(file, line, "%s gives %d, expected %d (kind %d: %s)", text, code, want, *err ? (*err)->kind : 0,
                     *err ? (*err)->message : "no error");
    if (*err && code != -1) check_failed(file, line, "%s gives %d and an error", text, code);
    drop_error(err);
}

void check_fails(int code, int32_t kind, plsm_error_t **err, int keep, const char *file, int line, const char *text) {
    made();
    if (code != -1) check_failed(file, line, "%s gives %d, expected -1", text, code);
    if (!*err)
        check_failed(file, line, "%s gives no error", text);
    else if ((*err)->kind != kind)
        check_failed(file, line, "%s fails with kind %d (%s), expected %d", text, (*err)->kind, (*err)->message, kind);
    else if (!(*err)->message || !*(*err)->message)
        check_failed(file, line, "%s fails without a message", text);
    if (!keep || code != -1) drop_error(err);
}

void watchdog(unsigned seconds) { alarm(getenv("PLASMITE_SLOW") ? 900 : seconds); }

void raise_flag(int *flag) { __atomic_store_n(flag, 1, __ATOMIC_RELEASE); }

int flag_is_up(const int *flag) { return __atomic_load_n(flag, __ATOMIC_ACQUIRE); }

const char *scratch(void) {
    if (!*scratch_dir) {
        watchdog(30);
        const char *base = getenv("TMPDIR");
        snprintf(scratch_dir, sizeof scratch_dir, "%.40s/plasmite-XXXXXX", base ? base : "/tmp");
        if (!mkdtemp(scratch_dir)) {
            perror("mkdtemp");
            exit(2);
        }
    }
    return scratch_dir;
}

plsm_client_t *scratch_client(void) {
    plsm_error_t *err = NULL;
    if (!client) OK(plsm_client_new(scratch(), &client, &err));
    return client;
}

plsm_pool_t *scratch_pool(const char *name, uint64_t size) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = NULL;
    OK(plsm_pool_create(scratch_client(), name, size, &pool, &err));
    if (!pool) exit(finish(name));
    return pool;
}

uint64_t append(plsm_pool_t *pool, const char *json) {
    plsm_error_t *err = NULL;
    plsm_receipt_t receipt = {0, 0};
    OK(plsm_pool_append(pool, (const uint8_t *)json, strlen(json), NULL, &receipt, &err));
    return receipt.seq;
}

void append_filler(plsm_pool_t *pool, int count) {
    plsm_error_t *err = NULL;
    uint8_t text[300];
    memset(text, 'f', sizeof text);
    text[0] = text[sizeof text - 1] = '"';
    for (int i = 0; i < count; i++) OK(plsm_pool_append(pool, text, sizeof text, NULL, NULL, &err));
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where) {
    (void)info, (void)kind, (void)where;
    return remove(path);
}

int finish(const char *name) {
    plsm_client_free(client);
    client = NULL;
    if (*scratch_dir) nftw(scratch_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    if (checks_made == 0) check_failed(name, 0, "no check was made");
    printf("%-14s %5d checks, %d failed\n", name, checks_made, checks_failed);
    return checks_failed ? 1 : 0;
}
