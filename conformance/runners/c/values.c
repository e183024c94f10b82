// values.c: see values.h.
#include "values.h"
#include <regex.h>
#include <stdlib.h>
#include <string.h>

static bool is_number(const json_t *value) { return value && value->type == '#'; }
static bool whole(const json_t *value) { return is_number(value) && !strpbrk(value->text, ".eE"); }

static const json_t *exact_or_self(const json_t *value) {
    json_t *digits = value && value->type == '{' && value->count == 1 ? json_get(value, "$json") : NULL;
    json_t *read = digits && digits->type == '"' ? json_parse(digits->text, digits->len) : NULL;
    return whole(read) ? read : value;
}

bool integer(const json_t *value, uint64_t *out) {
    value = exact_or_self(value);
    if (!whole(value)) return false;
    *out = value->text[0] == '-' ? (uint64_t)strtoll(value->text, NULL, 10) : strtoull(value->text, NULL, 10);
    return true;
}

static const json_t *lookup(const char *path, const json_t *captures, char **wrong) {
    const json_t *found = captures;
    char *parts = format("%s", path), *rest = NULL;
    for (char *part = strtok_r(parts, ".", &rest); part && found; part = strtok_r(NULL, ".", &rest)) {
        size_t at = strtoul(part, NULL, 10);
        if (found->type == '[') found = at < found->count ? found->items[at] : NULL;
        else found = json_get(found, part);
    }
    if (!found) *wrong = format("nothing was kept as %s", path);
    return exact_or_self(found);
}

static json_t *joined(const json_t *parts, const json_t *captures, char **wrong) {
    out_t out = {0};
    out_bytes(&out, "", 0);
    json_t *ready = replaced(parts, captures, wrong);
    for (size_t i = 0; ready && i < ready->count; i++) {
        const json_t *part = ready->items[i];
        uint64_t times = 1;
        if (part->type == '[') {
            if (part->count != 2 || !integer(part->items[1], &times)) times = 0, *wrong = format("a bad $cat: %s", json_shown(parts));
            part = part->items[0];
        }
        while (times--) out_bytes(&out, part->text, part->len);
    }
    return json_string(out.data, out.len);
}

json_t *replaced(const json_t *value, const json_t *captures, char **wrong) {
    json_t *path = json_get(value, "$"), *parts = json_get(value, "$cat"), *plus = json_get(value, "+");
    if (path) {
        const json_t *found = lookup(path->text, captures, wrong);
        uint64_t base, add;
        if (!found || !plus) return (json_t *)found;
        if (integer(found, &base) && integer(plus, &add)) return json_uint(base + add);
        *wrong = format("%s is no integer", path->text);
        return NULL;
    }
    if (parts) return joined(parts, captures, wrong);
    if (value->type != '[' && value->type != '{') return (json_t *)value;
    json_t *copy = json_new(value->type);
    for (size_t i = 0; i < value->count; i++) {
        json_t *inner = replaced(value->items[i], captures, wrong);
        if (!inner) return NULL;
        if (value->type == '{') json_put(copy, value->keys[i], inner);
        else json_push(copy, inner);
    }
    return copy;
}

typedef struct {
    bool matchers, exact;
} how_t;

static char *mismatch(const json_t *pattern, const json_t *actual, how_t mode, const char *where);

static bool found_in(const char *regex, const json_t *actual) {
    regex_t compiled;
    if (!actual || actual->type != '"' || regcomp(&compiled, regex, REG_EXTENDED | REG_NOSUB) != 0) return false;
    bool found = regexec(&compiled, actual->text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return found;
}

static bool has_type(const json_t *type, const json_t *actual) {
    static const char *names[][2] = {{"null", "n"}, {"boolean", "tf"}, {"number", "#"}, {"string", "\""}, {"array", "["}, {"object", "{"}};
    if (json_is(type, "integer")) return whole(actual);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_is(type, names[i][0])) return strchr(names[i][1], actual->type) != NULL;
    return false;
}

// -1, 0 or 1. Integers exactly, also beyond what a double holds.
static int compare(const json_t *a, const json_t *b) {
    if (whole(a) && whole(b) && a->text[0] != '-' && b->text[0] != '-') {
        uint64_t x = strtoull(a->text, NULL, 10), y = strtoull(b->text, NULL, 10);
        return (x > y) - (x < y);
    }
    double x = strtod(a->text, NULL), y = strtod(b->text, NULL);
    return (x > y) - (x < y);
}

static bool pairs(const json_t *patterns, size_t first, const json_t *actual, bool *used, how_t mode) {
    if (first == patterns->count) return true;
    for (size_t i = 0; i < actual->count; i++) {
        if (used[i] || mismatch(patterns->items[first], actual->items[i], mode, "")) continue;
        used[i] = true;
        if (pairs(patterns, first + 1, actual, used, mode)) return true;
        used[i] = false;
    }
    return false;
}

