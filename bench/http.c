// The server over loopback TCP, beside Redis: appends one by one and in batches, and one tail's delivery.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "benches.h"
#include "messages.h"
#include "pools.h"
#include "result.h"
#include "wire.h"

#define SINGLES 3000u // a round
#define BATCH 64u
#define BATCHES 200u
#define DELIVERED 100000u // messages a tail is sent in a round

// Requests of both kinds, made before the clock starts.
struct request {
    char *bytes;
    size_t len;
};

static struct request http_request(const char *type, const char *body, size_t len) {
    struct request request = {.bytes = malloc(len + 256)};
    if (request.bytes == NULL) die("out of memory");
    int head = snprintf(request.bytes, 256, "POST /v0/pools/http/append HTTP/1.1\r\nhost: localhost\r\ncontent-type: %s\r\ncontent-length: %zu\r\n\r\n", type, len);
    memcpy(request.bytes + head, body, len);
    request.len = (size_t)head + len;
    return request;
}

static struct request *single_requests(void) {
    struct request *requests = calloc(MESSAGES, sizeof *requests);
    for (unsigned i = 0; requests != NULL && i < MESSAGES; i++) {
        plsm_bytes_t text = standard_messages()->text[i];
        char body[512];
        int len = snprintf(body, sizeof body, "{\"data\":%.*s}", (int)text.len, (const char *)text.data);
        requests[i] = http_request("application/json", body, (size_t)len);
    }
    return requests;
}

static struct request *batch_requests(void) {
    struct request *requests = calloc(MESSAGES / BATCH, sizeof *requests);
    static char body[BATCH * 512];
    for (unsigned i = 0; requests != NULL && i < MESSAGES / BATCH; i++) {
        size_t len = 0;
        for (unsigned j = 0; j < BATCH; j++) {
            plsm_bytes_t text = standard_messages()->text[i * BATCH + j];
            len += (size_t)snprintf(body + len, sizeof body - len, "{\"data\":%.*s}\n", (int)text.len, (const char *)text.data);
        }
        requests[i] = http_request("application/jsonl", body, len);
    }
    return requests;
}

static struct request *xadd_requests(void) {
    struct request *requests = calloc(MESSAGES, sizeof *requests);
    for (unsigned i = 0; requests != NULL && i < MESSAGES; i++) {
        plsm_bytes_t text = standard_messages()->text[i];
        requests[i].bytes = malloc(512);
        if (requests[i].bytes == NULL) die("out of memory");
        requests[i].len = (size_t)snprintf(requests[i].bytes, 512, "*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$4\r\ndata\r\n$%zu\r\n%.*s\r\n",
                                           text.len, (int)text.len, (const char *)text.data);
    }
    return requests;
}

static uint64_t send_http(struct wire *wire, const struct request *requests, unsigned distinct, unsigned count) {
    uint64_t start = now_ns();
    for (unsigned i = 0; i < count; i++) {
        wire_send(wire, requests[i % distinct].bytes, requests[i % distinct].len);
        wire_http_answer(wire);
    }
    return now_ns() - start;
}

static uint64_t send_xadd(struct wire *wire, const struct request *requests, unsigned count) {
    uint64_t start = now_ns();
    for (unsigned i = 0; i < count; i++) {
        wire_send(wire, requests[i % MESSAGES].bytes, requests[i % MESSAGES].len);
        const char *line = wire_line(wire);
        if (line[0] != '$') die("redis says: %s", line);
        wire_line(wire);
    }
    return now_ns() - start;
}

// Reads so many lines of a chunked body; each message is one that its writer counted.
static uint64_t read_tail(uint16_t port, uint64_t count) {
    struct wire *wire = wire_connect(port);
    char request[160];
    int len = snprintf(request, sizeof request, "GET /v0/pools/http/tail?tail=%llu&max=%llu HTTP/1.1\r\nhost: localhost\r\n\r\n",
                       (unsigned long long)count, (unsigned long long)count);
    uint64_t start = now_ns();
    wire_send(wire, request, (size_t)len);
    wire_http_head(wire);
    uint64_t seen = 0;
    // Chunk sizes stand on lines of their own; lines cut by chunks do not occur, since pieces end with messages.
    for (;;) {
        char *line = wire_line(wire);
        if (line[0] == '{') seen++;
        else if (strcmp(line, "0") == 0) break;
    }
    uint64_t took = now_ns() - start;
    if (seen != count) die("the tail had %llu messages, not %llu", (unsigned long long)seen, (unsigned long long)count);
    wire_close(wire);
    return took;
}

