// remote.c: pools of a server, through the same calls; clients with options; handles on both sides of a fork.
#define _GNU_SOURCE
#include "check.h"
#include "serving.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

static void everyday(void) {
    plsm_error_t *err = NULL;
    start_server(NULL);
    plsm_client_t *there = client_of(base), *here = scratch_client();
    plsm_pool_t *pool = NULL, *file = NULL;
    OK(plsm_pool_create(there, "lab", 65536, &pool, &err));
    OK(plsm_pool_open(here, "lab", &file, &err));
    CHECK_STR(plsm_pool_name(pool), "lab");
    char url[128];
    snprintf(url, sizeof url, "%s/lab", base);
    CHECK_STR(plsm_pool_path(pool), url);
    CHECK(plsm_has_feature("remote"));
    plsm_buf_t home = {NULL, 0};
    OK(plsm_client_pool_dir(there, &home, &err));
    CHECK_BYTES(home.data, home.len, base);
    plsm_buf_free(&home);

    CHECK_U64(append(pool, "{\"x\":1}"), 1);
    plsm_buf_t near = {NULL, 0}, far = {NULL, 0};
    OK(plsm_pool_append_json(pool, (const uint8_t *)"2", 1, NULL, 0, 1, &far, &err));
    OK(plsm_pool_get_json(file, 2, &near, &err));
    CHECK(near.len == far.len && memcmp(near.data, far.data, near.len) == 0);
    plsm_buf_free(&near);
    plsm_buf_free(&far);

    // A message, a Lite3 frame, and both kinds of old stream.
    plsm_message_t *message = NULL;
    plsm_view_t view;
    OK(plsm_pool_get_message(pool, 1, &message, &err));
    plsm_message_view(message, &view);
    int64_t x = 0;
    YES(plsm_view_i64(&view, "x", 1, &x, &err));
    CHECK(x == 1);
    plsm_message_free(message);
    plsm_lite3_stream_t *documents = NULL;
    OK(plsm_lite3_stream_open(pool, 0, 0, 2, 1, 0, 0, &documents, &err));
    for (uint64_t seq = 1; seq <= 2; seq++) {
        plsm_lite3_frame_t frame, same;
        memset(&frame, 0, sizeof frame);
        memset(&same, 0, sizeof same);
        YES(plsm_lite3_stream_next(documents, &frame, &err));
        OK(plsm_pool_get_lite3(file, seq, &same, &err));
        CHECK(frame.seq == seq && frame.timestamp_ns == same.timestamp_ns && frame.payload.len == same.payload.len &&
              memcmp(frame.payload.data, same.payload.data, frame.payload.len) == 0);
        plsm_lite3_frame_free(&frame);
        plsm_lite3_frame_free(&same);
    }
    plsm_lite3_stream_free(documents);

    // Records of an input, one of them too large for the pool.
    static char large[70000];
    memset(large, '1', sizeof large - 2);
    large[sizeof large - 2] = '\n';
    plsm_ingest_t *ingest = NULL;
    plsm_ingest_options_t skip = PLSM_INGEST_OPTIONS_INIT;
    skip.flags = PLSM_INGEST_SKIP;
    OK(plsm_ingest_new(&skip, &ingest, &err));
    OK(plsm_ingest_push(ingest, (const uint8_t *)"3\n\"", 3, &err));
    OK(plsm_ingest_push(ingest, (const uint8_t *)large, sizeof large - 2, &err));
    OK(plsm_ingest_push(ingest, (const uint8_t *)"\"\n4\n", 4, &err));
    OK(plsm_ingest_finish(ingest, &err));
    plsm_ingest_item_t item;
    plsm_receipt_t receipt;
    GIVES(PLSM_INGEST_RECORD, plsm_ingest_append(ingest, pool, NULL, &item, &receipt, &err));
    CHECK_U64(receipt.seq, 3);
    GIVES(PLSM_INGEST_FAULT, plsm_ingest_append(ingest, pool, NULL, &item, &receipt, &err));
    CHECK(item.fault == PLSM_INGEST_OVERSIZE && plsm_error_too_large(item.error));
    GIVES(PLSM_INGEST_RECORD, plsm_ingest_append(ingest, pool, NULL, &item, &receipt, &err));
    CHECK_U64(receipt.seq, 4);
    plsm_ingest_free(ingest);

    plsm_pool_free(file);
    plsm_pool_free(pool);
    plsm_client_free(there); // the other one is finish()'s
    stop_server();
}

