// Two writer processes against one of them alone.
#include "benches.h"
#include "messages.h"
#include "pools.h"
#include "result.h"
#include "team.h"

void bench_two_writers(void) {
    if (cpu_count() < 2) {
        row_not_run(ROW_TWO_WRITERS, "needs two CPUs");
        return;
    }
    plsm_pool_t *pool = pool_create("team", POOL_SIZE);
    fill_pool(pool, 512000); // touches every page
    plsm_pool_free(pool);
    struct team_job one = {.pool = "team", .writers = 1, .pinned = true, .run_ns = 300 * MS}, two = one;
    two.writers = 2;
    double rate[rounds];
    for (unsigned round = 0; round < rounds; round++) {
        double alone = team_rate(&one);
        rate[round] = team_rate(&two);
        row_ratio(ROW_TWO_WRITERS, rate[round] / alone);
    }
    row_about(ROW_TWO_WRITERS, "%.2f M/s together", median(rate, rounds) / 1e6);
    pool_delete("team");
}
