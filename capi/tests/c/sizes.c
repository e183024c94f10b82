// sizes.c: every struct that starts with struct_size, in every size from 0 to more than it has. Behind it lies memory that must
// not be touched.
#include "check.h"
#include "old_pool.h"

#include <stddef.h>
#include <sys/mman.h>

static plsm_error_t *err;
static plsm_pool_t *pool;
static plsm_pool_list_t *list;
static plsm_doctor_t *doctor;
static char old_path[200];

// Options, each with a call that takes them. 0 or -1.

static int client_options(void *options) {
    plsm_client_t *client = NULL;
    int code = plsm_client_new_with(options, &client, &err);
    plsm_client_free(client);
    return code;
}

static int pool_options(void *options) {
    plsm_pool_t *new = NULL;
    int code = plsm_pool_create_with(scratch_client(), "made", options, &new, &err);
    plsm_pool_free(new);
    if (code == 0) OK(plsm_pool_delete(scratch_client(), "made", &err));
    return code;
}

static int open_options(void *options) {
    plsm_pool_t *again = NULL;
    int code = plsm_pool_open_with(scratch_client(), "p", options, &again, &err);
    plsm_pool_free(again);
    return code;
}

static int append_options(void *options) { return plsm_pool_append(pool, (const uint8_t *)"1", 1, options, NULL, &err); }

static int filter_options(void *options) {
    plsm_filter_t *filter = NULL;
    int code = plsm_filter_new(".seq > 0", 8, options, &filter, &err);
    plsm_filter_free(filter);
    return code;
}

static int ingest_options(void *options) {
    plsm_ingest_t *ingest = NULL;
    int code = plsm_ingest_new(options, &ingest, &err);
    plsm_ingest_free(ingest);
    return code;
}

static int tail_options(void *options) {
    plsm_stream_t *stream = NULL;
    int code = plsm_pool_tail(pool, options, &stream, &err);
    plsm_stream_free(stream);
    return code;
}

static int stream_options(void *options) {
    plsm_stream_t *stream = NULL;
    int code = plsm_stream_open_ex(pool, options, &stream, &err);
    plsm_stream_free(stream);
    return code;
}

static int lite3_stream_options(void *options) {
    plsm_lite3_stream_t *stream = NULL;
    int code = plsm_lite3_stream_open_ex(pool, options, &stream, &err);
    plsm_lite3_stream_free(stream);
    return code;
}

// Answers.

static int pool_info(void *answer) { return plsm_pool_info(pool, answer, &err); }
static int list_entry(void *answer) { return plsm_pool_list_entry(list, 0, answer, &err); }
static int doctor_progress(void *answer) { return plsm_doctor_step(doctor, 0, answer, &err); }
static int doctor_report(void *answer) { return plsm_doctor_report(doctor, 0, answer, &err); }
static int doctor_issue(void *answer) { return plsm_doctor_issue(doctor, 0, 0, answer, &err); }

static int migrated(void *answer) {
    write_old_pool(old_path, 3, 20);
    int code = plsm_pool_migrate(scratch_client(), "old", "made", NULL, answer, NULL, &err);
    if (code == 0) OK(plsm_pool_delete(scratch_client(), "made", &err));
    return code;
}

static int salvaged(void *answer) {
    int code = plsm_pool_salvage(scratch_client(), "p", "made", NULL, answer, NULL, 0, &err);
    if (code == 0) OK(plsm_pool_delete(scratch_client(), "made", &err));
    return code;
}

// `least`: the size in the first version that had the struct.
struct sized {
    const char *name;
    int (*call)(void *place);
    size_t least, size;
};

static const struct sized options[] = {
    {"plsm_client_options_t", client_options, 56, sizeof(plsm_client_options_t)},
    {"plsm_pool_options_t", pool_options, 24, sizeof(plsm_pool_options_t)},
    {"plsm_open_options_t", open_options, 8, sizeof(plsm_open_options_t)},
    {"plsm_append_options_t", append_options, 64, sizeof(plsm_append_options_t)},
    {"plsm_filter_options_t", filter_options, 16, sizeof(plsm_filter_options_t)},
    {"plsm_ingest_options_t", ingest_options, 24, sizeof(plsm_ingest_options_t)},
    {"plsm_tail_options_t", tail_options, 88, sizeof(plsm_tail_options_t)},
    // These ignore what is behind.
    {"plsm_stream_options_t", stream_options, 48, sizeof(plsm_stream_options_t)},
    {"plsm_stream_options_t", lite3_stream_options, 48, sizeof(plsm_stream_options_t)},
};

static const struct sized answers[] = {
    {"plsm_pool_info_t", pool_info, 144, sizeof(plsm_pool_info_t)},
    {"plsm_list_entry_t", list_entry, 48, sizeof(plsm_list_entry_t)},
    {"plsm_doctor_progress_t", doctor_progress, 48, sizeof(plsm_doctor_progress_t)},
    {"plsm_doctor_report_t", doctor_report, 104, sizeof(plsm_doctor_report_t)},
    {"plsm_doctor_issue_t", doctor_issue, 64, sizeof(plsm_doctor_issue_t)},
    {"plsm_migrated_t", migrated, 48, sizeof(plsm_migrated_t)},
    {"plsm_salvaged_t", salvaged, 56, sizeof(plsm_salvaged_t)},
};

