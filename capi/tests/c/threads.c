// threads.c: one handle, many threads, all verbs at once.
#define _GNU_SOURCE // memmem
#include "check.h"

#include <pthread.h>

enum { WRITERS = 4, EACH = 500, DOCUMENTS = 20000 };
static plsm_pool_t *pool;
static plsm_stream_t *shared;
static uint64_t taken[DOCUMENTS + 1];

static void *write_some(void *number) {
    plsm_error_t *err = NULL;
    char json[64];
    uint64_t last = 0;
    for (int i = 0; i < EACH; i++) {
        plsm_receipt_t receipt = {0, 0};
        int len = snprintf(json, sizeof json, "{\"writer\":%d,\"i\":%d}", (int)(intptr_t)number, i);
        OK(plsm_pool_append(pool, (const uint8_t *)json, (size_t)len, NULL, &receipt, &err));
        CHECK(receipt.seq > last);
        last = receipt.seq;
        if (i % 16 == 0) {
            plsm_buf_t got = {NULL, 0};
            plsm_bounds_t bounds;
            OK(plsm_pool_get_json(pool, receipt.seq, &got, &err));
            CHECK(strstr((const char *)memcpy(json, got.data + got.len - 20, 20), ":") != NULL);
            plsm_buf_free(&got);
            OK(plsm_pool_bounds(pool, &bounds, &err));
            CHECK(bounds.newest >= receipt.seq);
            // A failure here must not disturb its neighbours.
            FAILS(PLSM_ERROR_USAGE, plsm_pool_append(pool, (const uint8_t *)"{", 1, NULL, NULL, &err));
        }
    }
    return NULL;
}

// Threads that share a stream get each message once, between them.
static void *read_some(void *unused) {
    plsm_error_t *err = NULL;
    plsm_buf_t json = {NULL, 0};
    (void)unused;
    while (plsm_stream_next(shared, &json, &err) == 1) {
        uint64_t seq = strtoull((const char *)json.data + 7, NULL, 10);
        CHECK(seq >= 1 && seq <= WRITERS * EACH);
        if (seq <= WRITERS * EACH) __atomic_fetch_add(&taken[seq], 1, __ATOMIC_RELAXED);
        plsm_buf_free(&json);
    }
    CHECK(err == NULL);
    drop_error(&err);
    return NULL;
}

static plsm_lite3_stream_t *shared_lite3;

// Each of the documents is that of its seq.
static void *read_documents(void *unused) {
    plsm_error_t *err = NULL;
    plsm_lite3_frame_t frame;
    (void)unused;
    while (plsm_lite3_stream_next(shared_lite3, &frame, &err) == 1) {
        plsm_buf_t json = {NULL, 0};
        char expected[32];
        OK(plsm_lite3_to_json(frame.payload.data, frame.payload.len, &json, &err));
        int len = snprintf(expected, sizeof expected, "\"seq\":%d,", (int)frame.seq);
        CHECK(memmem(json.data, json.len, expected, (size_t)len) != NULL);
        CHECK(frame.seq >= 1 && frame.seq <= DOCUMENTS);
        if (frame.seq <= DOCUMENTS) __atomic_fetch_add(&taken[frame.seq], 1, __ATOMIC_RELAXED);
        plsm_buf_free(&json);
        plsm_lite3_frame_free(&frame);
    }
    CHECK(err == NULL);
    drop_error(&err);
    return NULL;
}

// Threads that share a stream of documents get each once, whole.
static void documents(void) {
    plsm_error_t *err = NULL;
    pthread_t readers[3];
    plsm_pool_t *documents = scratch_pool("documents", 8 << 20);
    char json[128];
    for (int seq = 1; seq <= DOCUMENTS; seq++) {
        // Of many lengths, so that a document that moved is none.
        snprintf(json, sizeof json, "{\"seq\":%d,\"text\":\"%0*d\"}", seq, seq % 60 + 1, 0);
        CHECK_U64(append(documents, json), seq);
    }
    memset(taken, 0, sizeof taken);
    OK(plsm_lite3_stream_open(documents, 1, 1, DOCUMENTS, 1, 0, 0, &shared_lite3, &err));
    for (int i = 0; i < 3; i++) CHECK(pthread_create(&readers[i], NULL, read_documents, NULL) == 0);
    for (int i = 0; i < 3; i++) pthread_join(readers[i], NULL);
    for (int seq = 1; seq <= DOCUMENTS; seq++) CHECK_U64(taken[seq], 1);
    plsm_lite3_stream_free(shared_lite3);
    plsm_pool_free(documents);
}

int main(void) {
    plsm_error_t *err = NULL;
    pthread_t writers[WRITERS], readers[2];
    pool = scratch_pool("threads", 4 << 20);
    OK(plsm_stream_open(pool, 1, 1, WRITERS * EACH, 1, 0, 0, &shared, &err));
    for (int i = 0; i < 2; i++) CHECK(pthread_create(&readers[i], NULL, read_some, NULL) == 0);
    for (int i = 0; i < WRITERS; i++) CHECK(pthread_create(&writers[i], NULL, write_some, (void *)(intptr_t)i) == 0);
    for (int i = 0; i < WRITERS; i++) pthread_join(writers[i], NULL);
    for (int i = 0; i < 2; i++) pthread_join(readers[i], NULL);
    for (int seq = 1; seq <= WRITERS * EACH; seq++) CHECK_U64(taken[seq], 1);
    plsm_stream_free(shared);

    // Each writer's messages stand in its own order.
    int next[WRITERS] = {0};
    plsm_bytes_t json;
    OK(plsm_pool_tail(pool, NULL, &shared, &err));
    while (plsm_stream_next_json(shared, 0, &json, &err) == PLSM_NEXT_MESSAGE) {
        char text[256];
        int writer = -1, i = -1;
        snprintf(text, sizeof text, "%.*s", (int)json.len, (const char *)json.data);
        const char *data = strstr(text, "\"data\":");
        CHECK(data && sscanf(data, "\"data\":{\"writer\":%d,\"i\":%d}", &writer, &i) == 2);
        if (writer >= 0 && writer < WRITERS) CHECK_U64(i, next[writer]++);
    }
    for (int i = 0; i < WRITERS; i++) CHECK_U64(next[i], EACH);
    plsm_stream_free(shared);
    plsm_pool_free(pool);
    documents();
    return finish("threads");
}
