// Several writers, processes or threads, that append to one pool for a while.
#define _GNU_SOURCE
#include "team.h"

#include <pthread.h>
#include <sys/mman.h>

#include "common.h"
#include "messages.h"
#include "pools.h"

#define MOST_WRITERS 8u

struct team {
    const struct team_job *job;
    _Alignas(64) atomic_uint joined; // hands out writer numbers
    atomic_uint ready;
    _Alignas(64) atomic_bool go, stop;
    double rate[MOST_WRITERS];
};

static void write_until_stopped(struct team *team) {
    const struct messages *messages = standard_messages();
    plsm_pool_t *pool = pool_open(team->job->pool);
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    options.durability = team->job->flush ? 1 : 0;
    options.has_lock_wait = 1;
    options.lock_wait_ms = PLSM_WAIT_FOREVER;
    uint64_t between_looks = team->job->flush ? 1 : 256;
    plsm_error_t *error = NULL;
    unsigned number = atomic_fetch_add(&team->joined, 1);
    uint64_t done = 0;
    atomic_fetch_add(&team->ready, 1);
    while (!atomic_load(&team->go)) sleep_ns(20000);
    uint64_t start = now_ns();
    while (!atomic_load_explicit(&team->stop, memory_order_relaxed)) {
        for (uint64_t i = 0; i < between_looks; i++, done++) {
            const plsm_bytes_t *text = &messages->text[done % MESSAGES];
            if (plsm_pool_append(pool, text->data, text->len, &options, NULL, &error) != 0) die_of(error, "append");
        }
    }
    team->rate[number] = (double)done * 1e9 / (double)(now_ns() - start);
    plsm_pool_free(pool);
}

static void writer_process(void *argument) {
    write_until_stopped(argument);
}

static void *writer_thread(void *argument) {
    write_until_stopped(argument);
    return NULL;
}

double team_rate(const struct team_job *job) {
    if (job->writers > MOST_WRITERS) die("a team has at most %u writers", MOST_WRITERS);
    struct team *team = shared_memory(sizeof *team);
    team->job = job;
    standard_messages();
    pid_t children[MOST_WRITERS];
    pthread_t threads[MOST_WRITERS];
    for (unsigned i = 0; i < job->writers; i++) {
        if (!job->threads) children[i] = child_start(job->pinned ? (int)i : -1, writer_process, team);
        else if (pthread_create(&threads[i], NULL, writer_thread, team) != 0) die("cannot start a thread");
    }
    while (atomic_load(&team->ready) < job->writers) sleep_ns(MS / 10);
    atomic_store(&team->go, true);
    sleep_ns(job->run_ns);
    atomic_store(&team->stop, true);
    double together = 0;
    for (unsigned i = 0; i < job->writers; i++) {
        if (job->threads) pthread_join(threads[i], NULL);
        else child_join(children[i]);
    }
    for (unsigned i = 0; i < job->writers; i++) together += team->rate[i];
    munmap(team, sizeof *team);
    return together;
}
