// json.c: see json.h.
#include "json.h"
#include "plasmite.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct block {
    _Alignas(max_align_t) struct block *next;
};
static _Thread_local struct block *blocks; // of the innermost step
static _Thread_local bool forever;

void *room(size_t size) {
    struct block *block = calloc(1, sizeof *block + size);
    if (!block) abort();
    if (!forever) block->next = blocks, blocks = block;
    return block + 1;
}

struct block *memory_begin(void) {
    struct block *outer = blocks;
    blocks = NULL;
    return outer;
}

void memory_end(struct block *outer) {
    for (struct block *next; blocks; blocks = next) {
        next = blocks->next;
        free(blocks);
    }
    blocks = outer;
}

static void *larger(const void *old, size_t len, size_t size) {
    void *memory = room(size);
    if (len) memcpy(memory, old, len);
    return memory;
}

void out_bytes(out_t *out, const char *data, size_t len) {
    if (out->len + len + 1 > out->cap) {
        out->cap = (out->len + len + 1) * 2;
        out->data = larger(out->data, out->len, out->cap);
    }
    if (len) memcpy(out->data + out->len, data, len);
    out->len += len;
    out->data[out->len] = 0;
}

char *format(const char *pattern, ...) {
    va_list list, again;
    va_start(list, pattern);
    va_copy(again, list);
    int len = vsnprintf(NULL, 0, pattern, list);
    char *text = room((size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, pattern, again);
    va_end(list);
    va_end(again);
    return text;
}

json_t *json_new(char type) {
    json_t *value = room(sizeof *value);
    value->type = type;
    return value;
}

json_t *json_string(const char *bytes, size_t len) {
    json_t *value = json_new('"');
    value->text = room(len + 1);
    if (len) memcpy(value->text, bytes, len);
    value->len = len;
    return value;
}

json_t *json_str(const char *text) { return text ? json_string(text, strlen(text)) : json_new('n'); }
json_t *json_bool(bool value) { return json_new(value ? 't' : 'f'); }
json_t *json_object(void) { return json_new('{'); }
json_t *json_array(void) { return json_new('['); }

static json_t *number(const char *text, size_t len) {
    json_t *value = json_string(text, len);
    value->type = '#';
    return value;
}

json_t *json_uint(uint64_t value) {
    char *text = format("%llu", (unsigned long long)value);
    return number(text, strlen(text));
}

json_t *json_hex(const uint8_t *bytes, size_t len) {
    json_t *value = json_new('"');
    value->len = len * 2;
    value->text = room(len * 2 + 1);
    for (size_t i = 0; i < len; i++) snprintf(value->text + 2 * i, 3, "%02x", bytes[i]);
    return value;
}

static void add(json_t *container, json_t *key, json_t *value) {
    if ((container->count & (container->count - 1)) == 0) { // full at each power of two
        size_t cap = container->count ? container->count * 2 : 1;
        container->items = larger(container->items, container->count * sizeof(json_t *), cap * sizeof(json_t *));
        container->keys = larger(container->keys, container->count * sizeof(json_t *), cap * sizeof(json_t *));
    }
    container->keys[container->count] = key;
    container->items[container->count++] = value;
}

void json_push(json_t *array, json_t *value) { add(array, NULL, value); }

void json_put(json_t *object, json_t *key, json_t *value) {
    for (size_t i = 0; i < object->count; i++)
        if (object->keys[i]->len == key->len && !memcmp(object->keys[i]->text, key->text, key->len)) {
            object->items[i] = value;
            return;
        }
    add(object, key, value);
}

void json_set(json_t *object, const char *key, json_t *value) { json_put(object, json_str(key), value); }

static json_t *copied(const json_t *value) {
    json_t *copy = json_string(value->text, value->len);
    copy->type = value->type;
    for (size_t i = 0; i < value->count; i++) add(copy, value->keys[i] ? copied(value->keys[i]) : NULL, copied(value->items[i]));
    return copy;
}

json_t *lasting(const json_t *value) {
    forever = true;
    json_t *copy = copied(value);
    forever = false;
    return copy;
}

char *lasting_text(const char *text) {
    forever = true;
    char *copy = json_str(text)->text;
    forever = false;
    return copy;
}

void json_set_lasting(json_t *object, const char *key, const json_t *value) {
    forever = true;
    json_set(object, key, copied(value));
    forever = false;
}

json_t *json_find(const json_t *object, const char *key, size_t len) {
    if (!object || object->type != '{') return NULL;
    for (size_t i = 0; i < object->count; i++)
        if (object->keys[i]->len == len && !memcmp(object->keys[i]->text, key, len)) return object->items[i];
    return NULL;
}

json_t *json_get(const json_t *object, const char *key) { return json_find(object, key, strlen(key)); }

bool json_is(const json_t *string, const char *text) {
    return string && string->type == '"' && string->len == strlen(text) && !memcmp(string->text, text, string->len);
}

bool json_true(const json_t *value) { return value && value->type == 't'; }

// Reading. The library has said, or written, that the text is valid: nothing is checked twice.

static void spaces(const char **at) { *at += strspn(*at, " \t\r\n"); }

static unsigned hex4(const char *at) {
    char digits[5] = {at[0], at[1], at[2], at[3], 0};
    return (unsigned)strtoul(digits, NULL, 16);
}

static void utf8(out_t *out, unsigned point) {
    char bytes[4];
    size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = len; i-- > 1; point >>= 6) bytes[i] = (char)(0x80 | (point & 0x3f));
    bytes[0] = (char)(lead[len] | point);
    out_bytes(out, bytes, len);
}

