// old_program.c: a program as it was written for other builds: old calls only, its own declarations of them
// (or, with WITH_OUR_HEADER, ours).
#ifdef WITH_OUR_HEADER
#include "plasmite.h"
#else
#include "old_header.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static plsm_error_t *err;

static void need(int ok, int line) {
    if (ok) return;
    fprintf(stderr, "old_program.c:%d: %s\n", line, err ? err->message : "wrong");
    exit(1);
}
#define NEED(condition) need((condition), __LINE__)

int main(void) {
    char dir[] = "/tmp/plasmite-old-XXXXXX", path[64];
    const char *tags[] = {"sensor", "lab"};
    const char *json = "{\"temperature\":21.5}";
    plsm_client_t *client = NULL;
    plsm_pool_t *pool = NULL, *again = NULL;
    plsm_stream_t *stream = NULL;
    plsm_lite3_stream_t *frames = NULL;
    plsm_buf_t message = {NULL, 0}, same = {NULL, 0};
    plsm_lite3_frame_t frame;
    uint64_t seq = 0;

    alarm(30);
    NEED(mkdtemp(dir) != NULL);
    NEED(plsm_client_new(dir, &client, &err) == 0);
    NEED(plsm_pool_create(client, "readings", 65536, &pool, &err) == 0);
    NEED(plsm_pool_create(client, "readings", 65536, &again, &err) == -1);
    NEED(err != NULL && err->kind == PLSM_ERROR_ALREADY_EXISTS && err->path != NULL && !err->has_seq);
    plsm_error_free(err);
    err = NULL;
    NEED(plsm_pool_open(client, "readings", &again, &err) == 0);
    NEED(plsm_pool_append_json(pool, (const uint8_t *)json, strlen(json), tags, 2, 1, &message, &err) == 0);
    NEED(message.len > 9 && memcmp(message.data, "{\"seq\":1,", 9) == 0);
    NEED(plsm_pool_get_json(again, 1, &same, &err) == 0);
    NEED(same.len == message.len && memcmp(same.data, message.data, same.len) == 0);
    plsm_buf_free(&message);
    plsm_buf_free(&same);
    NEED(plsm_pool_get_lite3(pool, 1, &frame, &err) == 0);
    NEED(frame.seq == 1 && frame.flags == 0 && frame.payload.len > 96);
    NEED(plsm_pool_append_lite3(pool, frame.payload.data, frame.payload.len, 0, &seq, &err) == 0 && seq == 2);
    plsm_lite3_frame_free(&frame);
    NEED(plsm_pool_get_json(pool, 3, &message, &err) == -1);
    NEED(err != NULL && err->kind == PLSM_ERROR_NOT_FOUND && err->has_seq && err->seq == 3 && err->path == NULL);
    plsm_error_free(err);
    err = NULL;

    NEED(plsm_stream_open(pool, 0, 0, 2, 1, 1000000, 1, &stream, &err) == 0);
    NEED(plsm_stream_next(stream, &message, &err) == 1);
    plsm_buf_free(&message);
    NEED(plsm_stream_next(stream, &message, &err) == 1);
    NEED(memcmp(message.data, "{\"seq\":2,", 9) == 0);
    plsm_buf_free(&message);
    NEED(plsm_stream_next(stream, &message, &err) == 0);
    plsm_stream_free(stream);

    plsm_stream_options_t options;
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.gap_policy = PLSM_GAP_ERROR;
    options.has_since = 1;
    options.since_seq = 2;
    options.has_timeout = 1;
    NEED(plsm_stream_open_ex(pool, &options, &stream, &err) == 0);
    NEED(plsm_stream_next(stream, &message, &err) == 0);
    plsm_stream_free(stream);
    options.has_timeout = 0;
    options.has_max = 1;
    options.max_messages = 1;
    NEED(plsm_lite3_stream_open_ex(pool, &options, &frames, &err) == 0);
    NEED(plsm_lite3_stream_next(frames, &frame, &err) == 1 && frame.seq == 2);
    plsm_lite3_frame_free(&frame);
    NEED(plsm_lite3_stream_next(frames, &frame, &err) == 0);
    plsm_lite3_stream_free(frames);
    NEED(plsm_lite3_stream_open(pool, 1, 1, 1, 1, 0, 0, &frames, &err) == 0);
    NEED(plsm_lite3_stream_next(frames, &frame, &err) == 1 && frame.seq == 1);
    plsm_lite3_frame_free(&frame);
    plsm_lite3_stream_free(frames);
    plsm_pool_free(pool);
    plsm_pool_free(again);
    plsm_client_free(client);
    snprintf(path, sizeof path, "%s/readings.plasmite", dir);
    NEED(unlink(path) == 0 && rmdir(dir) == 0);
    puts("old calls work");
    return 0;
}
