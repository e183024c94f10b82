// faults.c: every system call that an operation makes fails once, with every error that fits. The error is a clear one,
// nothing is half-made, no lock is left, and the pool goes on.
#define _GNU_SOURCE
#include "check.h"
#include "faulty.h"
#include "old_pool.h"

#include <dirent.h>
#include <errno.h>
#include <sys/wait.h>

static const uint8_t text[] = "{\"n\":1}";
#define TEXT text, sizeof text - 1

static plsm_client_t *client;
static char directory[160];

// What the operation found, for the message of a failed check.
static char about[200];
#define EXPECT(condition) \
    do { \
        __atomic_fetch_add(&checks_made, 1, __ATOMIC_RELAXED); \
        if (!(condition)) check_failed(__FILE__, __LINE__, "%s: not true: %s", about, #condition); \
    } while (0)

static plsm_pool_t *opened(const char *name) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = NULL;
    OK(plsm_pool_open(client, name, &pool, &err));
    return pool;
}

// The operations; each works on pool "p", which has 20 messages and is open as `pool`.

static int create(plsm_pool_t *pool, plsm_error_t **err) {
    (void)pool;
    plsm_pool_t *new = NULL;
    int code = plsm_pool_create(client, "new", 20000, &new, err);
    plsm_pool_free(new);
    return code;
}

static int create_below(plsm_pool_t *pool, plsm_error_t **err) {
    (void)pool;
    char path[200];
    plsm_pool_t *new = NULL;
    snprintf(path, sizeof path, "%s/below/new.plasmite", directory);
    int code = plsm_pool_create(client, path, 20000, &new, err);
    plsm_pool_free(new);
    return code;
}

static int ensure(plsm_pool_t *pool, plsm_error_t **err) {
    (void)pool;
    plsm_pool_t *new = NULL;
    int code = plsm_pool_ensure(client, "new", NULL, &new, NULL, err);
    plsm_pool_free(new);
    return code < 0 ? code : 0;
}

static int open_again(plsm_pool_t *pool, plsm_error_t **err) {
    (void)pool;
    plsm_pool_t *again = NULL;
    // A copy has to be recovered first.
    int code = plsm_pool_open(client, "copy", &again, err);
    plsm_pool_free(again);
    return code;
}

static int open_read_only(plsm_pool_t *pool, plsm_error_t **err) {
    (void)pool;
    plsm_pool_t *again = NULL;
    plsm_open_options_t options = PLSM_OPEN_OPTIONS_INIT;
    options.flags = PLSM_OPEN_READ_ONLY;
    int code = plsm_pool_open_with(client, "p", &options, &again, err);
    plsm_pool_free(again);
    return code;
}

static int append_fast(plsm_pool_t *pool, plsm_error_t **err) { return plsm_pool_append(pool, TEXT, NULL, NULL, err); }

static int append_flush(plsm_pool_t *pool, plsm_error_t **err) {
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    options.durability = PLSM_DURABILITY_FLUSH;
    return plsm_pool_append(pool, TEXT, &options, NULL, err);
}

// Once around the ring, with flushes on the way: writers then sync the control page as well.
static int append_around(plsm_pool_t *pool, plsm_error_t **err) {
    for (int n = 0; n < 400; n++)
        if ((n % 100 == 50 ? append_flush(pool, err) : append_fast(pool, err)) != 0) return -1;
    return 0;
}

static int append_batch(plsm_pool_t *pool, plsm_error_t **err) {
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    plsm_batch_item_t items[3] = {{TEXT, NULL, 0, 0, 0, 0}, {TEXT, NULL, 0, 0, 0, 0}, {TEXT, NULL, 0, 0, 0, 0}};
    options.durability = PLSM_DURABILITY_FLUSH;
    return plsm_pool_append_batch(pool, items, 3, &options, NULL, err);
}

static int reserve(plsm_pool_t *pool, plsm_error_t **err) {
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    plsm_reservation_t *reservation = NULL;
    plsm_buf_t document = {NULL, 0};
    uint8_t *place = NULL;
    options.durability = PLSM_DURABILITY_FLUSH;
    if (plsm_lite3_from_json(TEXT, &document, err) != 0) return -1;
    int code = plsm_pool_reserve(pool, document.len, &options, &reservation, &place, err);
    if (code == 0) {
        memcpy(place, document.data, document.len);
        code = plsm_reservation_commit(reservation, NULL, err);
    }
    plsm_buf_free(&document);
    return code;
}