static json_t *string(const char **at) {
    out_t out = {0};
    out_bytes(&out, "", 0);
    const char *p = *at + 1;
    for (; *p != '"'; p++) {
        if (*p != '\\') {
            out_bytes(&out, p, 1);
            continue;
        }
        static const char names[] = "bfnrt\"\\/", meant[] = "\b\f\n\r\t\"\\/";
        if (*++p != 'u') {
            out_bytes(&out, &meant[strchr(names, *p) - names], 1);
            continue;
        }
        unsigned point = hex4(p + 1);
        p += 4;
        if (point >= 0xd800 && point < 0xdc00) { // the second half follows
            point = 0x10000 + ((point - 0xd800) << 10) + (hex4(p + 3) - 0xdc00);
            p += 6;
        }
        utf8(&out, point);
    }
    *at = p + 1;
    return json_string(out.data, out.len);
}

static json_t *value(const char **at) {
    spaces(at);
    char first = **at;
    if (first == '"') return string(at);
    if (first == '{' || first == '[') {
        json_t *container = json_new(first);
        *at += 1;
        for (spaces(at); **at != '}' && **at != ']'; spaces(at)) {
            if (**at == ',') {
                *at += 1;
                continue;
            }
            json_t *key = NULL;
            if (first == '{') {
                key = string(at);
                spaces(at);
                *at += 1; // the colon
            }
            json_t *inner = value(at);
            if (key) json_put(container, key, inner);
            else json_push(container, inner);
        }
        *at += 1;
        return container;
    }
    if (first == 'n' || first == 't' || first == 'f') {
        *at += first == 'f' ? 5 : 4;
        return json_new(first);
    }
    size_t len = strspn(*at, "+-.0123456789eE");
    *at += len;
    return number(*at - len, len);
}

json_t *json_parse(const char *text, size_t len) {
    return plsm_json_check((const uint8_t *)text, len, NULL) == 0 ? json_valid(text, len) : NULL;
}

json_t *json_valid(const char *text, size_t len) {
    json_t *copy = json_string(text, len); // ends in NUL, and valid JSON holds none
    const char *at = copy->text;
    return value(&at);
}

// Writing

static void write_string(out_t *out, const json_t *string) {
    out_bytes(out, "\"", 1);
    for (size_t i = 0; i < string->len; i++) {
        unsigned char byte = (unsigned char)string->text[i];
        char escape[8];
        if (byte == '"' || byte == '\\') snprintf(escape, sizeof escape, "\\%c", byte);
        else if (byte < 0x20) snprintf(escape, sizeof escape, "\\u%04x", byte);
        else snprintf(escape, sizeof escape, "%c", byte);
        out_bytes(out, escape, byte ? strlen(escape) : 6);
    }
    out_bytes(out, "\"", 1);
}

void json_write(out_t *out, const json_t *value) {
    switch (value->type) {
    case 'n': out_bytes(out, "null", 4); break;
    case 't': out_bytes(out, "true", 4); break;
    case 'f': out_bytes(out, "false", 5); break;
    case '#': out_bytes(out, value->text, value->len); break;
    case '"': write_string(out, value); break;
    default:
        out_bytes(out, &value->type, 1);
        for (size_t i = 0; i < value->count; i++) {
            if (i) out_bytes(out, ",", 1);
            if (value->type == '{') {
                write_string(out, value->keys[i]);
                out_bytes(out, ":", 1);
            }
            json_write(out, value->items[i]);
        }
        out_bytes(out, value->type == '{' ? "}" : "]", 1);
    }
}

char *json_text(const json_t *value) {
    out_t out = {0};
    json_write(&out, value);
    return out.data;
}

char *json_shown(const json_t *value) {
    if (!value) return "nothing";
    char *text = json_text(value);
    return strlen(text) < 400 ? text : format("%.400s...", text);
}
