// Sockets, and the servers behind them: `plasmite serve`, redis-server, a plain echo.
#ifndef PLASMITE_BENCH_WIRE_H
#define PLASMITE_BENCH_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// A connection, read through a buffer.
struct wire {
    int fd;
    size_t start, end;
    char buffer[1 << 16];
};

// To 127.0.0.1; dies when that fails.
struct wire *wire_connect(uint16_t port);
void wire_close(struct wire *wire);
void wire_send(struct wire *wire, const void *bytes, size_t len);
// The next line without its end, valid until the next call; dies at the end of the stream.
char *wire_line(struct wire *wire);
// Passes over so many bytes.
void wire_skip(struct wire *wire, size_t len);
// Reads an answer of HTTP to its end; dies unless it is 200 with a content-length.
void wire_http_answer(struct wire *wire);
// Reads the head of an answer; dies unless it is 200.
void wire_http_head(struct wire *wire);

// Starts `plasmite serve` on the pools of scratch_dir() with room for so many tails; its port.
pid_t serve_start(unsigned tails, uint16_t *port);
// Starts redis-server without persistence; 0 when it is not installed.
pid_t redis_start(uint16_t *port);
// Ends either.
void server_stop(pid_t server);
// Resident memory in KiB.
long resident_kib(pid_t process);

#endif