static int look(plsm_pool_t *pool, plsm_error_t **err) {
    plsm_buf_t json = {NULL, 0};
    plsm_bounds_t bounds;
    if (plsm_pool_bounds(pool, &bounds, err) != 0) return -1;
    if (plsm_pool_get_json(pool, bounds.newest, &json, err) != 0) return -1;
    plsm_buf_free(&json);
    if (plsm_pool_info_json(pool, &json, err) != 0) return -1;
    plsm_buf_free(&json);
    return plsm_pool_is_current(pool, err) < 0 ? -1 : 0;
}

static int follow(plsm_pool_t *pool, plsm_error_t **err) {
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    plsm_stream_t *stream = NULL;
    plsm_bytes_t json;
    int fd, code = plsm_pool_tail(pool, &options, &stream, err);
    for (int n = 0; n < 20 && code >= 0; n++) code = plsm_stream_next_json(stream, 0, &json, err);
    if (code >= 0) code = plsm_stream_fd(stream, &fd, err);
    if (code >= 0) code = plsm_stream_next_json(stream, 5, &json, err);
    plsm_stream_free(stream);
    return code < 0 ? -1 : 0;
}

// Nothing matches until the time is up.
static int follow_filtered(plsm_pool_t *pool, plsm_error_t **err) {
    static const char condition[] = "[.data.n] | length > 7";
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    plsm_stream_t *stream = NULL;
    plsm_filter_t *filter = NULL;
    plsm_bytes_t json;
    if (plsm_filter_new(condition, sizeof condition - 1, NULL, &filter, err) != 0) return -1;
    const plsm_filter_t *filters[] = {filter};
    options.filters = filters;
    options.filters_len = 1;
    int code = plsm_pool_tail(pool, &options, &stream, err);
    if (code >= 0) code = plsm_stream_next_json(stream, 2, &json, err);
    plsm_stream_free(stream);
    plsm_filter_free(filter);
    return code < 0 ? -1 : 0;
}

static int list(plsm_pool_t *pool, plsm_error_t **err) {
    (void)pool;
    plsm_buf_t json = {NULL, 0};
    int code = plsm_pool_list_json(client, &json, err);
    plsm_buf_free(&json);
    return code;
}

static int doctor(plsm_pool_t *pool, plsm_error_t **err) {
    (void)pool;
    plsm_doctor_t *doctor = NULL;
    if (plsm_doctor_open(client, "p", &doctor, err) != 0) return -1;
    int code;
    do code = plsm_doctor_step(doctor, 1 << 20, NULL, err);
    while (code == 1);
    plsm_doctor_free(doctor);
    return code;
}

static int salvage(plsm_pool_t *pool, plsm_error_t **err) {
    (void)pool;
    return plsm_pool_salvage(client, "p", "new", NULL, NULL, NULL, 0, err);
}

static int migrate(plsm_pool_t *pool, plsm_error_t **err) {
    (void)pool;
    return plsm_pool_migrate(client, "old", "new", NULL, NULL, NULL, err);
}

static int migrate_in_place(plsm_pool_t *pool, plsm_error_t **err) {
    (void)pool;
    return plsm_pool_migrate(client, "old", NULL, NULL, NULL, NULL, err);
}

static int migrate_link(plsm_pool_t *pool, plsm_error_t **err) {
    (void)pool;
    return plsm_pool_migrate(client, "linked_old", NULL, NULL, NULL, NULL, err);
}

static int delete_copy(plsm_pool_t *pool, plsm_error_t **err) {
    (void)pool;
    return plsm_pool_delete(client, "copy", err);
}

static int delete_link(plsm_pool_t *pool, plsm_error_t **err) {
    (void)pool;
    return plsm_pool_delete(client, "linked", err);
}

static int open_link(plsm_pool_t *pool, plsm_error_t **err) {
    (void)pool;
    plsm_pool_t *again = NULL;
    int code = plsm_pool_open(client, "linked", &again, err);
    plsm_pool_free(again);
    return code;
}

