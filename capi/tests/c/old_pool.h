// old_pool.h: writes pools of format 3, as builds up to version 1.2 did.
#ifndef OLD_POOL_H
#define OLD_POOL_H

#include "check.h"

#include <fcntl.h>

enum { FILE_SIZE = 16384, RING = 4096, FRAME = 64 };

static void put(unsigned char *at, uint64_t number, int bytes) {
    for (int i = 0; i < bytes; i++) at[i] = (unsigned char)(number >> 8 * i);
}

// Writes a pool with messages `first` to `last`.
static void write_old_pool(const char *path, uint64_t first, uint64_t last) {
    static unsigned char file[FILE_SIZE];
    plsm_error_t *err = NULL;
    size_t at = RING;
    memset(file, 0, sizeof file);
    memcpy(file, "PLSM\3\0\0\0\1", 9);
    put(file + 16, FILE_SIZE, 8);
    put(file + 24, 4096, 8);
    put(file + 40, RING, 8);
    put(file + 48, FILE_SIZE - RING, 8);
    put(file + 88, first, 8);
    put(file + 96, last, 8);
    for (uint64_t seq = first; seq <= last; seq++) {
        char json[128];
        plsm_buf_t payload = {NULL, 0};
        snprintf(json, sizeof json, "{\"meta\":{\"tags\":[\"old\"]},\"data\":{\"n\":%" PRIu64 "}}", seq);
        OK(plsm_lite3_from_json((const uint8_t *)json, strlen(json), &payload, &err));
        memcpy(file + at, "FRM1\2\0\0\0\0\0\0\0\100\0\0\0", 16);
        put(file + at + 16, seq, 8);
        put(file + at + 24, seq * 1000, 8);
        put(file + at + 32, payload.len, 4);
        put(file + at + 36, ~(uint64_t)payload.len, 4);
        memcpy(file + at + FRAME, payload.data, payload.len);
        memcpy(file + at + FRAME + payload.len, "PLSMCMIT", 8);
        at += (FRAME + payload.len + 8 + 7) & ~(size_t)7;
        CHECK(at <= FILE_SIZE);
        plsm_buf_free(&payload);
    }
    put(file + 64, at - RING, 8);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    CHECK(fd >= 0 && write(fd, file, sizeof file) == (ssize_t)sizeof file);
    close(fd);
}

#endif
