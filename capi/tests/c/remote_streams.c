// remote_streams.c: streams of a server when something goes wrong: messages that cannot be read, cancels and seeks at bad
// moments, a time that is up.
#define _GNU_SOURCE
#include "check.h"
#include "serving.h"

#include <poll.h>
#include <pthread.h>

static plsm_client_t *far, *near;

// The same pool as the server's and as a file's.
static void open_both(const char *name, plsm_pool_t *pools[2]) {
    plsm_error_t *err = NULL;
    OK(plsm_pool_create(far, name, 65536, &pools[0], &err));
    OK(plsm_pool_open(near, name, &pools[1], &err));
}

static void free_both(plsm_pool_t *pools[2]) {
    plsm_pool_free(pools[0]);
    plsm_pool_free(pools[1]);
}

// A message whose data is good at its root only, which appends of Lite3 look at: an error of that one message.
static void spoilt_messages(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pools[2] = {NULL, NULL};
    plsm_buf_t data = {NULL, 0};
    plsm_receipt_t receipt;
    uint8_t *hello = NULL;
    open_both("spoilt", pools);
    OK(plsm_lite3_from_json((const uint8_t *)"{\"a\":{\"k\":\"hello\"}}", 19, &data, &err));
    hello = memmem((void *)data.data, data.len, "hello", 5);
    CHECK(hello != NULL);
    if (hello) *hello = 0xff;
    OK(plsm_pool_append_data(pools[1], data.data, data.len, NULL, &receipt, &err));
    CHECK_U64(receipt.seq, 1);
    plsm_buf_free(&data);
    append(pools[1], "2");
    append(pools[1], "3");
    for (int n = 0; n < 2; n++) {
        plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
        plsm_stream_t *stream = NULL;
        plsm_stream_stats_t stats;
        plsm_bytes_t json;
        // The bad one is one of the two that are wanted.
        options.has_max = 1;
        options.max_messages = 2;
        OK(plsm_pool_tail(pools[n], &options, &stream, &err));
        FAILS_KEEP(PLSM_ERROR_CORRUPT, plsm_stream_next_json(stream, PLSM_WAIT_FOREVER, &json, &err));
        CHECK_U64(err ? err->seq : 0, 1);
        drop_error(&err);
        OK(plsm_stream_stats(stream, &stats, &err));
        CHECK(stats.next_seq == 2 && stats.delivered == 0);
        GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_json(stream, PLSM_WAIT_FOREVER, &json, &err));
        OK(plsm_stream_stats(stream, &stats, &err));
        CHECK(stats.next_seq == 3 && stats.delivered == 1);
        GIVES(PLSM_NEXT_END, plsm_stream_next_json(stream, PLSM_WAIT_FOREVER, &json, &err));
        plsm_stream_free(stream);

        options.has_max = 0;
        options.flags = PLSM_TAIL_BACKWARDS;
        OK(plsm_pool_tail(pools[n], &options, &stream, &err));
        GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_json(stream, PLSM_WAIT_FOREVER, &json, &err));
        GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_json(stream, PLSM_WAIT_FOREVER, &json, &err));
        FAILS(PLSM_ERROR_CORRUPT, plsm_stream_next_json(stream, PLSM_WAIT_FOREVER, &json, &err));
        GIVES(PLSM_NEXT_END, plsm_stream_next_json(stream, PLSM_WAIT_FOREVER, &json, &err));
        plsm_stream_free(stream);
    }
    free_both(pools);
}

static plsm_stream_t *waited_on;

static void cancel_it(int signal) {
    (void)signal;
    plsm_stream_cancel(waited_on);
}