static const struct operation {
    const char *name;
    int (*run)(plsm_pool_t *pool, plsm_error_t **err);
    // Whether it makes "new", how many messages it appends to "p", whether it removes "copy".
    int makes_new, appends, removes_copy;
} operations[] = {
    {"create", create, 1, 0, 0},
    {"create below", create_below, 0, 0, 0},
    {"ensure", ensure, 1, 0, 0},
    {"open", open_again, 0, 0, 0},
    {"open read-only", open_read_only, 0, 0, 0},
    {"append", append_fast, 0, 1, 0},
    {"append flushed", append_flush, 0, 1, 0},
    {"append around", append_around, 0, 400, 0},
    {"batch", append_batch, 0, 3, 0},
    {"reserve", reserve, 0, 1, 0},
    {"look", look, 0, 0, 0},
    {"follow", follow, 0, 0, 0},
    {"follow filtered", follow_filtered, 0, 0, 0},
    {"list", list, 0, 0, 0},
    {"doctor", doctor, 0, 0, 0},
    {"salvage", salvage, 1, 0, 0},
    {"migrate", migrate, 1, 0, 0},
    {"migrate in place", migrate_in_place, 0, 0, 0},
    {"delete", delete_copy, 0, 0, 1},
    {"delete by a link", delete_link, 0, 0, 1},
    {"open by a link", open_link, 0, 0, 0},
    {"migrate by a link", migrate_link, 0, 0, 0},
};

// Errors that a call may give, and with what kind they come out.
static const struct {
    enum faulty_call call;
    int code;
    int32_t kind;
} faults[] = {
    {FAULTY_OPEN, EMFILE, PLSM_ERROR_IO},         {FAULTY_OPEN, EIO, PLSM_ERROR_IO},
    {FAULTY_OPEN, EACCES, PLSM_ERROR_PERMISSION}, {FAULTY_OPEN, EROFS, PLSM_ERROR_PERMISSION},
    {FAULTY_FALLOCATE, ENOSPC, PLSM_ERROR_IO},    {FAULTY_FALLOCATE, EDQUOT, PLSM_ERROR_IO},
    {FAULTY_FALLOCATE, EINTR, 0},                 {FAULTY_FALLOCATE, EOPNOTSUPP, 0},
    {FAULTY_MMAP, ENOMEM, PLSM_ERROR_IO},         {FAULTY_MMAP, ENODEV, PLSM_ERROR_IO},
    {FAULTY_MSYNC, EIO, PLSM_ERROR_IO},           {FAULTY_FDATASYNC, EIO, PLSM_ERROR_IO},
    {FAULTY_FDATASYNC, ENOSPC, PLSM_ERROR_IO},    {FAULTY_FDATASYNC, EINTR, 0},
    {FAULTY_FSYNC, EIO, PLSM_ERROR_IO},           {FAULTY_FSYNC, EDQUOT, PLSM_ERROR_IO},
    {FAULTY_LOCK, ENOLCK, PLSM_ERROR_IO},         {FAULTY_LOCK, EINTR, 0},
    {FAULTY_LINK, EMLINK, PLSM_ERROR_IO},         {FAULTY_LINK, ENOSPC, PLSM_ERROR_IO},
    {FAULTY_UNLINK, EACCES, PLSM_ERROR_PERMISSION}, {FAULTY_UNLINK, EBUSY, PLSM_ERROR_IO},
    {FAULTY_MKDIR, ENOSPC, PLSM_ERROR_IO},        {FAULTY_READ, EIO, PLSM_ERROR_IO},
    {FAULTY_READ, EINTR, 0},                      {FAULTY_PREAD, EIO, PLSM_ERROR_IO},
    {FAULTY_PREAD, EINTR, 0},                     {FAULTY_PWRITE, EIO, PLSM_ERROR_IO},
    {FAULTY_PWRITE, ENOSPC, PLSM_ERROR_IO},       {FAULTY_PWRITE, EINTR, 0},
    {FAULTY_STAT, EIO, PLSM_ERROR_IO},            {FAULTY_STATFS, EIO, PLSM_ERROR_IO},
    {FAULTY_STATFS, ENOSYS, 0},                   {FAULTY_EVENTFD, EMFILE, PLSM_ERROR_IO},
    {FAULTY_OPEN, EINTR, 0},                      {FAULTY_MSYNC, EINTR, 0},
    {FAULTY_FSYNC, EINTR, 0},                     {FAULTY_STAT, EINTR, 0},
    {FAULTY_STATFS, EINTR, 0},                    {FAULTY_MKDIR, EINTR, 0},
    {FAULTY_LINK, EINTR, 0},                      {FAULTY_UNLINK, EINTR, 0},
    {FAULTY_RENAME, EIO, PLSM_ERROR_IO},          {FAULTY_RENAME, EINTR, 0},
    {FAULTY_FCHMOD, EIO, PLSM_ERROR_IO},          {FAULTY_FCHMOD, EINTR, 0},
    {FAULTY_FLOCK, ENOLCK, PLSM_ERROR_IO},        {FAULTY_FLOCK, EINTR, 0},
    {FAULTY_OPENDIR, EMFILE, PLSM_ERROR_IO},      {FAULTY_OPENDIR, EACCES, PLSM_ERROR_PERMISSION},
    {FAULTY_OPENDIR, EINTR, 0},                   {FAULTY_READDIR, EIO, PLSM_ERROR_IO},
    {FAULTY_READDIR, EINTR, 0},                   {FAULTY_THREAD, EAGAIN, PLSM_ERROR_IO},
    {FAULTY_ACCESS, EIO, PLSM_ERROR_IO},          {FAULTY_ACCESS, EACCES, PLSM_ERROR_PERMISSION},
    {FAULTY_ACCESS, EINTR, 0},                    {FAULTY_FSTAT, EIO, PLSM_ERROR_IO},
    {FAULTY_FSTAT, EINTR, 0},                     {FAULTY_OPENAT, EMFILE, PLSM_ERROR_IO},
    {FAULTY_OPENAT, EACCES, PLSM_ERROR_PERMISSION}, {FAULTY_OPENAT, EINTR, 0},
    {FAULTY_READLINK, EIO, PLSM_ERROR_IO},        {FAULTY_READLINK, EINTR, 0},
    {FAULTY_UNLINKAT, EACCES, PLSM_ERROR_PERMISSION}, {FAULTY_UNLINKAT, EBUSY, PLSM_ERROR_IO},
    {FAULTY_UNLINKAT, EINTR, 0},                  {FAULTY_RANDOM, EINTR, 0},
    {FAULTY_RANDOM, ENOSYS, 0},                   {FAULTY_SEEK, EINVAL, 0},
    {FAULTY_ADVICE, EINVAL, 0},
};

