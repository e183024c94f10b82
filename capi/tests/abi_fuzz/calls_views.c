// calls_views.c: views, and values in documents of any bytes.
#include "fuzz.h"

// A view of a message of our own, of one in a pool, one that was never filled, or none.
static const plsm_view_t *view(void) {
    if (rarely(30)) return NULL;
    plsm_view_t *made = memory(sizeof *made);
    memset(made, 0, sizeof *made);
    if (rarely(30)) return made;
    plsm_pool_t *pool = living(POOL);
    if (pool && rarely(2)) {
        (void)plsm_pool_get_view(pool, 1 + below(60), made, NULL);
        return made;
    }
    plsm_message_view(handle(MESSAGE), made);
    return made;
}
static const plsm_value_t *value(void) {
    if (rarely(30)) return NULL;
    plsm_value_t *made = memory(sizeof *made);
    memset(made, 0, sizeof *made);
    size_t len;
    const uint8_t *lite3 = bytes(&len);
    if (CALL(0, plsm_value_from_lite3(lite3, len, made, error_place())) != 0) return made;
    // Some steps down.
    for (uint64_t left = below(4); left; left--) {
        plsm_value_t inner;
        if (CALL(1, plsm_value_entry(made, below(3), NULL, &inner, NULL)) != 1) break;
        *made = inner;
    }
    // An offset is of the library, and still checked.
    if (rarely(10)) made->offset = (uint32_t)number();
    if (rarely(10)) made->type = (uint32_t)number();
    return made;
}

static void get_view(void) {
    plsm_view_t *place = output(sizeof *place);
    int code = CALL(0, plsm_pool_get_view(handle(POOL), number(), place, error_place()));
    untouched("plsm_pool_get_view", code, place, sizeof *place, 0);
}
static void message_view(void) { plsm_message_view(handle(MESSAGE), output(sizeof(plsm_view_t))); }
static void view_tags(void) {
    const plsm_view_t *from = view();
    size_t count = plsm_view_tag_count(from);
    plsm_bytes_t *tag = output(sizeof *tag);
    CALL(1, plsm_view_tag(from, rarely(3) ? (size_t)number() : below(count + 1), tag, error_place()));
}
static void view_fields(void) {
    const plsm_view_t *from = view();
    size_t len;
    const char *name = key(&len);
    CALL(1, plsm_view_i64(from, name, len, output(8), error_place()));
    CALL(1, plsm_view_f64(from, name, len, output(8), error_place()));
    CALL(1, plsm_view_bool(from, name, len, output(4), error_place()));
    CALL(1, plsm_view_string(from, name, len, output(sizeof(plsm_bytes_t)), error_place()));
    CALL(1, plsm_view_root(from, output(sizeof(plsm_value_t)), error_place()));
    (void)plsm_view_is_valid(from);
}
static void view_json(void) {
    plsm_buf_t *buf = output(sizeof *buf);
    int code = CALL(0, plsm_view_json(view(), (uint32_t)below(6), buf, error_place()));
    if (code == 0 && CALL(0, plsm_json_check(buf->data, buf->len, NULL)) != 0) wrong("plsm_view_json", "gave no JSON");
    drop(code, buf);
}
static void view_write_json(void) {
    size_t room = below(rarely(3) ? 400 : 40), *len = output(sizeof *len);
    uint8_t *text = rarely(20) ? NULL : memory(room);
    CALL(1, plsm_view_write_json(view(), (uint32_t)below(6), text, room, len, error_place()));
}
static void view_lite3(void) {
    plsm_buf_t *buf = output(sizeof *buf);
    drop(CALL(0, plsm_view_lite3(view(), buf, error_place())), buf);
}
static void value_from(void) {
    size_t len;
    const uint8_t *lite3 = bytes(&len);
    plsm_value_t *place = output(sizeof *place);
    int code = CALL(0, plsm_value_from_lite3(lite3, len, place, error_place()));
    untouched("plsm_value_from_lite3", code, place, sizeof *place, 0);
}
static void value_get(void) {
    size_t len;
    const char *name = key(&len);
    CALL(1, plsm_value_get(value(), name, len, output(sizeof(plsm_value_t)), error_place()));
    CALL(1, plsm_value_at(value(), number(), output(sizeof(plsm_value_t)), error_place()));
    CALL(0, plsm_value_count(value(), output(sizeof(size_t)), error_place()));
}
static void value_entries(void) {
    size_t room = below(12), *count = output(sizeof *count);
    plsm_bytes_t *keys = rarely(3) ? NULL : memory(room * sizeof *keys);
    plsm_value_t *values = rarely(3) ? NULL : memory(room * sizeof *values);
    size_t skip = rarely(4) ? (size_t)number() : below(4);
    CALL(0, plsm_value_entries(value(), skip, keys, values, room, count, error_place()));
    plsm_bytes_t *name = output(sizeof *name);
    CALL(1, plsm_value_entry(value(), number(), name, output(sizeof(plsm_value_t)), error_place()));
}
static void value_scalars(void) {
    CALL(1, plsm_value_i64(value(), output(8), error_place()));
    CALL(1, plsm_value_f64(value(), output(8), error_place()));
    CALL(1, plsm_value_bool(value(), output(4), error_place()));
    CALL(1, plsm_value_string(value(), output(sizeof(plsm_bytes_t)), error_place()));
}
static void value_json(void) {
    plsm_buf_t *buf = output(sizeof *buf);
    drop(CALL(0, plsm_value_json(value(), buf, error_place())), buf);
}

const struct call view_calls[] = {
    {"plsm_pool_get_view", get_view},
    {"plsm_message_view", message_view},
    {"plsm_view_tag_count", view_tags},
    {"plsm_view_tag", view_tags},
    {"plsm_view_i64", view_fields},
    {"plsm_view_f64", view_fields},
    {"plsm_view_bool", view_fields},
    {"plsm_view_string", view_fields},
    {"plsm_view_root", view_fields},
    {"plsm_view_is_valid", view_fields},
    {"plsm_view_json", view_json},
    {"plsm_view_write_json", view_write_json},
    {"plsm_view_lite3", view_lite3},
    {"plsm_value_from_lite3", value_from},
    {"plsm_value_get", value_get},
    {"plsm_value_at", value_get},
    {"plsm_value_count", value_get},
    {"plsm_value_entries", value_entries},
    {"plsm_value_entry", value_entries},
    {"plsm_value_i64", value_scalars},
    {"plsm_value_f64", value_scalars},
    {"plsm_value_bool", value_scalars},
    {"plsm_value_string", value_scalars},
    {"plsm_value_json", value_json},
    {NULL, NULL},
};
