// The first message of follow --since in a 1 GiB pool, against that of follow --tail 1.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "benches.h"
#include "command.h"
#include "pools.h"
#include "result.h"

#define RUNS 20u // a round
#define FILLED 5000000u

// From the start of the command to the first byte it prints; then it is killed.
static double first_byte(char *const argv[], int quiet) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) die("cannot make a pipe: %s", strerror(errno));
    uint64_t start = now_ns();
    pid_t child = command_start(argv, quiet, ends[1]);
    struct pollfd ready = {.fd = ends[0], .events = POLLIN};
    if (poll(&ready, 1, 10000) != 1) die("%s printed nothing", argv[0]);
    double took = (double)(now_ns() - start) / 1000;
    kill(child, SIGKILL);
    command_wait(child, argv[0], SIGKILL);
    close(ends[0]);
    close(ends[1]);
    return took;
}

// The time of a message, as --since takes it.
static char *time_of(plsm_pool_t *pool, uint64_t seq) {
    plsm_view_t view;
    plsm_buf_t text;
    plsm_error_t *error = NULL;
    if (plsm_pool_get_view(pool, seq, &view, &error) != 0) die_of(error, "get as a view");
    if (plsm_time_format(view.timestamp_ns, &text, &error) != 0) die_of(error, "write a time");
    char *copy = strndup((const char *)text.data, text.len);
    plsm_buf_free(&text);
    return copy;
}

void bench_since(void) {
    char *plasmite = (char *)required_env("PLASMITE_BENCH_CLI");
    if (access(plasmite, X_OK) != 0) {
        row_not_run(ROW_SINCE, "target/release/plasmite is missing; run make first");
        return;
    }
    pin_to(0);
    plsm_pool_t *pool = pool_create("long", 1024u * MIB);
    fill_pool(pool, FILLED);
    plsm_bounds_t bounds = pool_bounds(pool);
    if (bounds.oldest == 1) die("the pool is not full");
    // Somewhere among them, and nearly the newest.
    char *times[] = {time_of(pool, bounds.oldest + bounds.count / 3), time_of(pool, bounds.newest - 1000)};
    plsm_pool_free(pool);
    int quiet = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char *tail[] = {plasmite, "--dir", (char *)scratch_dir(), "follow", "long", "--tail", "1", NULL};
    char *since[] = {plasmite, "--dir", (char *)scratch_dir(), "follow", "long", "--since", NULL, NULL};
    double tail_took[RUNS], since_took[RUNS], tails[rounds], sinces[rounds];
    first_byte(tail, quiet);
    for (unsigned round = 0; round < rounds; round++) {
        for (unsigned run = 0; run < RUNS; run++) {
            since[6] = times[run % 2];
            tail_took[run] = first_byte(tail, quiet);
            since_took[run] = first_byte(since, quiet);
        }
        tails[round] = median(tail_took, RUNS);
        sinces[round] = median(since_took, RUNS);
        row_ratio(ROW_SINCE, sinces[round] / tails[round]);
    }
    row_about(ROW_SINCE, "%.0f us, --tail 1 %.0f us, among %.1f million", median(sinces, rounds), median(tails, rounds),
              (double)bounds.count / 1e6);
    pool_delete("long");
}
