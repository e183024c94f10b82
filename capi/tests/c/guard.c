// guard.c: what others do to a pool's file and to the processes that use it.
#define _GNU_SOURCE
#include "check.h"

#include <sys/wait.h>

static void a_truncated_pool_is_corrupt(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("cut", 1 << 20), *other = scratch_pool("whole", 0);
    plsm_stream_t *stream = NULL;
    plsm_buf_t json = {NULL, 0};
    append_filler(pool, 1000);
    OK(plsm_stream_open(pool, 900, 1, 0, 0, 0, 0, &stream, &err));
    OK(plsm_guard_install(&err));
    CHECK(truncate(plsm_pool_path(pool), 8192) == 0);
    FAILS_KEEP(PLSM_ERROR_CORRUPT, plsm_pool_get_json(pool, 900, &json, &err));
    if (err) CHECK_HAS(err->path, "cut.plasmite");
    drop_error(&err);
    FAILS(PLSM_ERROR_CORRUPT, plsm_stream_next(stream, &json, &err));
    FAILS(PLSM_ERROR_CORRUPT, plsm_pool_append(pool, (const uint8_t *)"1", 1, NULL, NULL, &err));
    FAILS(PLSM_ERROR_CORRUPT, plsm_pool_open(scratch_client(), "cut", &pool, &err));
    // Others are not touched by it.
    append(other, "1");
    OK(plsm_pool_get_json(other, 1, &json, &err));
    plsm_buf_free(&json);
    plsm_stream_free(stream);
    plsm_pool_free(pool);
    plsm_pool_free(other);
}

static int lines;

static void on_log(void *user, uint32_t level, const char *message) {
    if (user == &lines && level == PLSM_LOG_INFO) CHECK_HAS(message, "repaired.plasmite");
    __atomic_fetch_add(&lines, 1, __ATOMIC_RELAXED);
}

static void repairs_are_logged(void) {
    plsm_pool_t *pool = scratch_pool("repaired", 0);
    for (uint32_t level = PLSM_LOG_WARN; level <= PLSM_LOG_INFO; level++) {
        uint64_t before = append(pool, "1");
        pid_t pid = fork();
        if (pid == 0) {
            // Dies with the writer lock, in the middle of a message.
            plsm_reservation_t *reservation = NULL;
            uint8_t *place = NULL;
            if (plsm_pool_reserve(pool, 500, NULL, &reservation, &place, NULL) == 0) memset(place, 7, 250);
            _exit(0);
        }
        CHECK(pid > 0 && waitpid(pid, NULL, 0) == pid);
        lines = 0;
        plsm_log_set(on_log, &lines, level);
        CHECK_U64(append(pool, "2"), before + 1);
        plsm_log_set(NULL, NULL, 0);
        CHECK_U64(lines, level == PLSM_LOG_INFO);
    }
    plsm_pool_free(pool);
}

int main(void) {
    a_truncated_pool_is_corrupt();
    repairs_are_logged();
    return finish("guard");
}
