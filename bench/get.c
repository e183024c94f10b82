// Get by random seq: a 1 GiB pool holding millions against a 1 MiB pool.
#define _GNU_SOURCE // MAP_POPULATE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "benches.h"
#include "messages.h"
#include "pools.h"
#include "result.h"

#define GETS 50000u

struct lookup {
    plsm_pool_t *pool;
    uint64_t *seqs; // GETS of them, in random order
};

static struct lookup lookup_prepare(const char *name, uint64_t size, uint64_t messages) {
    struct lookup lookup = {.pool = pool_create(name, size), .seqs = malloc(GETS * sizeof(uint64_t))};
    if (lookup.seqs == NULL) die("out of memory");
    fill_pool(lookup.pool, messages);
    plsm_bounds_t bounds = pool_bounds(lookup.pool);
    if (bounds.newest != messages || bounds.oldest == 1) die("%s: expected a full pool, found %llu to %llu", name,
                                                             (unsigned long long)bounds.oldest, (unsigned long long)bounds.newest);
    uint64_t state = 7;
    for (unsigned i = 0; i < GETS; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        lookup.seqs[i] = bounds.oldest + (state >> 33) % (bounds.newest - bounds.oldest + 1);
    }
    return lookup;
}

static double get_json(const struct lookup *lookup) {
    plsm_error_t *error = NULL;
    uint64_t start = now_ns();
    for (unsigned i = 0; i < GETS; i++) {
        plsm_buf_t envelope;
        if (plsm_pool_get_json(lookup->pool, lookup->seqs[i], &envelope, &error) != 0) die_of(error, "get as JSON");
        plsm_buf_free(&envelope);
    }
    return (double)(now_ns() - start) / GETS;
}

static double get_view(const struct lookup *lookup) {
    plsm_error_t *error = NULL;
    uint64_t start = now_ns();
    for (unsigned i = 0; i < GETS; i++) {
        plsm_view_t view;
        if (plsm_pool_get_view(lookup->pool, lookup->seqs[i], &view, &error) != 0) die_of(error, "get as a view");
        if (view.seq != lookup->seqs[i]) die("got seq %llu", (unsigned long long)view.seq);
    }
    return (double)(now_ns() - start) / GETS;
}

// What no lookup can do without: one word of the index, then, knowing it, the four lines of a frame. Nothing else is done with them.
static double bare_lookup(plsm_pool_t *pool) {
    plsm_pool_info_t info = pool_info(pool);
    int fd = open(plsm_pool_path(pool), O_RDONLY | O_CLOEXEC);
    if (fd < 0) die("cannot open the pool's file");
    const uint8_t *bytes = mmap(NULL, info.file_size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED) die("cannot map the pool's file");
    const volatile uint64_t *index = (const volatile uint64_t *)(bytes + info.index_offset);
    const volatile uint64_t *ring = (const volatile uint64_t *)(bytes + info.ring_offset);
    uint64_t slots = info.index_size_bytes / 8, frames = info.ring_size / 256, state = 7, seen = 0;
    uint64_t start = now_ns();
    for (unsigned i = 0; i < GETS; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        uint64_t slot = index[(state >> 33) % slots];
        // The slot decides where to look, as in a lookup; which frame that is does not matter.
        uint64_t frame = ((state >> 20) + slot) % frames;
        for (unsigned line = 0; line < 4; line++) seen += ring[frame * 32 + line * 8];
        state ^= seen & 1;
    }
    double took = (double)(now_ns() - start) / GETS;
    munmap((void *)bytes, info.file_size);
    return took;
}

void bench_get(void) {
    pin_to(0);
    struct lookup small = lookup_prepare("get-small", MIB, 50000);
    struct lookup large = lookup_prepare("get-large", 1024ull * MIB, 9000000);
    plsm_bounds_t bounds = pool_bounds(large.pool);
    uint64_t held = bounds.newest - bounds.oldest + 1;
    get_json(&small);
    get_json(&large);
    double json_took[SHORT_ROUNDS], view_took[SHORT_ROUNDS], bare[SHORT_ROUNDS], bare_small[SHORT_ROUNDS];
    for (unsigned round = 0; round < SHORT_ROUNDS; round++) {
        double json = get_json(&small), view = get_view(&small);
        json_took[round] = get_json(&large);
        view_took[round] = get_view(&large);
        bare[round] = bare_lookup(large.pool);
        bare_small[round] = bare_lookup(small.pool);
        row_ratio(ROW_GET_JSON, json_took[round] / json);
        row_ratio(ROW_GET_VIEW, view_took[round] / view);
    }
    row_about(ROW_GET_JSON, "%.0f ns among %.1f million", median(json_took, SHORT_ROUNDS), (double)held / 1e6);
    row_about(ROW_GET_VIEW, "%.0f ns; an index word and then a frame's lines, just touched: %.0f ns, in the small pool %.0f ns",
              median(view_took, SHORT_ROUNDS), median(bare, SHORT_ROUNDS), median(bare_small, SHORT_ROUNDS));
    plsm_pool_free(small.pool);
    plsm_pool_free(large.pool);
    pool_delete("get-small");
    pool_delete("get-large");
}
