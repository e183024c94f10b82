// cancel.c: waiting, being woken, being cancelled; many pools; descriptors.
#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>

static plsm_pool_t *pools[3];
static plsm_stream_t *streams[3];

static void open_streams(const char *prefix) {
    plsm_error_t *err = NULL;
    char name[32];
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s%d", prefix, i);
        pools[i] = scratch_pool(name, 65536);
        OK(plsm_pool_tail(pools[i], NULL, &streams[i], &err));
    }
}

static void close_streams(void) {
    for (int i = 0; i < 3; i++) {
        plsm_stream_free(streams[i]);
        plsm_pool_free(pools[i]);
    }
}

static void *cancel_later(void *stream) {
    usleep(20000);
    plsm_stream_cancel((plsm_stream_t *)stream);
    return NULL;
}

static void *append_later(void *pool) {
    usleep(20000);
    append((plsm_pool_t *)pool, "{\"woken\":true}");
    return NULL;
}

static void start(pthread_t *thread, void *(*run)(void *), void *argument) {
    CHECK(pthread_create(thread, NULL, run, argument) == 0);
}

static void cancelling(void) {
    plsm_error_t *err = NULL;
    pthread_t thread;
    plsm_view_t view;
    plsm_bytes_t json;
    plsm_buf_t message = {NULL, 0};
    open_streams("cancel");
    // A call that waits returns; later calls too, until the cancel is taken back.
    start(&thread, cancel_later, streams[0]);
    GIVES(PLSM_NEXT_CANCELLED, plsm_stream_next_view(streams[0], PLSM_WAIT_FOREVER, &view, &err));
    pthread_join(thread, NULL);
    GIVES(PLSM_NEXT_CANCELLED, plsm_stream_next_json(streams[0], PLSM_WAIT_FOREVER, &json, &err));
    NO(plsm_stream_next(streams[0], &message, &err));
    append(pools[0], "1");
    plsm_stream_reset_cancel(streams[0]);
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(streams[0], PLSM_WAIT_FOREVER, &view, &err));
    CHECK_U64(view.seq, 1);
    // The old call ends as well.
    start(&thread, cancel_later, streams[0]);
    NO(plsm_stream_next(streams[0], &message, &err));
    pthread_join(thread, NULL);
    // Before any wait.
    plsm_stream_cancel(streams[1]);
    GIVES(PLSM_NEXT_CANCELLED, plsm_stream_next_view(streams[1], PLSM_WAIT_FOREVER, &view, &err));
    plsm_stream_cancel(NULL);
    plsm_stream_reset_cancel(NULL);
    // A wait that ends by itself.
    GIVES(PLSM_NEXT_TIMEOUT, plsm_stream_next_view(streams[2], 0, &view, &err));
    GIVES(PLSM_NEXT_TIMEOUT, plsm_stream_next_view(streams[2], 10, &view, &err));
    start(&thread, append_later, pools[2]);
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(streams[2], PLSM_WAIT_FOREVER, &view, &err));
    pthread_join(thread, NULL);
    close_streams();
}

static void waiting_on_many(void) {
    plsm_error_t *err = NULL;
    pthread_t thread;
    size_t index = 9;
    plsm_view_t view;
    open_streams("many");
    NO(plsm_wait_any(streams, 3, 0, &index, &err));
    NO(plsm_wait_any(streams, 3, 10, &index, &err));
    CHECK_U64(index, 9);
    start(&thread, append_later, pools[1]);
    YES(plsm_wait_any(streams, 3, PLSM_WAIT_FOREVER, &index, &err));
    CHECK_U64(index, 1);
    pthread_join(thread, NULL);
    // Nothing was taken.
    YES(plsm_wait_any(streams, 3, 0, &index, &err));
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(streams[1], 0, &view, &err));
    NO(plsm_wait_any(streams, 3, 0, &index, &err));
    start(&thread, cancel_later, streams[2]);
    YES(plsm_wait_any(streams, 3, PLSM_WAIT_FOREVER, &index, &err));
    CHECK_U64(index, 2);
    pthread_join(thread, NULL);
    FAILS(PLSM_ERROR_USAGE, plsm_wait_any(streams, 0, 0, &index, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_wait_any(NULL, 3, 0, &index, &err));
    plsm_stream_t *with_null[2] = {streams[0], NULL};
    FAILS(PLSM_ERROR_USAGE, plsm_wait_any(with_null, 2, 0, &index, &err));
    close_streams();
}

