// salvage.c: what is intact of a damaged pool comes out, and what is not is told.
#include "check.h"

#include <fcntl.h>

static void damage(const char *name, uint64_t offset, size_t len) {
    char path[224];
    snprintf(path, sizeof path, "%s/%s.plasmite", scratch(), name);
    static const unsigned char noise[64] = {0xa5, 1, 2, 3};
    int fd = open(path, O_RDWR);
    CHECK(fd >= 0 && len <= sizeof noise && pwrite(fd, noise, len, (off_t)offset) == (ssize_t)len);
    close(fd);
}

// A pool of messages 1 to 9, with message 4 and the control page damaged.
static void damaged_pool(const char *name) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool(name, 65536);
    plsm_frame_place_t frames[9];
    plsm_layout_t layout;
    for (int n = 1; n <= 9; n++) {
        char json[64];
        snprintf(json, sizeof json, "{\"n\":%d,\"text\":\"a message\"}", n);
        CHECK_U64(append(pool, json), n);
    }
    OK(plsm_pool_layout(pool, frames, 9, &layout, &err));
    CHECK_U64(layout.frame_count, 9);
    plsm_pool_free(pool);
    damage(name, frames[3].offset + 48, 8);
    damage(name, 4096 + 8, 8);
}

static void copied(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = scratch_client();
    plsm_salvaged_t made = PLSM_SALVAGED_INIT;
    plsm_gap_t lost[3];
    plsm_pool_t *pool = NULL;
    damaged_pool("p");
    OK(plsm_pool_salvage(client, "p", "new", NULL, &made, lost, 3, &err));
    CHECK_U64(made.struct_size, sizeof made);
    CHECK_U64(made.bounds.oldest, 1);
    CHECK_U64(made.bounds.newest, 9);
    CHECK_U64(made.bounds.count, 8);
    CHECK_U64(made.lost, 1);
    CHECK_U64(made.lost_ranges, 1);
    CHECK_U64(made.size, 65536);
    CHECK_U64(lost[0].first, 4);
    CHECK_U64(lost[0].last, 4);
    CHECK_U64(lost[0].count, 1);
    CHECK_U64(lost[1].first, 0);
    OK(plsm_pool_open(client, "new", &pool, &err));
    for (uint64_t seq = 1; seq <= 9; seq++) {
        plsm_buf_t json = {NULL, 0};
        char want[64];
        if (seq == 4) {
            FAILS(PLSM_ERROR_NOT_FOUND, plsm_pool_get_json(pool, seq, &json, &err));
            continue;
        }
        OK(plsm_pool_get_json(pool, seq, &json, &err));
        snprintf(want, sizeof want, "\"data\":{\"n\":%" PRIu64 ",\"text\":\"a message\"}}", seq);
        CHECK(json.len > strlen(want));
        CHECK_BYTES(json.data + json.len - strlen(want), strlen(want), want);
        plsm_buf_free(&json);
    }
    CHECK_U64(append(pool, "{}"), 10);
    plsm_pool_free(pool);
    // Nobody wants to know.
    OK(plsm_pool_salvage(client, "p", "other", NULL, NULL, NULL, 0, &err));
}

static void refused(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = scratch_client();
    plsm_pool_options_t options = PLSM_POOL_OPTIONS_INIT;
    damaged_pool("r");
    plsm_pool_free(scratch_pool("taken", 0));
    FAILS(PLSM_ERROR_NOT_FOUND, plsm_pool_salvage(client, "none", "x", NULL, NULL, NULL, 0, &err));
    FAILS(PLSM_ERROR_ALREADY_EXISTS, plsm_pool_salvage(client, "r", "taken", NULL, NULL, NULL, 0, &err));
    FAILS(PLSM_ERROR_ALREADY_EXISTS, plsm_pool_salvage(client, "r", "r", NULL, NULL, NULL, 0, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_pool_salvage(client, "r", "http://host/p", NULL, NULL, NULL, 0, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_pool_salvage(client, "r", NULL, NULL, NULL, NULL, 0, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_pool_salvage(client, NULL, "x", NULL, NULL, NULL, 0, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_pool_salvage(NULL, "r", "x", NULL, NULL, NULL, 0, &err));
    options.size_bytes = 100;
    FAILS(PLSM_ERROR_USAGE, plsm_pool_salvage(client, "r", "x", &options, NULL, NULL, 0, &err));
    // Of the superblock the half of the identity is gone that every checksum covers: the messages agree on it.
    damage("r", 72, 8);
    OK(plsm_pool_salvage(client, "r", "agreed", NULL, NULL, NULL, 0, &err));
    char path[224];
    snprintf(path, sizeof path, "%s/r.plasmite", scratch());
    CHECK(truncate(path, 100) == 0);
    FAILS_KEEP(PLSM_ERROR_CORRUPT, plsm_pool_salvage(client, "r", "x", NULL, NULL, NULL, 0, &err));
    CHECK_HAS(plsm_error_hint(err), "restore");
    drop_error(&err);
    NO(plsm_pool_exists(client, "x", &err));
}

int main(void) {
    copied();
    refused();
    return finish("salvage");
}