enum { MORE = 64, ROOM = 512 };

// The end of readable memory: what comes behind faults.
static uint8_t *end;

static void make_room(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED && mprotect(pages + page, page, PROT_NONE) == 0);
    end = pages + page;
}

// A struct of that size at the end, as nearly as its alignment allows; all around it has this byte.
static uint8_t *place_of(size_t size, int around) {
    size_t taken = size < 8 ? 8 : (size + 7) / 8 * 8;
    memset(end - ROOM, around, ROOM);
    uint32_t given = (uint32_t)size;
    memcpy(end - taken, &given, sizeof given);
    return end - taken;
}

static const struct sized *now;
static size_t size_now;
#define EXPECT(condition) \
    do { \
        checks_made++; \
        if (!(condition)) check_failed(__FILE__, __LINE__, "%s of %zu bytes: not true: %s", now->name, size_now, #condition); \
    } while (0)

// Whether the call did what it should; a refusal is one of Usage.
static void expect(int code, int accepted) {
    if (accepted) {
        if (err) check_failed(__FILE__, __LINE__, "%s of %zu bytes: %s", now->name, size_now, err->message);
        EXPECT(code == 0 && err == NULL);
    } else {
        EXPECT(code == -1 && err && err->kind == PLSM_ERROR_USAGE);
        if (err && size_now < now->least) CHECK_HAS(err->message, now->name);
    }
    drop_error(&err);
}

static void options_of_every_size(const struct sized *given) {
    now = given;
    int ignores = strcmp(given->name, "plsm_stream_options_t") == 0;
    for (size_now = 0; size_now <= given->size + MORE; size_now++) {
        uint8_t *place = place_of(size_now, 0xff);
        if (size_now > 4) memset(place + 4, 0, size_now - 4);
        expect(given->call(place), size_now >= given->least);
        if (size_now <= given->size) continue;
        // One byte that this version does not know.
        place[size_now - 1] = 1;
        expect(given->call(place), ignores);
    }
    // A size that was never set.
    size_now = 0;
    uint8_t *place = place_of(0, 0xff);
    memset(place, 0xa5, 8);
    if (!ignores) expect(given->call(place), 0);
}

static void answers_of_every_size(const struct sized *given) {
    now = given;
    enum { UNTOUCHED = 0xa5 };
    uint8_t whole[ROOM];
    size_now = given->size;
    uint8_t *place = place_of(size_now, 0);
    expect(given->call(place), 1);
    memcpy(whole, place, size_now);
    for (size_now = 0; size_now <= given->size + MORE; size_now++) {
        int accepted = size_now >= given->least;
        place = place_of(size_now, UNTOUCHED);
        uint32_t before = (uint32_t)size_now, after;
        expect(given->call(place), accepted);
        memcpy(&after, place, sizeof after);
        EXPECT(before == after);
        size_t written = !accepted ? 4 : size_now < given->size ? size_now : given->size;
        EXPECT(memcmp(place + 4, whole + 4, written - 4) == 0);
        for (uint8_t *byte = place + written; byte < end; byte++) EXPECT(*byte == UNTOUCHED);
        for (uint8_t *byte = end - ROOM; byte < place; byte++) EXPECT(*byte == UNTOUCHED);
    }
}

// A pool with a damaged message, for a doctor that finds something.
static void damage(const char *name) {
    char path[200];
    snprintf(path, sizeof path, "%s/%s.plasmite", scratch(), name);
    plsm_pool_t *damaged = scratch_pool(name, 1 << 16);
    append(damaged, "\"some text that is long enough\"");
    append(damaged, "2");
    plsm_frame_place_t frame;
    plsm_layout_t layout;
    OK(plsm_pool_layout(damaged, &frame, 1, &layout, &err));
    plsm_pool_free(damaged);
    FILE *file = fopen(path, "r+b");
    CHECK(file && fseek(file, (long)frame.offset + 70, SEEK_SET) == 0 && fputc(1, file) == 1);
    if (file) fclose(file);
}

int main(void) {
    make_room();
    pool = scratch_pool("p", 1 << 16);
    append(pool, "1");
    damage("damaged");
    snprintf(old_path, sizeof old_path, "%s/old.plasmite", scratch());
    OK(plsm_doctor_open(scratch_client(), "damaged", &doctor, &err));
    while (plsm_doctor_step(doctor, UINT64_MAX, NULL, &err) == 1) continue;
    OK(plsm_pool_list_open(scratch_client(), &list, &err));
    for (size_t at = 0; at < sizeof answers / sizeof *answers; at++) answers_of_every_size(&answers[at]);
    for (size_t at = 0; at < sizeof options / sizeof *options; at++) options_of_every_size(&options[at]);
    plsm_pool_list_free(list);
    plsm_doctor_free(doctor);
    plsm_pool_free(pool);
    return finish("sizes");
}