// The same number by XREAD, a thousand at a time.
static uint64_t read_stream(struct wire *wire, uint64_t count) {
    char last[64] = "0";
    uint64_t start = now_ns(), seen = 0;
    while (seen < count) {
        char request[192];
        int len = snprintf(request, sizeof request, "*6\r\n$5\r\nXREAD\r\n$5\r\nCOUNT\r\n$4\r\n1000\r\n$7\r\nSTREAMS\r\n$1\r\ns\r\n$%zu\r\n%s\r\n",
                           strlen(last), last);
        wire_send(wire, request, (size_t)len);
        if (wire_line(wire)[0] != '*') die("redis gives no messages");
        wire_line(wire); // *2
        wire_line(wire); // $1
        wire_line(wire); // s
        unsigned long entries = strtoul(wire_line(wire) + 1, NULL, 10);
        for (unsigned long i = 0; i < entries; i++, seen++) {
            wire_line(wire); // *2
            wire_line(wire); // the id's length
            snprintf(last, sizeof last, "%s", wire_line(wire));
            for (int part = 0; part < 5; part++) wire_line(wire); // *2, $4, data, its length, it
        }
    }
    return now_ns() - start;
}

static void flush_redis(struct wire *wire) {
    wire_send(wire, "*1\r\n$8\r\nFLUSHALL\r\n", 18);
    wire_line(wire);
}

void bench_http(void) {
    uint16_t redis_port, port;
    pid_t redis = redis_start(&redis_port);
    if (redis == 0) {
        for (int row = ROW_HTTP_APPEND; row <= ROW_HTTP_TAIL; row++)
            row_not_run((enum row)row, "redis-server is missing (apt-get install redis-server)");
        return;
    }
    plsm_pool_free(pool_create("http", POOL_SIZE));
    pid_t server = serve_start(64, &port);
    struct request *singles = single_requests(), *batches = batch_requests(), *xadds = xadd_requests();
    if (singles == NULL || batches == NULL || xadds == NULL) die("out of memory");
    struct wire *wire = wire_connect(port), *peer = wire_connect(redis_port);
    pin_to(0);
    double single_us[rounds], batch_us[rounds], xadd_us[rounds], tail_ns[rounds], xread_ns[rounds];
    send_http(wire, singles, MESSAGES, SINGLES);
    send_xadd(peer, xadds, SINGLES);
    for (unsigned round = 0; round < rounds; round++) {
        flush_redis(peer);
        xadd_us[round] = (double)send_xadd(peer, xadds, SINGLES) / SINGLES / 1000;
        single_us[round] = (double)send_http(wire, singles, MESSAGES, SINGLES) / SINGLES / 1000;
        batch_us[round] = (double)send_http(wire, batches, MESSAGES / BATCH, BATCHES) / (BATCHES * BATCH) / 1000;
        row_ratio(ROW_HTTP_APPEND, single_us[round] / xadd_us[round]);
        row_ratio(ROW_HTTP_BATCH, batch_us[round] / xadd_us[round]);
    }
    send_http(wire, batches, MESSAGES / BATCH, 1 + DELIVERED / BATCH);
    flush_redis(peer);
    send_xadd(peer, xadds, DELIVERED);
    for (unsigned round = 0; round < rounds; round++) {
        tail_ns[round] = (double)read_tail(port, DELIVERED) / DELIVERED;
        xread_ns[round] = (double)read_stream(peer, DELIVERED) / DELIVERED;
        row_ratio(ROW_HTTP_TAIL, tail_ns[round] / xread_ns[round]);
    }
    row_about(ROW_HTTP_APPEND, "%.1f us, XADD %.1f us", median(single_us, rounds), median(xadd_us, rounds));
    row_about(ROW_HTTP_BATCH, "%.2f us a message", median(batch_us, rounds));
    row_about(ROW_HTTP_TAIL, "%.0f ns, XREAD %.0f ns", median(tail_ns, rounds), median(xread_ns, rounds));
    wire_close(wire);
    wire_close(peer);
    server_stop(server);
    server_stop(redis);
    pool_delete("http");
}
