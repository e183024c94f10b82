// One writer with and without a follower that keeps up on the other CPU.
#include <string.h>

#include "benches.h"
#include "messages.h"
#include "pools.h"
#include "result.h"

#define COUNT 800000u // messages written before a follower's eyes: several laps

struct chase {
    uint64_t first; // seq of the first message
    atomic_bool following;
    bool overtaken;                  // the follower lost a message
    uint64_t write_ns;               // what the writer took
    uint64_t written_at, followed_at; // on the monotonic clock
};

static void chase_write(void *argument) {
    struct chase *chase = argument;
    plsm_pool_t *pool = pool_open("chase");
    chase->write_ns = append_messages(pool, chase->first - 1, COUNT);
    chase->written_at = now_ns();
    plsm_pool_free(pool);
}

// Takes one message and two of its fields; false when the ring ran over it before it was done.
static bool follow_one(plsm_stream_t *stream, uint64_t seq) {
    plsm_error_t *error = NULL;
    plsm_view_t view;
    int next = plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &error);
    if (next == PLSM_NEXT_ERROR && error != NULL && error->kind == PLSM_ERROR_RETENTION_GAP) return false;
    if (next != PLSM_NEXT_MESSAGE) die_of(error, "next message");
    if (view.seq != seq) die("the follower expected seq %llu, got %llu", (unsigned long long)seq, (unsigned long long)view.seq);
    int64_t count = 0;
    plsm_bytes_t sensor;
    bool read = plsm_view_i64(&view, "count", 5, &count, &error) == 1 && plsm_view_string(&view, "sensor", 6, &sensor, &error) == 1;
    if (!plsm_view_is_valid(&view)) return false;
    if (!read) die_of(error, "fields of a valid view");
    if (count != standard_messages()->count[(seq - 1) % MESSAGES]) die("seq %llu holds another message", (unsigned long long)seq);
    return true;
}

static void chase_follow(void *argument) {
    struct chase *chase = argument;
    plsm_pool_t *pool = pool_open("chase");
    plsm_stream_t *stream = stream_from(pool, chase->first, 0);
    atomic_store(&chase->following, true);
    uint64_t seq = chase->first, end = seq + COUNT;
    while (seq < end && follow_one(stream, seq)) seq++;
    chase->followed_at = now_ns();
    chase->overtaken = seq < end;
    plsm_stream_free(stream);
    plsm_pool_free(pool);
}

// Messages a second of the writer.
static double chase_rate(struct chase *chase, bool followed) {
    plsm_pool_t *pool = pool_open("chase");
    chase->first = pool_bounds(pool).newest + 1;
    plsm_pool_free(pool);
    atomic_store(&chase->following, false);
    pid_t follower = followed ? child_start(1, chase_follow, chase) : 0;
    for (int tries = 0; followed && !atomic_load(&chase->following); tries++) {
        if (tries == 30000) die("the follower does not start");
        sleep_ns(MS);
    }
    child_join(child_start(0, chase_write, chase));
    if (followed) child_join(follower);
    return COUNT * 1e9 / (double)chase->write_ns;
}

void bench_follower(void) {
    if (cpu_count() < 2) {
        row_not_run(ROW_WITH_FOLLOWER, "needs two CPUs");
        return;
    }
    standard_messages();
    plsm_pool_t *pool = pool_create("chase", POOL_SIZE);
    fill_pool(pool, 125 * MESSAGES); // every page touched; seq - 1 stays the message's number
    plsm_pool_free(pool);
    struct chase *chase = shared_memory(sizeof *chase);
    double rate[rounds], behind[rounds];
    unsigned round = 0, lost = 0;
    // A round in which the follower was overtaken says nothing: it is counted and repeated.
    while (round < rounds && lost <= 2 * rounds) {
        double alone = chase_rate(chase, false);
        rate[round] = chase_rate(chase, true);
        if (chase->overtaken) {
            lost++;
            continue;
        }
        behind[round] = chase->followed_at > chase->written_at ? (double)(chase->followed_at - chase->written_at) / 1000 : 0;
        row_ratio(ROW_WITH_FOLLOWER, rate[round] / alone);
        round++;
    }
    if (round < rounds) die("the follower was overtaken in %u rounds of %u", lost, lost + round);
    row_about(ROW_WITH_FOLLOWER, "%.2f M/s, nothing lost, last message %.0f us after the writer's; overtaken and repeated: %u rounds",
              median(rate, rounds) / 1e6, median(behind, rounds), lost);
    pool_delete("chase");
}
