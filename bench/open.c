// Open, one get and close of a pool, against the system calls that mapping that file takes.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "benches.h"
#include "pools.h"
#include "result.h"

#define TURNS 20u  // a round
#define COUNT 150u // a turn

static double open_pool(plsm_client_t *client, uint64_t seq) {
    plsm_error_t *error = NULL;
    uint64_t start = now_ns();
    for (unsigned i = 0; i < COUNT; i++) {
        plsm_pool_t *pool;
        plsm_buf_t message;
        if (plsm_pool_open(client, "open", &pool, &error) != 0) die_of(error, "open pool");
        if (plsm_pool_get_json(pool, seq, &message, &error) != 0) die_of(error, "get");
        plsm_buf_free(&message);
        plsm_pool_free(pool);
    }
    return (double)(now_ns() - start) / COUNT;
}

static double open_bare(const char *path) {
    uint64_t start = now_ns();
    for (unsigned i = 0; i < COUNT; i++) {
        int fd = open(path, O_RDWR | O_CLOEXEC);
        struct stat status;
        if (fd < 0 || fstat(fd, &status) != 0) die("cannot open %s: %s", path, strerror(errno));
        volatile uint8_t *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (bytes == MAP_FAILED || bytes[0] != 'P') die("cannot map %s", path);
        munmap((void *)(uintptr_t)bytes, (size_t)status.st_size);
        close(fd);
    }
    return (double)(now_ns() - start) / COUNT;
}

void bench_open(void) {
    pin_to(0);
    plsm_pool_t *pool = pool_create("open", POOL_SIZE);
    fill_pool(pool, 10000);
    plsm_pool_free(pool);
    plsm_client_t *client = client_new();
    char *path = scratch_path("open.plasmite");
    double took[rounds], bare_took[rounds];
    open_pool(client, 5000);
    for (unsigned round = 0; round < rounds; round++) {
        bare_took[round] = took[round] = 0;
        for (unsigned turn = 0; turn < TURNS; turn++) {
            bare_took[round] += open_bare(path) / 1000 / TURNS;
            took[round] += open_pool(client, 5000) / 1000 / TURNS;
        }
        row_ratio(ROW_OPEN, took[round] / bare_took[round]);
    }
    row_about(ROW_OPEN, "%.1f us, bare %.1f us", median(took, rounds), median(bare_took, rounds));
    plsm_client_free(client);
    pool_delete("open");
}