static bool contains(const json_t *given, const json_t *actual, how_t mode) {
    if (actual->type == '"' && given->type == '"') return strstr(actual->text, given->text) != NULL;
    for (size_t i = 0; actual->type == '[' && i < actual->count; i++)
        if (!mismatch(given, actual->items[i], mode, "")) return true;
    return false;
}

// 1 or 0; -1 for a matcher that does not exist.
static int matches(const char *name, const json_t *given, const json_t *actual, how_t mode) {
    uint64_t len;
    if (!strcmp(name, "$any")) return 1;
    if (!strcmp(name, "$type")) return has_type(given, actual);
    if (!strcmp(name, "$ge")) return is_number(actual) && compare(actual, exact_or_self(given)) >= 0;
    if (!strcmp(name, "$le")) return is_number(actual) && compare(actual, exact_or_self(given)) <= 0;
    if (!strcmp(name, "$rfc3339"))
        return found_in("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,8}[1-9])?Z$", actual);
    if (!strcmp(name, "$contains")) return contains(given, actual, mode);
    if (!strcmp(name, "$regex")) return found_in(given->text, actual);
    if (!strcmp(name, "$json")) return whole(actual) && !strcmp(actual->text, given->text);
    if (!strcmp(name, "$unordered"))
        return actual->type == '[' && actual->count == given->count && pairs(given, 0, actual, room(actual->count), mode);
    if (!strcmp(name, "$len")) return integer(given, &len) && len == (actual->type == '"' ? actual->len : actual->count);
    return -1;
}

static char *mismatch(const json_t *pattern, const json_t *actual, how_t mode, const char *where) {
    char *wrong = NULL, *found = NULL;
    const char *name = pattern->type == '{' && pattern->count == 1 ? pattern->keys[0]->text : "";
    bool same = actual != NULL;
    if (same && mode.matchers && name[0] == '$') {
        int answer = matches(name, pattern->items[0], actual, mode);
        if (answer < 0) return format("unknown matcher %s", name);
        same = answer;
    } else if (same && is_number(pattern)) {
        same = is_number(actual) && compare(pattern, actual) == 0;
    } else if (same) {
        same = pattern->type == actual->type && pattern->len == actual->len &&
               (pattern->type != '"' || !memcmp(pattern->text, actual->text, pattern->len)) &&
               (pattern->type == '{' && !mode.exact ? true : pattern->count == actual->count);
        for (size_t i = 0; same && !found && i < pattern->count; i++) {
            const char *key = pattern->type == '{' ? pattern->keys[i]->text : format("%zu", i);
            const json_t *inner = pattern->type == '{' ? json_find(actual, key, pattern->keys[i]->len) : actual->items[i];
            how_t below = {mode.matchers, mode.exact || !strcmp(key, "data")};
            found = mismatch(pattern->items[i], inner, below, *where ? format("%s.%s", where, key) : key);
        }
    }
    if (!same) wrong = format("%s: expected %s, got %s", *where ? where : "the result", json_shown(pattern), json_shown(actual));
    return wrong ? wrong : found;
}

static char *error_mismatch(const json_t *expected, const json_t *error) {
    const json_t *kinds = json_get(expected, "kind"), *kind = json_get(error, "kind");
    bool right = json_is(kinds, kind->text);
    for (size_t i = 0; kinds->type == '[' && i < kinds->count; i++) right |= json_is(kinds->items[i], kind->text);
    for (size_t i = 0; i < expected->count; i++) {
        const json_t *key = expected->keys[i], *want = expected->items[i];
        if (!strncmp(key->text, "has_", 4)) right &= json_true(want) == (json_get(error, key->text + 4)->type != 'n');
        if (json_is(key, "message_contains")) right &= strstr(json_get(error, "message")->text, want->text) != NULL;
        if (json_is(key, "seq")) right &= !mismatch(want, json_get(error, "seq"), (how_t){true, false}, "seq");
        if (json_is(key, "path_ends")) {
            const json_t *path = json_get(error, "path");
            right &= path->type == '"' && path->len >= want->len && !strcmp(path->text + path->len - want->len, want->text);
        }
    }
    return right ? NULL : format("expected the error %s, got %s", json_shown(expected), json_shown(error));
}

char *outcome_mismatch(const json_t *expect, const json_t *result, const json_t *error, bool matchers) {
    if (expect->type == '[') {
        char *found = NULL;
        for (size_t i = 0; i < expect->count; i++)
            if (!(found = outcome_mismatch(expect->items[i], result, error, matchers))) return NULL;
        return found;
    }
    const json_t *wanted = json_get(expect, "error");
    if (json_get(wanted, "kind"))
        return error ? error_mismatch(wanted, error) : format("expected an error, got %s", json_shown(result));
    if (error) return format("failed: %s", json_shown(error));
    return mismatch(expect, result, (how_t){matchers, false}, "");
}
