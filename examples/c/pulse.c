// pulse.c: how fast this machine appends, and how soon another process knows.
//
//     cc -O2 -o pulse pulse.c $(pkg-config --cflags --libs plasmite) && ./pulse [DIRECTORY]
//
// Part one appends a million small messages to a pool. Part two starts a second process that waits for messages,
// sends it one every millisecond, and measures from the time the message carries to the moment the reader has it
// in its hands.

#include <plasmite.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { APPENDS = 1000000, PULSES = 1500 };

static uint64_t now_ns(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

// Ends the program with what the library said.
static void fail(const char *what, plsm_error_t *error) {
    fprintf(stderr, "pulse: %s: %s\n", what, error ? error->message : "unknown error");
    plsm_error_free(error);
    exit(1);
}

static int by_size(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void measure_appends(plsm_client_t *client) {
    plsm_error_t *error = NULL;
    plsm_pool_t *pool;
    if (plsm_pool_create(client, "throughput", 64 << 20, &pool, &error) != 0) fail("create", error);

    static char text[256][128];
    size_t length[256], bytes = 0;
    for (int i = 0; i < 256; i++)
        length[i] = (size_t)snprintf(text[i], sizeof text[i],
            "{\"sensor\":\"temp-%03d\",\"value\":%d.5,\"unit\":\"C\",\"ok\":true,\"note\":\"as measured in the lab\"}", i, i);

    uint64_t start = now_ns(CLOCK_MONOTONIC);
    for (int i = 0; i < APPENDS; i++) {
        int which = i & 255;
        if (plsm_pool_append(pool, (const uint8_t *)text[which], length[which], NULL, NULL, &error) != 0)
            fail("append", error);
        bytes += length[which];
    }
    double seconds = (double)(now_ns(CLOCK_MONOTONIC) - start) / 1e9;
    printf("  append    %.2f million messages a second (%.0f MB/s of JSON, one process, 64 MiB pool)\n",
        APPENDS / seconds / 1e6, (double)bytes / seconds / 1e6);
    plsm_pool_free(pool);
}

// The reader: waits for each message, and prints how late it was in the median and at worst.
static int measure_wakeups(plsm_client_t *client) {
    plsm_error_t *error = NULL;
    plsm_pool_t *pool;
    plsm_stream_t *stream;
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    if (plsm_pool_open(client, "wakeup", &pool, &error) != 0) fail("open", error);
    if (plsm_pool_tail(pool, &options, &stream, &error) != 0) fail("tail", error);

    static uint64_t late[PULSES];
    for (int i = 0; i < PULSES; i++) {
        plsm_view_t view;
        if (plsm_stream_next_view(stream, 10000, &view, &error) != PLSM_NEXT_MESSAGE) fail("next", error);
        uint64_t now = now_ns(CLOCK_REALTIME);
        late[i] = now > view.timestamp_ns ? now - view.timestamp_ns : 0;
    }
    qsort(late, PULSES, sizeof *late, by_size);
    printf("  wake-up   %.1f microseconds in the median, %.1f at the 99th percentile (two processes, asleep between)\n",
        (double)late[PULSES / 2] / 1e3, (double)late[PULSES * 99 / 100] / 1e3);
    plsm_stream_free(stream);
    plsm_pool_free(pool);
    return 0;
}

int main(int argc, char **argv) {
    char scratch[] = "/tmp/plasmite-pulse-XXXXXX";
    const char *directory = argc > 1 ? argv[1] : mkdtemp(scratch);
    plsm_error_t *error = NULL;
    plsm_client_t *client;
    plsm_pool_t *pool;
    if (!directory || plsm_client_new(directory, &client, &error) != 0) fail("client", error);

    measure_appends(client);

    if (plsm_pool_create(client, "wakeup", 1 << 20, &pool, &error) != 0) fail("create", error);
    fflush(stdout);
    pid_t reader = fork();
    if (reader == 0) {
        int code = measure_wakeups(client);
        fflush(stdout);
        _exit(code);
    }
    nanosleep(&(struct timespec){0, 50 * 1000000}, NULL); // let the reader begin to wait
    for (int i = 0; i < PULSES; i++) {
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        if (plsm_pool_append(pool, (const uint8_t *)"{\"pulse\":true}", 14, NULL, NULL, &error) != 0)
            fail("append", error);
    }
    int status = 1;
    waitpid(reader, &status, 0);
    plsm_pool_free(pool);
    plsm_pool_delete(client, "throughput", NULL);
    plsm_pool_delete(client, "wakeup", NULL);
    plsm_client_free(client);
    if (argc == 1) rmdir(directory);
    return status != 0;
}
