// json.h: JSON as a tree, in memory that lasts as long as the step that asked for it.
#ifndef CONFORMANCE_JSON_H
#define CONFORMANCE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct json json_t;
struct json {
    char type;    // 'n'ull, 't'rue, 'f'alse, '#' a number, '"' a string, '[' an array, '{' an object
    char *text;   // a string's bytes, or a number as it was written; ends in NUL
    size_t len;   // how many bytes
    json_t **items;
    json_t **keys; // an object's, beside its items
    size_t count;
};

// A growing text.
typedef struct {
    char *data;
    size_t len, cap;
} out_t;
void out_bytes(out_t *out, const char *data, size_t len);
char *format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));

// Memory, zeroed: freed when the innermost step of this thread ends, and never when there is none.
void *room(size_t size);
struct block *memory_begin(void);
void memory_end(struct block *outer);
// Copies that outlive every step.
char *lasting_text(const char *text);
json_t *lasting(const json_t *value);
void json_set_lasting(json_t *object, const char *key, const json_t *value); // an object that outlives every step

// The tree of a text that is valid JSON; NULL when it is not.
json_t *json_parse(const char *text, size_t len);
json_t *json_valid(const char *text, size_t len); // of a text that is known to be valid
void json_write(out_t *out, const json_t *value);
char *json_text(const json_t *value);  // ends in NUL
char *json_shown(const json_t *value); // for messages: cut when long; "nothing" for NULL

json_t *json_new(char type);
json_t *json_string(const char *bytes, size_t len);
json_t *json_str(const char *text); // null for NULL
json_t *json_uint(uint64_t number);
json_t *json_bool(bool value);
json_t *json_object(void);
json_t *json_array(void);
void json_set(json_t *object, const char *key, json_t *value); // replaces
void json_put(json_t *object, json_t *key, json_t *value);
void json_push(json_t *array, json_t *value);
json_t *json_hex(const uint8_t *bytes, size_t len);

json_t *json_get(const json_t *object, const char *key); // NULL when it is not there
json_t *json_find(const json_t *object, const char *key, size_t len);
bool json_is(const json_t *string, const char *text);
bool json_true(const json_t *value);
#endif
