// choices.c: arguments. Every one is memory of its own that ends where the argument ends, so that a sanitizer sees a
// byte too many.
#include "fuzz.h"

extern uint64_t state;

static void *arguments[256];
static size_t argument_count;

uint64_t below(uint64_t bound) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state * 0x2545f4914f6cdd1d >> 11) % bound;
}

int rarely(uint64_t of) { return below(of) == 0; }

uint64_t number(void) {
    uint64_t near = below(5) - 2;
    switch (below(8)) {
    case 0: return near;
    case 1: return (1ull << 31) + near;
    case 2: return (1ull << 32) + near;
    case 3: return (1ull << 63) + near;
    case 4: return below(UINT64_MAX);
    case 5: return 1ull << below(64);
    default: return below(60);
    }
}

uint32_t flag(void) { return rarely(30) ? (uint32_t)number() : (uint32_t)below(2); }

uint64_t wait_ms(void) { return below(3); }

void *memory(size_t len) {
    if (argument_count == sizeof arguments / sizeof *arguments) wrong("the fuzzer", "too many arguments");
    return arguments[argument_count++] = malloc(len ? len : 1);
}

void done(void) {
    while (argument_count) free(arguments[--argument_count]);
}

static char *text(const char *from, size_t len) {
    char *copy = memory(len + 1);
    memcpy(copy, from, len);
    copy[len] = 0;
    return copy;
}

const char *reference(void) {
    static const char *const good[] = {"a", "b", "c", "d", "e"};
    static const char *const odd[] = {"",      ".",    "..",          "a/b",   "../x",     "a\xff", "x://h/p",
                                      "a.b.c", "\x01", "a.plasmite/x", "-rf",   "no such",  "old",   "a.plasmite",
                                      "new",   "~",    "./a",         "con", " ",     "http://127.0.0.1:1/p"};
    if (rarely(40)) return NULL;
    if (rarely(60)) {
        char *longest = memory(5000);
        memset(longest, 'n', 4999);
        longest[4999] = 0;
        return longest;
    }
    const char *name = rarely(8) ? odd[below(sizeof odd / sizeof *odd)] : good[below(sizeof good / sizeof *good)];
    return text(name, strlen(name));
}

static const uint8_t *copy_of(const void *from, size_t from_len, size_t *len) {
    *len = from_len;
    uint8_t *copy = memory(from_len);
    memcpy(copy, from, from_len);
    if (from_len && rarely(6)) copy[below(from_len)] ^= 1 << below(8);
    if (rarely(12)) *len = below(from_len + 1);
    return copy;
}

const uint8_t *json(size_t *len) {
    static const char *const texts[] = {
        "{}", "[]", "1", "null", "\"text\"", "{\"n\":1,\"a\":[1.5,null,true,\"\\u00e9\"]}", "18446744073709551615",
        "{\"k\":{\"k\":{\"k\":[]}}}", "[1,2,3,4,5,6,7,8,9,10]", "{\"a\":1,\"a\":2}", "{\"\\u0000\":1}", "1e999", "{",
        "{\"meta\":{\"tags\":[\"t\"]},\"data\":{\"x\":1}}", "\xef\xbb\xbf{}", ""};
    if (rarely(40)) {
        *len = below(3);
        return NULL;
    }
    if (rarely(40)) {
        size_t deep = 1 + below(1200);
        uint8_t *nested = memory(deep);
        memset(nested, '[', deep);
        return *len = deep, nested;
    }
    if (rarely(20)) {
        size_t size = below(12000);
        uint8_t *filler = memory(size + 2);
        memset(filler, 'x', size + 2);
        filler[0] = filler[size + 1] = '"';
        return *len = size + 2, filler;
    }
    const char *chosen = texts[below(sizeof texts / sizeof *texts)];
    return copy_of(chosen, strlen(chosen), len);
}

const uint8_t *bytes(size_t *len) {
    if (rarely(3)) return json(len);
    if (rarely(4)) {
        *len = below(300);
        uint8_t *noise = memory(*len);
        for (size_t at = 0; at < *len; at++) noise[at] = (uint8_t)below(256);
        return noise;
    }
    static const char *const texts[] = {"{}", "{\"n\":1,\"a\":[1,2,{\"b\":\"c\"}]}", "[1,2,3,4,5,6,7,8,9]",
                                        "{\"meta\":{\"tags\":[\"t\",\"u\"]},\"data\":{\"x\":1}}"};
    const char *chosen = texts[below(4)];
    plsm_buf_t lite3 = {NULL, 0};
    if (plsm_lite3_from_json((const uint8_t *)chosen, strlen(chosen), &lite3, NULL) != 0)
        wrong("plsm_lite3_from_json", "refused good JSON");
    const uint8_t *copy = copy_of(lite3.data, lite3.len, len);
    plsm_buf_free(&lite3);
    return copy;
}

const char *key(size_t *len) {
    static const char *const keys[] = {"n", "a", "x", "", "data", "meta", "\xff", "1h", "2026-01-02T03:04:05Z", "-5",
                                       "99999999999999999999d", "1.5s", "2026-13-40T99:99:99Z"};
    if (rarely(40)) return *len = below(2), NULL;
    const char *chosen = keys[below(sizeof keys / sizeof *keys)];
    return (const char *)copy_of(chosen, strlen(chosen), len);
}

const plsm_bytes_t *tags(size_t *len) {
    *len = rarely(3) ? below(12) : 0;
    if (*len == 0 || rarely(60)) return NULL;
    plsm_bytes_t *list = memory(*len * sizeof *list);
    for (size_t at = 0; at < *len; at++) {
        size_t tag_len;
        list[at].data = (const uint8_t *)key(&tag_len);
        list[at].len = tag_len;
    }
    return list;
}

void *options(const void *init, size_t size) {
    if (rarely(6)) return NULL;
    if (rarely(60)) return (void *)(uintptr_t)3;
    size_t claimed = size;
    if (rarely(5)) claimed = below(size + 40);
    size_t len = claimed < size ? size : claimed;
    uint8_t *made = memory(len);
    memset(made, rarely(4) ? 0x5a : 0, len);
    memcpy(made, init, size);
    *(uint32_t *)(void *)made = (uint32_t)claimed;
    return made;
}

void *output(size_t size) {
    if (rarely(40)) return NULL;
    if (rarely(60)) return (void *)(uintptr_t)3;
    void *place = memory(size);
    memset(place, 0xa5, size);
    return place;
}

void *sized_output(size_t size) {
    void *place = output(size + 16);
    if (!usable(place)) return place;
    *(uint32_t *)place = (uint32_t)(rarely(5) ? below(size + 17) : size);
    return place;
}

int usable(const void *place) { return place != NULL && (uintptr_t)place != 3; }
