// calls_pools.c: what is asked of a pool, but for appends and streams.
#include "fuzz.h"

// A call with one output of a plain struct.
#define GIVES(type, call)                                    \
    do {                                                     \
        type *place = output(sizeof *place);                 \
        int code = CALL(0, call);                            \
        untouched(#call, code, place, sizeof *place, 0);     \
    } while (0)

static void info(void) { CALL(0, plsm_pool_info(handle(POOL), sized_output(sizeof(plsm_pool_info_t)), error_place())); }
static void info_json(void) {
    plsm_buf_t *buf = output(sizeof *buf);
    drop(CALL(0, plsm_pool_info_json(handle(POOL), buf, error_place())), buf);
}
static void bounds(void) { GIVES(plsm_bounds_t, plsm_pool_bounds(handle(POOL), place, error_place())); }
static void writers(void) { GIVES(uint32_t, plsm_pool_writers(handle(POOL), place, error_place())); }
static void warnings(void) {
    plsm_buf_t *buf = output(sizeof *buf);
    drop(CALL(0, plsm_pool_warnings(handle(POOL), buf, error_place())), buf);
}
static void layout(void) {
    size_t room = below(9);
    plsm_frame_place_t *frames = rarely(4) ? NULL : memory(room * sizeof *frames);
    plsm_layout_t *found = output(sizeof *found);
    CALL(0, plsm_pool_layout(handle(POOL), frames, room, found, error_place()));
}
static void names(void) {
    plsm_pool_t *pool = handle(POOL);
    const char *name = plsm_pool_name(pool), *path = plsm_pool_path(pool);
    if (is_living(POOL, pool) != (name && *name && path && *path == '/')) wrong("plsm_pool_name", "is not that of a pool");
    (void)plsm_pool_generation(pool);
    (void)plsm_pool_is_read_only(pool);
}
static void id(void) {
    uint8_t *place = rarely(30) ? NULL : memory(16); // bytes are aligned anywhere
    CALL(0, plsm_pool_id(handle(POOL), place, error_place()));
}
static void is_current(void) { CALL(1, plsm_pool_is_current(handle(POOL), error_place())); }
static void free_pool(void) { plsm_pool_free(to_free(POOL)); }
static void get_json(void) {
    plsm_buf_t *buf = output(sizeof *buf);
    drop(CALL(0, plsm_pool_get_json(handle(POOL), number(), buf, error_place())), buf);
}
static void get_lite3(void) {
    plsm_lite3_frame_t *frame = output(sizeof *frame);
    int code = CALL(0, plsm_pool_get_lite3(handle(POOL), number(), frame, error_place()));
    untouched("plsm_pool_get_lite3", code, frame, sizeof *frame, 0);
    if (code == 0) {
        plsm_lite3_frame_free(frame);
        plsm_lite3_frame_free(rarely(2) ? NULL : frame);
    }
}
static void get_message(void) {
    plsm_message_t **place = output(sizeof *place);
    int code = CALL(0, plsm_pool_get_message(handle(POOL), number(), place, error_place()));
    untouched("plsm_pool_get_message", code, place, sizeof *place, 0);
    if (code == 0) keep(MESSAGE, *place);
}
static void free_message(void) { plsm_message_free(to_free(MESSAGE)); }

const struct call pool_calls[] = {
    {"plsm_pool_info", info},
    {"plsm_pool_info_json", info_json},
    {"plsm_pool_bounds", bounds},
    {"plsm_pool_writers", writers},
    {"plsm_pool_warnings", warnings},
    {"plsm_pool_layout", layout},
    {"plsm_pool_name", names},
    {"plsm_pool_path", names},
    {"plsm_pool_generation", names},
    {"plsm_pool_is_read_only", names},
    {"plsm_pool_id", id},
    {"plsm_pool_is_current", is_current},
    {"plsm_pool_free", free_pool},
    {"plsm_pool_get_json", get_json},
    {"plsm_pool_get_lite3", get_lite3},
    {"plsm_lite3_frame_free", get_lite3},
    {"plsm_pool_get_message", get_message},
    {"plsm_message_free", free_message},
    {NULL, NULL},
};