static void options(void) {
    plsm_error_t *err = NULL;
    start_server("secret\n");
    plsm_client_t *client = NULL;
    plsm_pool_t *pool = NULL;
    plsm_client_options_t set = PLSM_CLIENT_OPTIONS_INIT;
    set.pool_dir = base;
    OK(plsm_client_new_with(&set, &client, &err));
    FAILS(PLSM_ERROR_PERMISSION, plsm_pool_open(client, "lab", &pool, &err));
    plsm_client_free(client);
    set.token = "secret";
    OK(plsm_client_new_with(&set, &client, &err));
    FAILS(PLSM_ERROR_NOT_FOUND, plsm_pool_open(client, "other", &pool, &err));
    OK(plsm_pool_open(client, "lab", &pool, &err));
    CHECK_U64(append(pool, "5"), 5);
    plsm_pool_free(pool);
    plsm_client_free(client);

    client = NULL;
    set.token = "two words";
    FAILS(PLSM_ERROR_USAGE, plsm_client_new_with(&set, &client, &err));
    set.token = "secret";
    set.token_file = "/nowhere/token";
    FAILS(PLSM_ERROR_USAGE, plsm_client_new_with(&set, &client, &err));
    set.token = NULL;
    FAILS(PLSM_ERROR_NOT_FOUND, plsm_client_new_with(&set, &client, &err));
    set.token_file = NULL;
    set.tls_ca_file = "/nowhere/ca";
    FAILS(PLSM_ERROR_NOT_FOUND, plsm_client_new_with(&set, &client, &err));
    set.flags = PLSM_CLIENT_TLS_SKIP_VERIFY;
    FAILS(PLSM_ERROR_USAGE, plsm_client_new_with(&set, &client, &err));
    set.tls_ca_file = NULL;
    set.flags = 1u << 31;
    FAILS(PLSM_ERROR_USAGE, plsm_client_new_with(&set, &client, &err));
    set.flags = 0;
    set.struct_size = 8;
    FAILS(PLSM_ERROR_USAGE, plsm_client_new_with(&set, &client, &err));
    set.struct_size = sizeof set;
    set.pool_dir = "ftp://host";
    FAILS(PLSM_ERROR_USAGE, plsm_client_new_with(&set, &client, &err));
    CHECK(client == NULL);
    OK(plsm_client_new_with(NULL, &client, &err));
    plsm_client_free(client);
    stop_server();
}

