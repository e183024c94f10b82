// Bytes of a pool's ring that a message takes beyond its payload.
#include "benches.h"
#include "pools.h"
#include "result.h"

#define COUNT 40960u // fits without a lap, so no message is lost between the two looks

void bench_framing(void) {
    plsm_pool_t *pool = pool_create("framing", POOL_SIZE);
    plsm_error_t *error = NULL;
    fill_pool(pool, COUNT);
    plsm_pool_info_t info = pool_info(pool);
    if (info.bounds.oldest != 1 || info.bounds.newest != COUNT) die("the pool lost messages");
    uint64_t payload = 0;
    for (uint64_t seq = 1; seq <= COUNT; seq++) {
        plsm_view_t view;
        if (plsm_pool_get_view(pool, seq, &view, &error) != 0) die_of(error, "get");
        payload += view.payload_len;
    }
    row_ratio(ROW_FRAMING, (double)(info.used_bytes - payload) / COUNT);
    row_about(ROW_FRAMING, "header, trailer and padding; payload %.1f bytes; index 1/%.0f of the ring", (double)payload / COUNT,
              info.index_size_bytes ? (double)info.ring_size / (double)info.index_size_bytes : 0);
    plsm_pool_free(pool);
    pool_delete("framing");
}