// A cancel just before the wait falls asleep, by a signal: that comes between any two steps, however busy the machine is.
// One that got lost is waited for until the watchdog comes.
static void cancels_at_any_moment(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pools[2] = {NULL, NULL};
    plsm_view_t view;
    timer_t timer;
    struct sigaction action;
    struct sigevent event;
    unsigned seed = 1;
    open_both("cancelled", pools);
    // A time limit is one more look at the clock, which makes the moment longer.
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    options.has_timeout = 1;
    options.timeout_ms = 3600000;
    OK(plsm_pool_tail(pools[0], &options, &waited_on, &err));
    memset(&action, 0, sizeof action);
    action.sa_handler = cancel_it;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGUSR1;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    for (int round = 0; round < 50000; round++) {
        struct itimerspec soon = {{0, 0}, {0, 1 + rand_r(&seed) % 4000}};
        timer_settime(timer, 0, &soon, NULL);
        GIVES(PLSM_NEXT_CANCELLED, plsm_stream_next_view(waited_on, PLSM_WAIT_FOREVER, &view, &err));
        plsm_stream_reset_cancel(waited_on);
    }
    timer_delete(timer);
    plsm_stream_free(waited_on);
    free_both(pools);
}

// A seek that the server does not answer changes nothing.
static void seeks_that_fail(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pools[2] = {NULL, NULL}, *pool = NULL;
    plsm_client_t *client = NULL;
    plsm_client_options_t short_of_time = PLSM_CLIENT_OPTIONS_INIT;
    plsm_stream_t *stream = NULL, *ended = NULL;
    plsm_view_t view;
    open_both("sought", pools);
    for (int i = 0; i < 3; i++) append(pools[1], "1");
    short_of_time.pool_dir = base;
    short_of_time.request_timeout_ms = 1500;
    OK(plsm_client_new_with(&short_of_time, &client, &err));
    OK(plsm_pool_open(client, "sought", &pool, &err));
    OK(plsm_pool_tail(pool, NULL, &stream, &err));
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    options.has_end = 1;
    options.end_seq = 1;
    OK(plsm_pool_tail(pool, &options, &ended, &err));
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &err));
    CHECK_U64(view.seq, 1);
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(ended, PLSM_WAIT_FOREVER, &view, &err));
    GIVES(PLSM_NEXT_END, plsm_stream_next_view(ended, PLSM_WAIT_FOREVER, &view, &err));
    CHECK(kill(server, SIGSTOP) == 0);
    FAILS(PLSM_ERROR_IO, plsm_stream_seek(stream, PLSM_START_SEQ, 3, &err));
    FAILS(PLSM_ERROR_IO, plsm_stream_seek(ended, PLSM_START_OLDEST, 0, &err));
    GIVES(PLSM_NEXT_END, plsm_stream_next_view(ended, PLSM_WAIT_FOREVER, &view, &err));
    CHECK(kill(server, SIGCONT) == 0);
    for (uint64_t seq = 2; seq <= 3; seq++) {
        GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &err));
        CHECK_U64(view.seq, seq);
    }
    GIVES(PLSM_NEXT_TIMEOUT, plsm_stream_next_view(stream, 0, &view, &err));
    append(pools[1], "4");
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &err));
    CHECK_U64(view.seq, 4);
    // Both can still be moved.
    while (plsm_stream_seek(stream, PLSM_START_SEQ, 3, &err) != 0) drop_error(&err);
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &err));
    CHECK_U64(view.seq, 3);
    while (plsm_stream_seek(ended, PLSM_START_OLDEST, 0, &err) != 0) drop_error(&err);
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(ended, PLSM_WAIT_FOREVER, &view, &err));
    CHECK_U64(view.seq, 1);
    GIVES(PLSM_NEXT_END, plsm_stream_next_view(ended, PLSM_WAIT_FOREVER, &view, &err));
    plsm_stream_free(stream);
    plsm_stream_free(ended);
    plsm_pool_free(pool);
    plsm_client_free(client);
    free_both(pools);
}