// A child uses what it inherited: the pool yes, on connections of its own; the stream no.
static int child(plsm_pool_t *pool, plsm_stream_t *stream) {
    plsm_error_t *err = NULL;
    plsm_view_t view;
    int fd;
    checks_failed = 0;
    for (int i = 0; i < 20; i++)
        append(pool, "\"child\"");
    FAILS(PLSM_ERROR_USAGE, plsm_stream_next_view(stream, 0, &view, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_stream_fd(stream, &fd, &err));
    plsm_stream_free(stream);
    plsm_stream_t *own = NULL;
    plsm_buf_t json = {NULL, 0};
    OK(plsm_stream_open(pool, 1, 1, 5, 1, 0, 0, &own, &err));
    for (int i = 0; i < 5; i++) {
        YES(plsm_stream_next(own, &json, &err));
        plsm_buf_free(&json);
    }
    plsm_stream_free(own);
    plsm_pool_free(pool);
    return checks_failed ? 1 : 0;
}

// Not under GCC's address sanitizer: its allocator, unlike the C library's, is left locked for ever in a child that is
// forked while another thread (here a stream's) allocates, up to GCC 12 at least.
static void forks(void) {
    plsm_error_t *err = NULL;
    start_server(NULL);
    plsm_client_t *client = client_of(base);
    plsm_pool_t *pool = NULL;
    OK(plsm_pool_create(client, "forked", 1 << 20, &pool, &err));
    plsm_stream_t *stream = NULL;
    OK(plsm_pool_tail(pool, NULL, &stream, &err));
    uint64_t seq = 0;
    for (int round = 0; round < 5; round++) {
        append(pool, "\"parent\"");
        pid_t pid = fork();
        if (pid == 0) {
            alarm(20);
            _exit(child(pool, stream));
        }
        for (int i = 0; i < 20; i++)
            append(pool, "\"parent\"");
        int status = -1;
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        for (int i = 0; i < 41; i++) {
            plsm_view_t view;
            GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, 10000, &view, &err));
            CHECK_U64(view.seq, ++seq);
        }
    }
    plsm_stream_free(stream);
    plsm_pool_free(pool);
    plsm_client_free(client);
    stop_server();
}

static plsm_stream_t *waited_on;

static void on_signal(int signal) {
    (void)signal;
    plsm_stream_cancel(waited_on);
}

static void *signal_later(void *thread) {
    pause_ms(50);
    pthread_kill(*(pthread_t *)thread, SIGUSR1);
    return NULL;
}

static void cancelled_by_a_signal(void) {
    plsm_error_t *err = NULL;
    start_server(NULL);
    plsm_client_t *client = client_of(base);
    plsm_pool_t *pool = NULL;
    OK(plsm_pool_create(client, "quiet", 65536, &pool, &err));
    OK(plsm_pool_tail(pool, NULL, &waited_on, &err));
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    pthread_t self = pthread_self(), other;
    plsm_view_t view;
    for (int round = 0; round < 3; round++) {
        CHECK(pthread_create(&other, NULL, signal_later, &self) == 0);
        GIVES(PLSM_NEXT_CANCELLED, plsm_stream_next_view(waited_on, PLSM_WAIT_FOREVER, &view, &err));
        pthread_join(other, NULL);
        plsm_stream_reset_cancel(waited_on);
    }
    append(pool, "1");
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(waited_on, PLSM_WAIT_FOREVER, &view, &err));
    plsm_stream_free(waited_on);
    // Without its server a request fails, and surely did nothing.
    stop_server();
    plsm_receipt_t receipt;
    FAILS_KEEP(PLSM_ERROR_IO, plsm_pool_append(pool, (const uint8_t *)"1", 1, NULL, &receipt, &err));
    CHECK(err && plsm_error_hint(err) && !plsm_error_maybe_written(err));
    drop_error(&err);
    plsm_pool_free(pool);
    plsm_client_free(client);
}

// How many threads of this process the library has named; they block signals, but for what they do themselves.
static unsigned helpers(void) {
    unsigned found = 0;
    DIR *threads = opendir("/proc/self/task");
    for (struct dirent *entry; threads && (entry = readdir(threads)) != NULL;) {
        char path[300], line[200], name[100] = "";
        unsigned long long blocked = 0;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
        while (file && fgets(line, sizeof line, file)) {
            sscanf(line, "Name: %99s", name);
            sscanf(line, "SigBlk: %llx", &blocked);
        }
        if (file) fclose(file);
        if (strncmp(name, "plasmite-", 9) != 0) continue;
        found++;
        CHECK(blocked >> (SIGINT - 1) & 1 && blocked >> (SIGTERM - 1) & 1 && blocked >> (SIGCHLD - 1) & 1);
        CHECK(!(blocked >> (SIGBUS - 1) & 1) && !(blocked >> (SIGSEGV - 1) & 1));
    }
    if (threads) closedir(threads);
    return found;
}

