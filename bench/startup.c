// One-shot commands from start to end, against an empty C program linked to the same library.
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "benches.h"
#include "command.h"
#include "pools.h"
#include "result.h"

#define RUNS 60u // a round

static double median_run(char *const argv[], int quiet_in, int quiet_out) {
    double took[RUNS];
    for (unsigned i = 0; i < RUNS; i++) {
        uint64_t start = now_ns();
        command_wait(command_start(argv, quiet_in, quiet_out), argv[0], 0);
        took[i] = (double)(now_ns() - start) / 1000;
    }
    return median(took, RUNS);
}

void bench_startup(void) {
    char *plasmite = (char *)required_env("PLASMITE_BENCH_CLI"), *empty = (char *)required_env("PLASMITE_BENCH_EMPTY");
    if (access(plasmite, X_OK) != 0) {
        row_not_run(ROW_START_VERSION, "target/release/plasmite is missing; run make first");
        row_not_run(ROW_START_FETCH, "target/release/plasmite is missing; run make first");
        return;
    }
    pin_to(0);
    plsm_pool_t *pool = pool_create("fetched", POOL_SIZE);
    fill_pool(pool, 10000);
    plsm_pool_free(pool);
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC), out = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (in < 0 || out < 0) die("cannot open /dev/null");
    char *bare[] = {empty, NULL}, *version[] = {plasmite, "version", NULL};
    char *fetch[] = {plasmite, "--dir", (char *)scratch_dir(), "fetch", "fetched", "5000", NULL};
    double bare_took[rounds], version_took[rounds], fetch_took[rounds];
    median_run(fetch, in, out);
    for (unsigned round = 0; round < rounds; round++) {
        bare_took[round] = median_run(bare, in, out);
        version_took[round] = median_run(version, in, out);
        fetch_took[round] = median_run(fetch, in, out);
        row_ratio(ROW_START_VERSION, version_took[round] / bare_took[round]);
        row_ratio(ROW_START_FETCH, fetch_took[round] / bare_took[round]);
    }
    row_about(ROW_START_VERSION, "%.0f us, empty %.0f us", median(version_took, rounds), median(bare_took, rounds));
    row_about(ROW_START_FETCH, "%.0f us", median(fetch_took, rounds));
    pool_delete("fetched");
}