// Who only waits for the descriptor also learns that the stream's time is up. Nothing else would end these waits.
static void descriptors_tell_deadlines(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pools[2] = {NULL, NULL};
    open_both("timed", pools);
    for (int n = 0; n < 2; n++) {
        plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
        plsm_stream_t *stream = NULL;
        plsm_view_t view;
        struct pollfd readable = {-1, POLLIN, 0};
        int next, messages = 0;
        options.start = PLSM_START_NOW;
        options.has_timeout = 1;
        options.timeout_ms = 700;
        OK(plsm_pool_tail(pools[n], &options, &stream, &err));
        OK(plsm_stream_fd(stream, &readable.fd, &err));
        CHECK(poll(&readable, 1, 0) == 1);
        append(pools[1], "1");
        while ((next = plsm_stream_next_view(stream, 0, &view, &err)) >= 0 && next != PLSM_NEXT_DEADLINE) {
            if (next == PLSM_NEXT_MESSAGE)
                messages++;
            else
                CHECK(next == PLSM_NEXT_TIMEOUT && poll(&readable, 1, -1) == 1);
        }
        // Fewer on a machine that is slower than the time.
        CHECK(next == PLSM_NEXT_DEADLINE && messages <= 1);
        CHECK(poll(&readable, 1, 0) == 1);
        plsm_stream_free(stream);
    }
    free_both(pools);
}

// A stream that was moved begins its maximum anew, forwards and backwards.
static void maxima_of_moved_streams(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pools[2] = {NULL, NULL};
    open_both("moved", pools);
    for (int n = 0; n < 9; n++) append(pools[1], "1");
    for (int n = 0; n < 4; n++) {
        plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
        plsm_stream_t *stream = NULL;
        plsm_view_t view;
        const int back = n / 2;
        options.flags = back ? PLSM_TAIL_BACKWARDS : 0;
        options.start = PLSM_START_SEQ;
        options.start_value = 5;
        options.has_max = 1;
        options.max_messages = 2;
        OK(plsm_pool_tail(pools[n % 2], &options, &stream, &err));
        const uint64_t starts[] = {5, 7, 3};
        for (int at = 0; at < 3; at++) {
            if (at > 0) OK(plsm_stream_seek(stream, PLSM_START_SEQ, starts[at], &err));
            for (int of = 0; of < 2; of++) {
                GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &err));
                CHECK_U64(view.seq, back ? starts[at] - of : starts[at] + of);
            }
            GIVES(PLSM_NEXT_END, plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &err));
        }
        plsm_stream_free(stream);
    }
    free_both(pools);
}

static void *takes_one(void *stream) {
    plsm_error_t *err = NULL;
    plsm_view_t view;
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &err));
    return NULL;
}

// A call waits as long as it says, also while another thread sleeps in the stream.
static void shared_streams(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pools[2] = {NULL, NULL};
    open_both("shared", pools);
    for (int n = 0; n < 2; n++) {
        plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
        plsm_stream_t *stream = NULL;
        plsm_stream_stats_t stats;
        plsm_view_t view;
        pthread_t sleeper;
        size_t ready;
        options.start = PLSM_START_NOW;
        OK(plsm_pool_tail(pools[n], &options, &stream, &err));
        CHECK(pthread_create(&sleeper, NULL, takes_one, stream) == 0);
        pause_ms(50);
        GIVES(PLSM_NEXT_TIMEOUT, plsm_stream_next_view(stream, 0, &view, &err));
        GIVES(PLSM_NEXT_TIMEOUT, plsm_stream_next_view(stream, 5, &view, &err));
        CHECK(plsm_wait_any(&stream, 1, 0, &ready, &err) == 0);
        append(pools[1], "1");
        pthread_join(sleeper, NULL);
        GIVES(PLSM_NEXT_TIMEOUT, plsm_stream_next_view(stream, 0, &view, &err));
        OK(plsm_stream_stats(stream, &stats, &err));
        CHECK_U64(stats.delivered, 1);
        plsm_stream_free(stream);
    }
    free_both(pools);
}

int main(void) {
    start_server(NULL);
    far = client_of(base);
    near = scratch_client();
    spoilt_messages();
    cancels_at_any_moment();
    seeks_that_fail();
    descriptors_tell_deadlines();
    maxima_of_moved_streams();
    shared_streams();
    plsm_client_free(far);
    stop_server();
    return finish("remote_streams");
}
