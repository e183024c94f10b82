// The standard messages: flat objects of about 100 bytes with five fields, all different.
#ifndef PLASMITE_BENCH_MESSAGES_H
#define PLASMITE_BENCH_MESSAGES_H

#include <plasmite.h>

// How many there are; every bench takes them in turn.
#define MESSAGES 4096u

struct messages {
    plsm_bytes_t text[MESSAGES];
    int64_t count[MESSAGES]; // the field "count" of each
    uint8_t *bytes;          // what the texts point into
};

// Made once, the same in every run; never freed.
const struct messages *standard_messages(void);
// The same as Lite3 documents of the data; never freed.
const plsm_bytes_t *standard_messages_lite3(void);
// Writes `lines` of them, one a line, to a new file.
void write_lines(const char *path, unsigned lines);

#endif
