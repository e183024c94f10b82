// values.c: looking around in a Lite3 document, in a message and in the caller's memory.
#include "check.h"

static const char JSON[] = "{\"n\":null,\"t\":true,\"i\":-7,\"f\":2.5,\"s\":\"t\\u00e4xt\",\"o\":{\"k\":1},\"a\":[10,20,[30]]}";

static plsm_value_t member(const plsm_value_t *value, const char *key) {
    plsm_error_t *err = NULL;
    plsm_value_t found;
    memset(&found, 0, sizeof found);
    YES(plsm_value_get(value, key, strlen(key), &found, &err));
    return found;
}

static void look_around(const plsm_value_t *root) {
    plsm_error_t *err = NULL;
    plsm_value_t value, inner;
    plsm_buf_t json = {NULL, 0};
    size_t count = 0;
    int64_t integer = 0;
    double number = 0;
    uint32_t truth = 0;
    plsm_bytes_t text = {NULL, 0}, key = {NULL, 0};

    CHECK_U64(root->type, PLSM_TYPE_OBJECT);
    OK(plsm_value_count(root, &count, &err));
    CHECK_U64(count, 7);
    CHECK_U64(member(root, "n").type, PLSM_TYPE_NULL);
    value = member(root, "t");
    OK(plsm_value_bool(&value, &truth, &err));
    CHECK_U64(truth, 1);
    value = member(root, "i");
    OK(plsm_value_i64(&value, &integer, &err));
    CHECK(integer == -7);
    OK(plsm_value_f64(&value, &number, &err));
    CHECK(number == -7.0);
    value = member(root, "f");
    CHECK_U64(value.type, PLSM_TYPE_F64);
    OK(plsm_value_f64(&value, &number, &err));
    CHECK(number == 2.5);
    FAILS(PLSM_ERROR_USAGE, plsm_value_i64(&value, &integer, &err));
    value = member(root, "s");
    OK(plsm_value_string(&value, &text, &err));
    CHECK_BYTES(text.data, text.len, "t\xc3\xa4xt");
    FAILS(PLSM_ERROR_USAGE, plsm_value_bool(&value, &truth, &err));
    OK(plsm_value_count(&value, &count, &err));
    CHECK_U64(count, 0);
    NO(plsm_value_get(&value, "k", 1, &inner, &err));
    NO(plsm_value_at(&value, 0, &inner, &err));
    NO(plsm_value_get(root, "nothing", 7, &inner, &err));
    OK(plsm_value_json(&value, &json, &err));
    CHECK_BYTES(json.data, json.len, "\"t\xc3\xa4xt\"");
    plsm_buf_free(&json);

    value = member(root, "a");
    CHECK_U64(value.type, PLSM_TYPE_ARRAY);
    YES(plsm_value_at(&value, 2, &inner, &err));
    OK(plsm_value_json(&inner, &json, &err));
    CHECK_BYTES(json.data, json.len, "[30]");
    plsm_buf_free(&json);
    NO(plsm_value_at(&value, 3, &inner, &err));
    NO(plsm_value_at(&value, SIZE_MAX, &inner, &err));
    YES(plsm_value_entry(&value, 1, &key, &inner, &err));
    CHECK_U64(key.len, 0);
    OK(plsm_value_i64(&inner, &integer, &err));
    CHECK(integer == 20);

    // In the order they were written, at once and in two steps.
    static const char *const keys[] = {"n", "t", "i", "f", "s", "o", "a"};
    plsm_bytes_t found[8];
    plsm_value_t values[8];
    OK(plsm_value_entries(root, 0, found, values, 8, &count, &err));
    CHECK_U64(count, 7);
    for (size_t i = 0; i < count; i++) {
        CHECK_BYTES(found[i].data, found[i].len, keys[i]);
        YES(plsm_value_entry(root, i, &key, &inner, &err));
        CHECK_BYTES(key.data, key.len, keys[i]);
        CHECK(inner.offset == values[i].offset && inner.type == values[i].type);
    }
    NO(plsm_value_entry(root, 7, NULL, &inner, &err));
    OK(plsm_value_entries(root, 5, found, NULL, 8, &count, &err));
    CHECK_U64(count, 2);
    CHECK_BYTES(found[1].data, found[1].len, "a");
    OK(plsm_value_entries(root, 1, NULL, values, 1, &count, &err));
    CHECK(count == 1 && values[0].type == PLSM_TYPE_BOOL);
    OK(plsm_value_entries(root, 0, NULL, NULL, 0, &count, &err));
    CHECK_U64(count, 0);
    OK(plsm_value_json(root, &json, &err));
    CHECK_BYTES(json.data, json.len, "{\"n\":null,\"t\":true,\"i\":-7,\"f\":2.5,\"s\":\"t\xc3\xa4xt\",\"o\":{\"k\":1},\"a\":[10,20,[30]]}");
    plsm_buf_free(&json);
}

static void damaged(const plsm_buf_t *good) {
    plsm_error_t *err = NULL;
    plsm_value_t root, inner;
    uint8_t *copy = malloc(good->len);
    // Every byte changed, every length: an answer or an error, never a crash (run under sanitizers too).
    for (size_t at = 0; at < good->len; at++) {
        memcpy(copy, good->data, good->len);
        copy[at] ^= 0xa5;
        plsm_buf_t json = {NULL, 0};
        if (plsm_value_from_lite3(copy, good->len, &root, NULL) != 0) continue;
        size_t count = 0;
        (void)plsm_value_get(&root, "s", 1, &inner, NULL);
        (void)plsm_value_entries(&root, 0, NULL, NULL, SIZE_MAX, &count, NULL);
        if (plsm_value_json(&root, &json, NULL) == 0) plsm_buf_free(&json);
    }
    for (size_t len = 0; len < good->len; len++) {
        uint8_t *part = malloc(len ? len : 1);
        memcpy(part, good->data, len);
        plsm_buf_t json = {NULL, 0};
        FAILS(PLSM_ERROR_CORRUPT, plsm_lite3_check(part, len, &err));
        if (plsm_value_from_lite3(part, len, &root, NULL) == 0) {
            if (plsm_value_json(&root, &json, NULL) == 0) check_failed(__FILE__, __LINE__, "a cut document is read whole");
            plsm_buf_free(&json);
        }
        free(part);
    }
    free(copy);
    FAILS(PLSM_ERROR_CORRUPT, plsm_value_from_lite3((const uint8_t *)"x", 1, &root, &err));
    memset(&root, 0, sizeof root);
    FAILS(PLSM_ERROR_USAGE, plsm_value_get(&root, "a", 1, &inner, &err));
}

int main(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("values", 0);
    plsm_buf_t document = {NULL, 0};
    plsm_value_t root;
    plsm_view_t view;
    append(pool, JSON);
    OK(plsm_pool_get_view(pool, 1, &view, &err));
    YES(plsm_view_root(&view, &root, &err));
    look_around(&root);
    CHECK_U64(plsm_view_is_valid(&view), 1);

    OK(plsm_lite3_from_json((const uint8_t *)JSON, strlen(JSON), &document, &err));
    // At every alignment, in memory of exactly its size.
    for (size_t shift = 0; shift < 8; shift++) {
        uint8_t *moved = malloc(document.len + shift);
        memcpy(moved + shift, document.data, document.len);
        OK(plsm_value_from_lite3(moved + shift, document.len, &root, &err));
        look_around(&root);
        free(moved);
    }
    damaged(&document);
    plsm_buf_free(&document);
    plsm_pool_free(pool);
    return finish("values");
}
