// Two writer processes against one; one writer with and without a follower that keeps up on the other CPU.
#include <string.h>

#include "benches.h"
#include "messages.h"
#include "pools.h"
#include "result.h"
#include "team.h"

#define COUNT 800000u // messages written before a follower's eyes: several laps

struct chase {
    uint64_t first; // seq of the first message
    atomic_bool following;
    uint64_t write_ns, written_at, followed_at; // at: on the monotonic clock
    uint64_t delivered, dropped;
};

static void chase_write(void *argument) {
    struct chase *chase = argument;
    plsm_pool_t *pool = pool_open("chase");
    chase->write_ns = append_messages(pool, chase->first - 1, COUNT);
    chase->written_at = now_ns();
    plsm_pool_free(pool);
}

static void chase_follow(void *argument) {
    struct chase *chase = argument;
    plsm_pool_t *pool = pool_open("chase");
    plsm_stream_t *stream = stream_from(pool, chase->first, 0);
    plsm_error_t *error = NULL;
    const struct messages *messages = standard_messages();
    atomic_store(&chase->following, true);
    for (uint64_t seq = chase->first; seq < chase->first + COUNT; seq++) {
        plsm_view_t view;
        int64_t count = 0;
        plsm_bytes_t sensor;
        stream_message(stream, &view);
        if (view.seq != seq) die("the follower expected seq %llu, got %llu", (unsigned long long)seq, (unsigned long long)view.seq);
        if (plsm_view_i64(&view, "count", 5, &count, &error) != 1) die_of(error, "field count");
        if (plsm_view_string(&view, "sensor", 6, &sensor, &error) != 1) die_of(error, "field sensor");
        if (!plsm_view_is_valid(&view)) die("the follower was overtaken at seq %llu", (unsigned long long)seq);
        if (count != messages->count[(seq - 1) % MESSAGES]) die("seq %llu holds another message", (unsigned long long)seq);
    }
    chase->followed_at = now_ns();
    plsm_stream_stats_t stats;
    memset(&stats, 0, sizeof stats);
    if (plsm_stream_stats(stream, &stats, &error) != 0) die_of(error, "stream stats");
    chase->delivered = stats.delivered;
    chase->dropped = stats.dropped;
    plsm_stream_free(stream);
    plsm_pool_free(pool);
}

// Messages a second of the writer.
static double chase_rate(struct chase *chase, bool followed) {
    plsm_pool_t *pool = pool_open("chase");
    chase->first = pool_bounds(pool).newest + 1;
    plsm_pool_free(pool);
    atomic_store(&chase->following, false);
    pid_t follower = 0;
    if (followed) {
        follower = child_start(1, chase_follow, chase);
        for (int tries = 0; !atomic_load(&chase->following); tries++) {
            if (tries == 30000) die("the follower does not start");
            sleep_ns(MS);
        }
    }
    pid_t writer = child_start(0, chase_write, chase);
    child_join(writer);
    if (followed) {
        child_join(follower);
        if (chase->delivered != COUNT || chase->dropped != 0)
            die("the follower fell behind: %llu delivered, %llu lost", (unsigned long long)chase->delivered,
                (unsigned long long)chase->dropped);
    }
    return COUNT * 1e9 / (double)chase->write_ns;
}

void bench_writers(void) {
    if (cpu_count() < 2) {
        row_not_run(ROW_TWO_WRITERS, "needs two CPUs");
        row_not_run(ROW_WITH_FOLLOWER, "needs two CPUs");
        return;
    }
    standard_messages();
    plsm_pool_t *pool = pool_create("team", POOL_SIZE);
    fill_pool(pool, 512000); // touches every page
    plsm_pool_free(pool);
    pool = pool_create("chase", POOL_SIZE);
    fill_pool(pool, 125 * MESSAGES); // seq - 1 stays the message's number
    plsm_pool_free(pool);
    struct team_job one = {.pool = "team", .writers = 1, .pinned = true, .run_ns = 300 * MS}, two = one;
    two.writers = 2;
    struct chase *chase = shared_memory(sizeof *chase);
    double rate[rounds], behind[rounds], followed_rate[rounds];
    for (unsigned round = 0; round < rounds; round++) {
        double alone = team_rate(&one);
        rate[round] = team_rate(&two);
        row_ratio(ROW_TWO_WRITERS, rate[round] / alone);
    }
    row_about(ROW_TWO_WRITERS, "%.2f M/s together", median(rate, rounds) / 1e6);
    for (unsigned round = 0; round < rounds; round++) {
        double alone = chase_rate(chase, false);
        followed_rate[round] = chase_rate(chase, true);
        behind[round] = chase->followed_at > chase->written_at ? (double)(chase->followed_at - chase->written_at) / 1000 : 0;
        row_ratio(ROW_WITH_FOLLOWER, followed_rate[round] / alone);
    }
    row_about(ROW_WITH_FOLLOWER, "%.2f M/s, all %u followed, nothing lost, last one %.0f us after the writer", median(followed_rate, rounds) / 1e6,
              COUNT, median(behind, rounds));
    pool_delete("team");
    pool_delete("chase");
}