// Signals of the process are for its own threads.
static void helpers_block_signals(void) {
    plsm_error_t *err = NULL;
    start_server(NULL);
    plsm_client_t *remote = client_of(base), *local = client_of(scratch());
    plsm_pool_t *pools[2] = {NULL, NULL};
    plsm_stream_t *streams[2] = {NULL, NULL};
    int fd;
    OK(plsm_pool_create(remote, "helped", 65536, &pools[0], &err));
    OK(plsm_pool_open(local, "helped", &pools[1], &err));
    for (int n = 0; n < 2; n++) {
        OK(plsm_pool_tail(pools[n], NULL, &streams[n], &err));
        OK(plsm_stream_fd(streams[n], &fd, &err));
    }
    // A thread gets its name when it runs.
    for (int tries = 0; tries < 5000 && helpers() < 2; tries++) pause_ms(2);
    CHECK_U64(helpers(), 2);
    for (int n = 0; n < 2; n++) {
        plsm_stream_free(streams[n]);
        plsm_pool_free(pools[n]);
    }
    plsm_client_free(remote);
    plsm_client_free(local);
    stop_server();
}

// Behind an error whoever waits asks for what comes next. Going backwards a token leads on backwards.
static void behind_errors(void) {
    static const char bad[] = "if (.data | type) == \"string\" then \"bad\" else true end";
    plsm_error_t *err = NULL;
    start_server(NULL);
    plsm_client_t *client = client_of(base);
    plsm_pool_t *pool = NULL;
    plsm_filter_t *filter = NULL;
    OK(plsm_pool_create(client, "errors", 65536, &pool, &err));
    append(pool, "1");
    append(pool, "\"two\"");
    append(pool, "3");
    OK(plsm_filter_new(bad, sizeof bad - 1, NULL, &filter, &err));
    for (int backwards = 0; backwards < 2; backwards++) {
        const plsm_filter_t *filters[] = {filter};
        plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
        plsm_stream_t *stream = NULL;
        plsm_stream_stats_t stats;
        plsm_view_t view;
        plsm_buf_t token = {NULL, 0};
        char text[128];
        size_t ready = 9;
        const uint64_t first = backwards ? 3 : 1, last = backwards ? 1 : 3;
        options.flags = backwards ? PLSM_TAIL_BACKWARDS : 0;
        options.filters = filters;
        options.filters_len = 1;
        OK(plsm_pool_tail(pool, &options, &stream, &err));
        GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &err));
        CHECK_U64(view.seq, first);
        OK(plsm_stream_stats(stream, &stats, &err));
        CHECK_U64(stats.next_seq, 2);
        FAILS_KEEP(PLSM_ERROR_USAGE, plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &err));
        CHECK_U64(err ? err->seq : 0, 2);
        drop_error(&err);
        OK(plsm_stream_stats(stream, &stats, &err));
        CHECK_U64(stats.next_seq, last);
        OK(plsm_stream_token(stream, &token, &err));
        YES(plsm_wait_any(&stream, 1, PLSM_WAIT_FOREVER, &ready, &err));
        CHECK_U64(ready, 0);
        GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &err));
        CHECK_U64(view.seq, last);
        plsm_stream_free(stream);
        snprintf(text, sizeof text, "%.*s", (int)token.len, (const char *)token.data);
        plsm_buf_free(&token);
        options.start = PLSM_START_TOKEN;
        options.token = text;
        OK(plsm_pool_tail(pool, &options, &stream, &err));
        GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &err));
        CHECK_U64(view.seq, last);
        plsm_stream_free(stream);
    }
    plsm_filter_free(filter);
    plsm_pool_free(pool);
    plsm_client_free(client);
    stop_server();
}

int main(void) {
    everyday();
    options();
    behind_errors();
#ifndef __SANITIZE_ADDRESS__
    forks();
#else
    (void)forks;
#endif
    cancelled_by_a_signal();
    helpers_block_signals();
    return finish("remote");
}
