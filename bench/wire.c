// Sockets, and the servers behind them.
#define _GNU_SOURCE
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "common.h"

static int try_connect(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (fd < 0) die("no socket: %s", strerror(errno));
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

struct wire *wire_connect(uint16_t port) {
    struct wire *wire = malloc(sizeof *wire);
    if (wire == NULL) die("out of memory");
    wire->start = wire->end = 0;
    wire->fd = try_connect(port);
    if (wire->fd < 0) die("cannot connect to port %u: %s", port, strerror(errno));
    return wire;
}

void wire_close(struct wire *wire) {
    close(wire->fd);
    free(wire);
}

void wire_send(struct wire *wire, const void *bytes, size_t len) {
    for (const char *rest = bytes; len > 0;) {
        ssize_t sent = write(wire->fd, rest, len);
        if (sent < 0) die("cannot send: %s", strerror(errno));
        rest += sent;
        len -= (size_t)sent;
    }
}

static void fill(struct wire *wire) {
    if (wire->start > 0) {
        memmove(wire->buffer, wire->buffer + wire->start, wire->end - wire->start);
        wire->end -= wire->start;
        wire->start = 0;
    }
    if (wire->end == sizeof wire->buffer) die("a line is too long");
    ssize_t got = read(wire->fd, wire->buffer + wire->end, sizeof wire->buffer - wire->end);
    if (got <= 0) die("the connection ended");
    wire->end += (size_t)got;
}

char *wire_line(struct wire *wire) {
    for (size_t seen = 0;;) {
        char *from = wire->buffer + wire->start, *end = memchr(from + seen, '\n', wire->end - wire->start - seen);
        if (end != NULL) {
            wire->start += (size_t)(end - from) + 1;
            *end = 0;
            if (end > from && end[-1] == '\r') end[-1] = 0;
            return from;
        }
        seen = wire->end - wire->start;
        fill(wire);
    }
}

void wire_skip(struct wire *wire, size_t len) {
    for (;;) {
        size_t held = wire->end - wire->start;
        if (held >= len) {
            wire->start += len;
            return;
        }
        len -= held;
        wire->start = wire->end = 0;
        fill(wire);
    }
}

static size_t http_head(struct wire *wire) {
    char *line = wire_line(wire);
    if (strncmp(line, "HTTP/1.1 200", 12) != 0) die("the server says: %s", line);
    size_t length = 0;
    while (*(line = wire_line(wire)) != 0)
        if (strncasecmp(line, "content-length:", 15) == 0) length = strtoul(line + 15, NULL, 10);
    return length;
}

void wire_http_head(struct wire *wire) {
    http_head(wire);
}

void wire_http_answer(struct wire *wire) {
    size_t length = http_head(wire);
    if (length == 0) die("an answer without a length");
    wire_skip(wire, length);
}

static uint16_t free_port(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        die("no free port");
    close(fd);
    return ntohs(address.sin_port);
}

static void wait_for(uint16_t port, pid_t server) {
    for (int fd; (fd = try_connect(port)) < 0; sleep_ns(MS)) {
        if (waitpid(server, NULL, WNOHANG) == server) die("the server did not start");
        continue;
    }
}

static pid_t start_quietly(char *const argv[]) {
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC), out = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (in < 0 || out < 0) die("cannot open /dev/null");
    pid_t child = command_start(argv, in, out);
    close(in);
    close(out);
    return child;
}

pid_t serve_start(unsigned tails, uint16_t *port) {
    *port = free_port();
    char bind_to[32], most[16];
    snprintf(bind_to, sizeof bind_to, "127.0.0.1:%u", *port);
    snprintf(most, sizeof most, "%u", tails);
    char *argv[] = {(char *)required_env("PLASMITE_BENCH_CLI"), "--dir", (char *)scratch_dir(), "serve", "--bind", bind_to,
                    "--max-tail-concurrency", most, "--max-tail-timeout-ms", "600000", NULL};
    pid_t child = start_quietly(argv);
    wait_for(*port, child);
    return child;
}

pid_t redis_start(uint16_t *port) {
    char *version[] = {"redis-server", "--version", NULL}, line[128];
    if (!command_first_line(version, line, sizeof line)) return 0;
    *port = free_port();
    char text[8];
    snprintf(text, sizeof text, "%u", *port);
    char *argv[] = {"redis-server", "--port", text, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", NULL};
    pid_t child = start_quietly(argv);
    wait_for(*port, child);
    return child;
}

void server_stop(pid_t server) {
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
}

long resident_kib(pid_t process) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", process);
    FILE *file = fopen(path, "r");
    long kib = -1;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "RssAnon:", 8) == 0) kib = strtol(line + 8, NULL, 10);
    if (file == NULL || kib < 0) die("cannot read %s", path);
    fclose(file);
    return kib;
}
