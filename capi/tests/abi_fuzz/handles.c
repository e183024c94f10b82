// handles.c: living handles, and those that were freed.
#include "fuzz.h"

enum { ROOM = 6, STALE = 32 };

static void *alive[KINDS][ROOM];
#ifndef WATCHED
static void *stale[STALE];
static size_t stale_count;
#endif
static int child;

static void release(enum kind kind, void *pointer) {
    switch (kind) {
    case CLIENT: plsm_client_free(pointer); break;
    case POOL: plsm_pool_free(pointer); break;
    case LIST: plsm_pool_list_free(pointer); break;
    case DOCTOR: plsm_doctor_free(pointer); break;
    case STREAM: plsm_stream_free(pointer); break;
    case LITE3_STREAM: plsm_lite3_stream_free(pointer); break;
    case MESSAGE: plsm_message_free(pointer); break;
    case RESERVATION: plsm_reservation_abort(pointer); break;
    case FILTER: plsm_filter_free(pointer); break;
    case INGEST: plsm_ingest_free(pointer); break;
    case REPLAY: plsm_replay_free(pointer); break;
    case KINDS: break;
    }
}

void *living(enum kind kind) {
    for (int tries = 0; tries < 12; tries++) {
        void *found = alive[kind][below(ROOM)];
        if (found) return found;
    }
    return NULL;
}

int is_living(enum kind kind, const void *pointer) {
    for (int at = 0; pointer && at < ROOM; at++)
        if (alive[kind][at] == pointer) return 1;
    return 0;
}

#ifndef WATCHED
// One that was freed, unless its memory has become another handle.
static void *freed(void) {
    if (!stale_count) return NULL;
    void *pointer = stale[below(stale_count)];
    for (int kind = 0; kind < KINDS; kind++)
        if (is_living(kind, pointer)) return NULL;
    return pointer;
}
#endif

// What is no handle of this kind.
static void *bad(enum kind kind) {
    enum kind other = below(KINDS);
    switch (below(4)) {
    case 0: return NULL;
    case 1: return (void *)(uintptr_t)3;
#ifndef WATCHED
    case 2: return freed();
#endif
    default: return other == kind ? NULL : living(other);
    }
}

void *handle(enum kind kind) { return rarely(20) ? bad(kind) : living(kind); }

void keep(enum kind kind, void *pointer) {
    void **place = &alive[kind][below(ROOM)];
    void *before = *place;
    *place = pointer;
    if (before) release(kind, before);
}

void *to_free(enum kind kind) {
    if (rarely(4)) return bad(kind);
    void *pointer = living(kind);
    for (int at = 0; pointer && at < ROOM; at++)
        if (alive[kind][at] == pointer) alive[kind][at] = NULL;
#ifndef WATCHED
    if (pointer) {
        size_t at = stale_count < STALE ? stale_count++ : below(STALE);
        stale[at] = pointer;
    }
#endif
    return pointer;
}

void free_all(enum kind kind) {
    for (int at = 0; at < ROOM; at++) {
        void *pointer = alive[kind][at];
        alive[kind][at] = NULL;
        if (pointer) release(kind, pointer);
    }
}

void forget(enum kind kind) { memset(alive[kind], 0, sizeof alive[kind]); }

int is_child(void) { return child; }
void mark_child(void) { child = 1; }
