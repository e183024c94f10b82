// migrate.c: pools of format 3 become pools of this format.
#include "check.h"
#include "old_pool.h"

#include <sys/file.h>

static const char *path_of(const char *name) {
    static char path[192];
    snprintf(path, sizeof path, "%s/%s", scratch(), name);
    return path;
}

static void check_messages(const char *name) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = NULL;
    OK(plsm_pool_open(scratch_client(), name, &pool, &err));
    for (uint64_t seq = 41; seq <= 49; seq++) {
        plsm_buf_t json = {NULL, 0};
        char want[256];
        OK(plsm_pool_get_json(pool, seq, &json, &err));
        snprintf(want, sizeof want,
            "{\"seq\":%" PRIu64 ",\"time\":\"1970-01-01T00:00:00.0000%" PRIu64
            "Z\",\"meta\":{\"tags\":[\"old\"]},\"data\":{\"n\":%" PRIu64 "}}",
            seq, seq, seq);
        CHECK_BYTES(json.data, json.len, want);
        plsm_buf_free(&json);
    }
    CHECK_U64(append(pool, "{}"), 50);
    plsm_pool_free(pool);
}

static void converted(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = scratch_client();
    plsm_migrated_t made = PLSM_MIGRATED_INIT;
    plsm_buf_t backup = {NULL, 0};
    write_old_pool(path_of("p.plasmite"), 41, 49);
    OK(plsm_pool_migrate(client, "p", "new", NULL, &made, &backup, &err));
    CHECK_U64(made.struct_size, sizeof made);
    CHECK_U64(made.bounds.oldest, 41);
    CHECK_U64(made.bounds.newest, 49);
    CHECK_U64(made.bounds.count, 9);
    CHECK_U64(made.old_size, FILE_SIZE);
    CHECK_U64(made.size, FILE_SIZE);
    CHECK_U64(made.times_unordered, 0);
    CHECK_U64(backup.len, 0);
    plsm_buf_free(&backup);
    check_messages("new");
    plsm_pool_options_t options = PLSM_POOL_OPTIONS_INIT;
    options.size_bytes = 100000;
    OK(plsm_pool_migrate(client, "p", NULL, &options, &made, &backup, &err));
    CHECK_U64(made.size, 100000);
    CHECK_BYTES(backup.data, backup.len, path_of("p.plasmite.bak"));
    plsm_buf_free(&backup);
    CHECK(access(path_of("p.plasmite.bak"), R_OK) == 0);
    check_messages("p");
    // Nobody wants to know.
    write_old_pool(path_of("q.plasmite"), 1, 1);
    OK(plsm_pool_migrate(client, "q", NULL, NULL, NULL, NULL, &err));
}

static void refused(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = scratch_client();
    plsm_pool_options_t options = PLSM_POOL_OPTIONS_INIT;
    plsm_pool_t *pool = NULL;
    write_old_pool(path_of("r.plasmite"), 1, 3);
    FAILS_KEEP(PLSM_ERROR_USAGE, plsm_pool_open(client, "r", &pool, &err));
    CHECK_HAS(plsm_error_hint(err), "pool migrate");
    drop_error(&err);
    FAILS(PLSM_ERROR_NOT_FOUND, plsm_pool_migrate(client, "none", NULL, NULL, NULL, NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_pool_migrate(client, "r", "r", NULL, NULL, NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_pool_migrate(client, "r", "http://host/p", NULL, NULL, NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_pool_migrate(NULL, "r", NULL, NULL, NULL, NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_pool_migrate(client, NULL, NULL, NULL, NULL, NULL, &err));
    options.size_bytes = 100;
    FAILS(PLSM_ERROR_USAGE, plsm_pool_migrate(client, "r", NULL, &options, NULL, NULL, &err));
    plsm_pool_free(scratch_pool("taken", 0));
    FAILS(PLSM_ERROR_ALREADY_EXISTS, plsm_pool_migrate(client, "r", "taken", NULL, NULL, NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_pool_migrate(client, "taken", NULL, NULL, NULL, NULL, &err));
    int fd = open(path_of("r.plasmite"), O_RDWR);
    CHECK(fd >= 0 && flock(fd, LOCK_EX) == 0);
    FAILS(PLSM_ERROR_BUSY, plsm_pool_migrate(client, "r", NULL, NULL, NULL, NULL, &err));
    CHECK(flock(fd, LOCK_UN) == 0);
    CHECK(pwrite(fd, "X", 1, RING) == 1);
    close(fd);
    FAILS_KEEP(PLSM_ERROR_CORRUPT, plsm_pool_migrate(client, "r", NULL, NULL, NULL, NULL, &err));
    CHECK_U64(err->seq, 1);
    CHECK_U64(err->offset, RING);
    drop_error(&err);
    CHECK(access(path_of("r.plasmite.bak"), F_OK) != 0);
}

int main(void) {
    converted();
    refused();
    return finish("migrate");
}
