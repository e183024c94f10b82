// relay.c: a producer and a consumer that share a pool, in one program.
//
//     cc relay.c $(pkg-config --cflags --libs plasmite) -o relay && ./relay /tmp/relay.plasmite
//
// The child process appends readings; the parent follows the pool and looks only at those tagged "alarm",
// reading two fields of each where they lie, without decoding the message.
#include <plasmite.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READINGS = 1000, ALARM_EVERY = 250 };

// Says what failed and what to do about it, and ends the program with the kind's exit code.
static void fail(plsm_error_t *err) {
    const char *hint = plsm_error_hint(err);
    fprintf(stderr, "%s: %s\n", plsm_error_kind_name(err->kind), err->message);
    if (hint) fprintf(stderr, "hint: %s\n", hint);
    exit(plsm_error_kind_exit_code(err->kind));
}

static plsm_bytes_t text(const char *string) {
    plsm_bytes_t bytes = {(const uint8_t *)string, strlen(string)};
    return bytes;
}

static void produce(plsm_pool_t *pool) {
    plsm_error_t *err = NULL;
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    plsm_bytes_t alarm = text("alarm");
    options.tags = &alarm;
    for (int i = 1; i <= READINGS; i++) {
        char json[96];
        int len = snprintf(json, sizeof json, "{\"sensor\":\"pump-%d\",\"celsius\":%.1f}", i % 3, 20 + i / 10.0);
        options.tags_len = i % ALARM_EVERY == 0;
        if (plsm_pool_append(pool, (const uint8_t *)json, (size_t)len, &options, NULL, &err)) fail(err);
    }
}

static void consume(plsm_stream_t *stream) {
    plsm_error_t *err = NULL;
    plsm_view_t view;
    int next;
    while ((next = plsm_stream_next_view(stream, 5000, &view, &err)) == PLSM_NEXT_MESSAGE) {
        plsm_bytes_t sensor;
        double celsius;
        if (plsm_view_string(&view, "sensor", 6, &sensor, &err) != 1) fail(err);
        if (plsm_view_f64(&view, "celsius", 7, &celsius, &err) != 1) fail(err);
        printf("alarm %" PRIu64 ": %.*s at %.1f\n", view.seq, (int)sensor.len, (const char *)sensor.data, celsius);
    }
    if (next == PLSM_NEXT_ERROR) fail(err);
}

int main(int argc, char **argv) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = NULL;
    plsm_pool_t *pool = NULL;
    plsm_stream_t *stream = NULL;
    if (argc != 2) {
        fprintf(stderr, "usage: relay POOL\n");
        return 2;
    }
    if (plsm_client_new(NULL, &client, &err)) fail(err);
    if (plsm_pool_ensure(client, argv[1], NULL, &pool, NULL, &err)) fail(err);

    // Opened before the first message is written: nothing can be missed.
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    plsm_bytes_t alarm = text("alarm");
    options.start = PLSM_START_NOW;
    options.tags = &alarm;
    options.tags_len = 1;
    options.has_max = 1;
    options.max_messages = READINGS / ALARM_EVERY;
    if (plsm_pool_tail(pool, &options, &stream, &err)) fail(err);

    pid_t child = fork();
    if (child == 0) {
        produce(pool);
        _exit(0);
    }
    consume(stream);
    waitpid(child, NULL, 0);
    plsm_stream_free(stream);
    plsm_pool_free(pool);
    plsm_client_free(client);
    return 0;
}