static int exists(const char *name) { return plsm_pool_exists(client, name, NULL) == 1; }

static void no_foreign_files(void) {
    DIR *entries = opendir(directory);
    struct dirent *entry;
    while ((entry = readdir(entries)) != NULL) {
        const char *known[] = {".", "..", "p.plasmite", "copy.plasmite", "new.plasmite", "below", "old.plasmite", "old.plasmite.bak",
                               "linked.plasmite", "linked_old.plasmite"};
        int is_known = 0;
        for (size_t at = 0; at < sizeof known / sizeof *known; at++) is_known |= strcmp(entry->d_name, known[at]) == 0;
        if (!is_known) check_failed(__FILE__, __LINE__, "%s: %s was left behind", about, entry->d_name);
    }
    closedir(entries);
}

// A pool is whole, and another process can take its lock.
static void goes_on(const char *name) {
    pid_t child = fork();
    if (child == 0) {
        checks_failed = 0;
        plsm_error_t *err = NULL;
        plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
        plsm_doctor_t *doctor = NULL;
        plsm_doctor_report_t report = PLSM_DOCTOR_REPORT_INIT;
        plsm_pool_t *pool = opened(name);
        options.durability = PLSM_DURABILITY_FLUSH;
        options.has_lock_wait = 1;
        options.lock_wait_ms = 100;
        OK(plsm_pool_append(pool, TEXT, &options, NULL, &err));
        OK(plsm_doctor_open(client, name, &doctor, &err));
        while (plsm_doctor_step(doctor, UINT64_MAX, NULL, &err) == 1) continue;
        OK(plsm_doctor_report(doctor, 0, &report, &err));
        EXPECT(report.status == 0 && report.issue_count == 0);
        _exit(checks_failed != 0);
    }
    int status = -1;
    EXPECT(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}

static void copy_file(const char *from, const char *to) {
    char command[500];
    snprintf(command, sizeof command, "cp %s/%s.plasmite %s/%s.plasmite", directory, from, directory, to);
    CHECK(system(command) == 0);
}

// One operation with one call failing, or all from that one on; whether that happened.
static int one(const struct operation *operation, size_t fault, int nth, int ever) {
    plsm_error_t *err = NULL;
    plsm_bounds_t before, after;
    snprintf(about, sizeof about, "%s, %s %d%s fails with %s", operation->name, faulty_names[faults[fault].call], nth,
             ever ? " and on" : "", strerror(faults[fault].code));
    plsm_pool_t *pool = NULL;
    OK(plsm_pool_create(client, "p", 20000, &pool, &err));
    for (int n = 0; n < 20; n++) append(pool, "{\"n\":1}");
    OK(plsm_pool_flush(pool, &err));
    copy_file("p", "copy");
    char old[200], kept[210];
    snprintf(old, sizeof old, "%s/old.plasmite", directory);
    snprintf(kept, sizeof kept, "%s.bak", old);
    write_old_pool(old, 3, 20);
    char link[220];
    snprintf(link, sizeof link, "%s/linked.plasmite", directory);
    CHECK(symlink("copy.plasmite", link) == 0);
    snprintf(link, sizeof link, "%s/linked_old.plasmite", directory);
    CHECK(symlink("old.plasmite", link) == 0);
    // Fresh, so that the operation has to claim its part in the lock.
    plsm_pool_free(pool);
    pool = opened("p");
    OK(plsm_pool_bounds(pool, &before, &err));

    faulty_set(faults[fault].call, nth, faults[fault].code, ever);
    int code = operation->run(pool, &err);
    int happened = faulty_happened();
    faulty_set(0, 0, 0, 0);

    EXPECT(code == 0 || code == -1);
    EXPECT((code == 0) == (err == NULL));
    if (!happened) EXPECT(code == 0);
    if (err) {
        if (err->kind != faults[fault].kind)
            check_failed(__FILE__, __LINE__, "%s: kind %d (%s)", about, err->kind, err->message);
        EXPECT(err->message && strlen(err->message) > 10);
        EXPECT(err->path != NULL);
    }
    plsm_error_t *failure = err;
    err = NULL;
    OK(plsm_pool_bounds(pool, &after, &err));
    uint64_t appended = after.newest - before.newest;
    if (code == 0)
        EXPECT(appended == (uint64_t)operation->appends);
    else
        EXPECT(appended <= (uint64_t)operation->appends);
    if (code != 0 && operation->appends == 1) EXPECT(appended == (uint64_t)(plsm_error_maybe_written(failure) == 1));
    drop_error(&failure);
    if (operation->makes_new) EXPECT(exists("new") == (code == 0));
    if (operation->removes_copy) EXPECT(exists("copy") == (code != 0));
    no_foreign_files();
    plsm_pool_free(pool);
    // An old pool is converted, or as it was and can be.
    int in_place = operation->run == migrate_in_place || operation->run == migrate_link;
    int converted = in_place && code == 0;
    // Its second name goes again, unless nothing can be removed; the next try takes that for what it is.
    if (!(ever && faults[fault].call == FAULTY_UNLINK)) EXPECT((access(kept, F_OK) == 0) == converted);
    if (!converted) OK(plsm_pool_migrate(client, "old", NULL, NULL, NULL, NULL, &err));
    goes_on("old");
    goes_on("p");
    if (exists("copy")) goes_on("copy");
    if (exists("new")) goes_on("new");
    char command[300];
    snprintf(command, sizeof command, "rm -rf %s/*", directory);
    CHECK(system(command) == 0);
    return happened;
}

int main(void) {
    plsm_error_t *err = NULL;
    scratch();
    alarm(900); // some two thousand cases, each with processes of its own
    // In memory where there is such a place: each case syncs many times.
    char base[] = "/dev/shm/plasmite-XXXXXX";
    const char *memory = mkdtemp(base);
    snprintf(directory, sizeof directory, "%s/faults", memory ? memory : scratch());
    OK(plsm_client_new(directory, &client, &err));
    int cases = 0;
    for (size_t at = 0; at < sizeof operations / sizeof *operations; at++) {
        int here = 0;
        for (size_t fault = 0; fault < sizeof faults / sizeof *faults; fault++) {
            int nth = 1;
            while (one(&operations[at], fault, nth, 0) && nth < 40) nth++;
            here += nth - 1;
            // Calls that are interrupted for ever are repeated for ever.
            if (nth > 1 && faults[fault].code != EINTR) here += one(&operations[at], fault, 1, 1);
        }
        if (here == 0) check_failed(__FILE__, __LINE__, "%s met no fault", operations[at].name);
        cases += here;
    }
    plsm_client_free(client);
    if (memory) CHECK(rmdir(directory) == 0 && rmdir(memory) == 0);
    printf("%d faults\n", cases);
    return finish("faults");
}
