// memory.c: long messages of other writers, read by a process that has less memory than they take.
#define _GNU_SOURCE
#include "check.h"

#include <malloc.h>
#include <sys/resource.h>

// Memory that the process has now, and so many bytes more.
static void limit_memory(size_t more) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file && fscanf(file, "%lu", &pages) == 1);
    if (file) fclose(file);
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    limit.rlim_cur = more == SIZE_MAX ? limit.rlim_max : pages * (size_t)sysconf(_SC_PAGESIZE) + more;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
}

// The ways to read message 2 of a pool, each with what it takes. 0 or -1.

static int get_text(plsm_pool_t *pool, plsm_error_t **err) {
    plsm_buf_t json = {NULL, 0};
    int code = plsm_pool_get_json(pool, 2, &json, err);
    plsm_buf_free(&json);
    return code;
}

static int get_document(plsm_pool_t *pool, plsm_error_t **err) {
    plsm_lite3_frame_t frame;
    memset(&frame, 0, sizeof frame);
    int code = plsm_pool_get_lite3(pool, 2, &frame, err);
    plsm_lite3_frame_free(&frame);
    return code;
}

static int get_copy(plsm_pool_t *pool, plsm_error_t **err) {
    plsm_message_t *message = NULL;
    plsm_view_t view;
    plsm_buf_t json = {NULL, 0};
    if (plsm_pool_get_message(pool, 2, &message, err) != 0) return -1;
    plsm_message_view(message, &view);
    int code = plsm_view_json(&view, PLSM_PART_DATA, &json, err);
    plsm_buf_free(&json);
    plsm_message_free(message);
    return code;
}

static int get_in_place(plsm_pool_t *pool, plsm_error_t **err) {
    plsm_view_t view;
    plsm_buf_t json = {NULL, 0};
    if (plsm_pool_get_view(pool, 2, &view, err) != 0) return -1;
    int code = plsm_view_json(&view, PLSM_PART_ENVELOPE, &json, err);
    plsm_buf_free(&json);
    if (code == 0) code = plsm_view_lite3(&view, &json, err);
    plsm_buf_free(&json);
    size_t len;
    uint8_t few[8];
    if (code == 0) code = plsm_view_write_json(&view, PLSM_PART_DATA, few, sizeof few, &len, err);
    return code;
}

static int follow_text(plsm_pool_t *pool, plsm_error_t **err) {
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    plsm_stream_t *stream = NULL;
    plsm_bytes_t json;
    int code = plsm_pool_tail(pool, &options, &stream, err);
    for (int n = 0; n < 3 && code >= 0; n++) code = plsm_stream_next_json(stream, 0, &json, err);
    plsm_stream_free(stream);
    return code < 0 ? -1 : 0;
}

static int follow_views(plsm_pool_t *pool, plsm_error_t **err) {
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    plsm_stream_t *stream = NULL;
    plsm_view_t view;
    plsm_buf_t json = {NULL, 0};
    int code = plsm_pool_tail(pool, &options, &stream, err);
    for (int n = 0; n < 3 && code >= 0; n++) {
        code = plsm_stream_next_view(stream, 0, &view, err);
        if (code == 1) code = plsm_view_json(&view, PLSM_PART_DATA, &json, err);
        plsm_buf_free(&json);
    }
    plsm_stream_free(stream);
    return code < 0 ? -1 : 0;
}

// A message of another writer that takes more than there is: an error that names the limit, and the process lives.
static void with_little_memory(void) {
    static int (*const reads[])(plsm_pool_t *, plsm_error_t **) = {get_text,     get_document, get_copy,
                                                                  get_in_place, follow_text,  follow_views};
    static const char *const parts[] = {"x", "\\u0001", "[1,[2,{\"a\":3.5}]],"};
    enum { LENGTH = 8 << 20 };
    plsm_error_t *err = NULL;
    char *text = malloc(LENGTH + 100);
    for (size_t part = 0; part < sizeof parts / sizeof *parts; part++) {
        plsm_pool_t *pool = scratch_pool("longs", 32 << 20);
        int is_list = *parts[part] == '[';
        size_t len = (size_t)sprintf(text, is_list ? "{\"n\":[" : "{\"n\":\"");
        // Small values take more in the pool than as text.
        while (len < (size_t)(is_list ? LENGTH / 8 : LENGTH)) len += (size_t)sprintf(text + len, "%s", parts[part]);
        len += (size_t)sprintf(text + len, is_list ? "0]}" : "\"}");
        append(pool, "1");
        OK(plsm_pool_append(pool, (const uint8_t *)text, len, NULL, NULL, &err));
        append(pool, "2");
        for (size_t read = 0; read < sizeof reads / sizeof *reads; read++) {
            int refused = 0, done = 0;
            for (size_t more = 1 << 20; more < (size_t)200 << 20; more += (size_t)3 << 20) {
                limit_memory(more);
                int code = reads[read](pool, &err);
                limit_memory(SIZE_MAX);
                CHECK((code == 0) == (err == NULL));
                if (err) {
                    refused++;
                    CHECK_U64(err->kind, PLSM_ERROR_IO);
                    CHECK_HAS(plsm_error_hint(err), "ulimit -v");
                } else {
                    done++;
                }
                drop_error(&err);
                if (done > 2) break;
            }
            if (!refused || !done)
                check_failed(__FILE__, __LINE__, "read %zu of part %zu: %d refused, %d done", read, part, refused, done);
        }
        plsm_pool_free(pool);
        OK(plsm_pool_delete(scratch_client(), "longs", &err));
    }
    free(text);
}

int main(void) {
    scratch();
    alarm(300);
    // What is given back is not kept for the next call.
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    mallopt(M_TRIM_THRESHOLD, 128 << 10);
    with_little_memory();
    return finish("memory");
}
