// The standard messages: flat objects of about 100 bytes with five fields, all different.
#include "messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common.h"
#include "pools.h"

#define LONGEST 160u

static uint32_t next_random(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

const struct messages *standard_messages(void) {
    static struct messages *made;
    if (made != NULL) return made;
    static const char *const notes[] = {"inlet valve within limits", "outlet pressure steady", "recalibrated by shift 3", "no change"};
    made = malloc(sizeof *made);
    if (made == NULL || (made->bytes = malloc(MESSAGES * LONGEST)) == NULL) die("out of memory");
    uint32_t state = 42;
    uint8_t *place = made->bytes;
    for (unsigned i = 0; i < MESSAGES; i++) {
        unsigned sensor = next_random(&state) % 90 + 10, whole = next_random(&state) % 900 + 100;
        unsigned fraction = next_random(&state) % 99 + 1, note = next_random(&state) % 4;
        made->count[i] = 1000000 + (int64_t)(next_random(&state) % 9000000);
        int length = snprintf((char *)place, LONGEST,
                              "{\"sensor\":\"boiler-%u\",\"reading\":%u.%02u,\"count\":%lld,\"ok\":%s,\"note\":\"%s\"}", sensor, whole,
                              fraction, (long long)made->count[i], fraction % 2 ? "true" : "false", notes[note]);
        if (length < 0 || (unsigned)length >= LONGEST) die("a standard message is too long");
        made->text[i] = (plsm_bytes_t){.data = place, .len = (size_t)length};
        place += length;
    }
    return made;
}

const plsm_bytes_t *standard_messages_lite3(void) {
    static plsm_bytes_t *made;
    if (made != NULL) return made;
    const struct messages *messages = standard_messages();
    made = malloc(MESSAGES * sizeof *made);
    if (made == NULL) die("out of memory");
    for (unsigned i = 0; i < MESSAGES; i++) {
        plsm_buf_t document = {0};
        plsm_error_t *error = NULL;
        if (plsm_lite3_from_json(messages->text[i].data, messages->text[i].len, &document, &error) != 0) die_of(error, "encode Lite3");
        made[i] = (plsm_bytes_t){.data = document.data, .len = document.len};
    }
    return made;
}

void write_lines(const char *path, unsigned lines) {
    const struct messages *messages = standard_messages();
    FILE *file = fopen(path, "w");
    if (file == NULL) die("cannot create %s", path);
    for (unsigned i = 0; i < lines; i++) {
        const plsm_bytes_t *text = &messages->text[i % MESSAGES];
        if (fwrite(text->data, 1, text->len, file) != text->len || fputc('\n', file) == EOF) die("cannot write %s", path);
    }
    if (fclose(file) != 0) die("cannot write %s", path);
}