static int readable(int fd, int timeout) {
    struct pollfd one = {fd, POLLIN, 0};
    return poll(&one, 1, timeout);
}

static void descriptors(void) {
    plsm_error_t *err = NULL;
    plsm_view_t view;
    int fd = -1, same = -1;
    open_streams("fd");
    OK(plsm_stream_fd(streams[0], &fd, &err));
    OK(plsm_stream_fd(streams[0], &same, &err));
    CHECK(fd >= 0 && fd == same);
    // Readable until a call has found nothing.
    CHECK_U64(readable(fd, 0), 1);
    GIVES(PLSM_NEXT_TIMEOUT, plsm_stream_next_view(streams[0], 0, &view, &err));
    CHECK_U64(readable(fd, 0), 0);
    append(pools[0], "1");
    CHECK_U64(readable(fd, -1), 1);
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(streams[0], 0, &view, &err));
    GIVES(PLSM_NEXT_TIMEOUT, plsm_stream_next_view(streams[0], 0, &view, &err));
    CHECK_U64(readable(fd, 0), 0);
    append(pools[0], "2");
    append(pools[0], "3");
    CHECK_U64(readable(fd, -1), 1);
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(streams[0], 0, &view, &err));
    // One is still there.
    CHECK_U64(readable(fd, -1), 1);
    GIVES(PLSM_NEXT_MESSAGE, plsm_stream_next_view(streams[0], 0, &view, &err));
    plsm_stream_cancel(streams[0]);
    CHECK_U64(readable(fd, -1), 1);
    close_streams();
}

static plsm_stream_t *volatile in_handler;
static int signals_seen;

static void on_signal(int number) {
    (void)number;
    if (++signals_seen == 3) plsm_stream_cancel(in_handler);
}

static void *disturb(void *thread) {
    for (int i = 0; i < 3; i++) {
        usleep(10000);
        pthread_kill(*(pthread_t *)thread, SIGUSR1);
    }
    return NULL;
}

// A signal does not end a wait, nor make it fail; a cancel from its handler does.
static void signals(void) {
    plsm_error_t *err = NULL;
    pthread_t thread, self = pthread_self();
    plsm_view_t view;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal; // without SA_RESTART
    sigaction(SIGUSR1, &action, NULL);
    open_streams("signal");
    in_handler = streams[0];
    start(&thread, disturb, &self);
    GIVES(PLSM_NEXT_CANCELLED, plsm_stream_next_view(streams[0], PLSM_WAIT_FOREVER, &view, &err));
    CHECK_U64(signals_seen, 3);
    pthread_join(thread, NULL);
    close_streams();
}

static void on_every(int number) {
    (void)number;
    plsm_stream_cancel(in_handler);
}

static int over;

// Signals one thread without end; those of the process could come to a thread of the library.
static void *signal_often(void *thread) {
    while (!flag_is_up(&over)) {
        pthread_kill(*(pthread_t *)thread, SIGUSR2);
        usleep(20);
    }
    return NULL;
}

// A cancel may come from a handler that interrupts any call on the stream, wherever it is: a lock would be held by
// the very thread that waits for it.
static void signals_at_any_moment(void) {
    plsm_error_t *err = NULL;
    pthread_t thread, self = pthread_self();
    plsm_view_t view;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_every;
    action.sa_flags = SA_RESTART;
    open_streams("often");
    in_handler = streams[0];
    sigaction(SIGUSR2, &action, NULL);
    start(&thread, signal_often, &self);
    for (int i = 0; i < 400; i++) {
        int fd = -1;
        // Another stream each time: the first descriptor starts a thread.
        plsm_stream_t *stream = NULL;
        OK(plsm_pool_tail(pools[0], NULL, &stream, &err));
        in_handler = stream;
        OK(plsm_stream_fd(stream, &fd, &err));
        for (int j = 0; j < 50; j++) {
            int32_t next = plsm_stream_next_view(stream, j % 2, &view, &err);
            CHECK(next == PLSM_NEXT_TIMEOUT || next == PLSM_NEXT_CANCELLED);
            plsm_stream_reset_cancel(stream);
        }
        in_handler = streams[0];
        plsm_stream_free(stream);
    }
    raise_flag(&over);
    pthread_join(thread, NULL);
    close_streams();
}

int main(void) {
    cancelling();
    waiting_on_many();
    descriptors();
    signals();
    signals_at_any_moment();
    return finish("cancel");
}
