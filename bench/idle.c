// Tails that wait: how soon one has a message, and what a thousand cost.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "benches.h"
#include "messages.h"
#include "pools.h"
#include "result.h"
#include "wire.h"

#define TRIPS 2000u // a round
#define TAILS 1000u
#define PAUSE_NS 300000u // so that everybody sleeps

struct echo {
    int listener;
};

// Echoes each byte that comes on one connection; with 'F' it writes a message to each of the others.
static void echo(void *argument) {
    struct echo *echo = argument;
    int control = accept(echo->listener, NULL, NULL), on = 1;
    setsockopt(control, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    static int others[TAILS];
    static char line[200];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (unsigned i = 0; i < TAILS; i++) {
        others[i] = accept(echo->listener, NULL, NULL);
        if (others[i] < 0) die("cannot accept");
    }
    char byte;
    while (read(control, &byte, 1) == 1) {
        if (byte == 'F') {
            for (unsigned i = 0; i < TAILS; i++)
                if (write(others[i], line, sizeof line) != sizeof line) die("cannot write");
        } else if (write(control, &byte, 1) != 1) die("cannot answer");
    }
}

static struct wire *tail_open(uint16_t port) {
    struct wire *wire = wire_connect(port);
    static const char request[] = "GET /v0/pools/idle/tail?start=now HTTP/1.1\r\nhost: localhost\r\n\r\n";
    wire_send(wire, request, sizeof request - 1);
    wire_http_head(wire);
    return wire;
}

static void append_one(plsm_pool_t *pool, uint64_t number) {
    const plsm_bytes_t *text = &standard_messages()->text[number % MESSAGES];
    plsm_error_t *error = NULL;
    if (plsm_pool_append(pool, text->data, text->len, NULL, NULL, &error) != 0) die_of(error, "append");
}

static void read_message(struct wire *wire) {
    while (wire_line(wire)[0] != '{') {
    }
}

static double trip_us(uint64_t *samples) {
    return (double)percentile(samples, TRIPS, 0.5) / 1000;
}

void bench_idle(void) {
    static struct wire *plain[TAILS], *tails[TAILS];
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    if (files.rlim_cur < 2 * TAILS + 64 || setrlimit(RLIMIT_NOFILE, &files) != 0) {
        for (int row = ROW_HTTP_WAKE; row <= ROW_IDLE_MEMORY; row++) row_not_run((enum row)row, "too few open files are allowed (ulimit -n)");
        return;
    }
    struct echo *server = shared_memory(sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&address, size) != 0 || listen(server->listener, 4096) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &size) != 0)
        die("cannot listen");
    pid_t child = child_start(-1, echo, server);
    struct wire *control = wire_connect(ntohs(address.sin_port));
    for (unsigned i = 0; i < TAILS; i++) plain[i] = wire_connect(ntohs(address.sin_port));
    uint16_t port;
    plsm_pool_t *pool = pool_create("idle", POOL_SIZE);
    pid_t serving = serve_start(TAILS + 8, &port);
    struct wire *one = tail_open(port);
    standard_messages();
    uint64_t *samples = malloc(TRIPS * sizeof *samples);
    if (samples == NULL) die("out of memory");
    double trip[rounds], wake[rounds], floor_us[rounds], reach_us[rounds];
    for (unsigned round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < TRIPS; i++) {
            sleep_ns(PAUSE_NS);
            uint64_t start = now_ns();
            wire_send(control, "x", 1);
            wire_skip(control, 1);
            samples[i] = now_ns() - start;
        }
        trip[round] = trip_us(samples);
        for (unsigned i = 0; i < TRIPS; i++) {
            sleep_ns(PAUSE_NS);
            uint64_t start = now_ns();
            append_one(pool, i);
            read_message(one);
            samples[i] = now_ns() - start;
        }
        wake[round] = trip_us(samples);
        row_ratio(ROW_HTTP_WAKE, wake[round] / trip[round]);
    }
    wire_close(one);
    long before = resident_kib(serving);
    for (unsigned i = 0; i < TAILS; i++) tails[i] = tail_open(port);
    for (unsigned round = 0; round < rounds; round++) {
        sleep_ns(20 * MS);
        uint64_t start = now_ns();
        wire_send(control, "F", 1);
        for (unsigned i = 0; i < TAILS; i++) wire_line(plain[i]);
        floor_us[round] = (double)(now_ns() - start) / 1000;
        sleep_ns(20 * MS);
        start = now_ns();
        append_one(pool, round);
        for (unsigned i = 0; i < TAILS; i++) read_message(tails[i]);
        reach_us[round] = (double)(now_ns() - start) / 1000;
        row_ratio(ROW_IDLE_REACH, reach_us[round] / floor_us[round]);
        row_ratio(ROW_IDLE_MEMORY, (double)(resident_kib(serving) - before) / TAILS);
    }
    row_about(ROW_HTTP_WAKE, "%.1f us, round trip %.1f us", median(wake, rounds), median(trip, rounds));
    row_about(ROW_IDLE_REACH, "%.1f ms for all, plain %.1f ms", median(reach_us, rounds) / 1000, median(floor_us, rounds) / 1000);
    row_about(ROW_IDLE_MEMORY, "KiB of the server's own memory a tail, connection included");
    wire_close(control);
    child_join(child);
    for (unsigned i = 0; i < TAILS; i++) wire_close(tails[i]), wire_close(plain[i]);
    server_stop(serving);
    plsm_pool_free(pool);
    pool_delete("idle");
}
