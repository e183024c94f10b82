// fork.c: handles used on both sides of a fork, also one that happens in the middle of writing.
#define _GNU_SOURCE
#include "check.h"

#include <pthread.h>
#include <sys/wait.h>

static plsm_pool_t *pool;
static int stop;

static void *keep_writing(void *unused) {
    plsm_error_t *err = NULL;
    (void)unused;
    while (!flag_is_up(&stop))
        OK(plsm_pool_append(pool, (const uint8_t *)"{\"from\":\"thread\"}", 17, NULL, NULL, &err));
    return NULL;
}

// What a child does with the handles it inherited: its exit code tells how many checks failed.
static int child(void) {
    plsm_error_t *err = NULL;
    plsm_buf_t json = {NULL, 0};
    checks_failed = 0;
    for (int i = 0; i < 50; i++)
        OK(plsm_pool_append(pool, (const uint8_t *)"{\"from\":\"child\"}", 16, NULL, NULL, &err));
    plsm_bounds_t bounds;
    int code;
    do { // the parent may write a whole lap in between
        drop_error(&err);
        OK(plsm_pool_bounds(pool, &bounds, &err));
        code = plsm_pool_get_json(pool, bounds.newest, &json, &err);
    } while (code != 0 && err && err->kind == PLSM_ERROR_NOT_FOUND);
    OK(code);
    plsm_buf_free(&json);
    plsm_stream_t *stream = NULL;
    OK(plsm_stream_open(pool, 0, 0, 5, 1, 0, 0, &stream, &err));
    for (int i = 0; i < 5; i++) {
        YES(plsm_stream_next(stream, &json, &err));
        plsm_buf_free(&json);
    }
    plsm_stream_free(stream);
    FAILS(PLSM_ERROR_USAGE, plsm_pool_append(pool, (const uint8_t *)"{", 1, NULL, NULL, &err));
    plsm_pool_free(pool);
    return checks_failed ? 1 : 0;
}

int main(void) {
    plsm_error_t *err = NULL;
    pthread_t writer;
    pool = scratch_pool("fork", 1 << 20);
    append(pool, "{\"from\":\"parent\"}");
    CHECK(pthread_create(&writer, NULL, keep_writing, NULL) == 0);
    for (int round = 0; round < 20; round++) {
        pid_t pid = fork();
        if (pid == 0) {
            watchdog(20);
            _exit(child());
        }
        int status = -1;
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        append(pool, "{\"from\":\"parent\"}");
    }
    raise_flag(&stop);
    pthread_join(writer, NULL);

    // Nothing was lost or torn: ascending seqs, whole messages.
    plsm_stream_t *stream = NULL;
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    plsm_bounds_t bounds;
    options.flags = PLSM_TAIL_SNAPSHOT;
    options.gap_policy = PLSM_GAP_ERROR;
    OK(plsm_pool_bounds(pool, &bounds, &err));
    OK(plsm_pool_tail(pool, &options, &stream, &err));
    plsm_view_t view;
    uint64_t seq = bounds.oldest;
    int code;
    while ((code = plsm_stream_next_view(stream, 0, &view, &err)) == PLSM_NEXT_MESSAGE) {
        plsm_bytes_t from = {NULL, 0};
        CHECK_U64(view.seq, seq++);
        YES(plsm_view_string(&view, "from", 4, &from, &err));
        CHECK(from.len >= 5 && from.len <= 6);
    }
    CHECK_U64(code, PLSM_NEXT_END);
    CHECK_U64(seq, bounds.newest + 1);
    plsm_stream_free(stream);
    plsm_pool_free(pool);
    return finish("fork");
}
