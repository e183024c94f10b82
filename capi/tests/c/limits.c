// limits.c: limits of the process, signals that interrupt every call, clocks that are wrong, file systems that do not fit.
#define _GNU_SOURCE
#include "check.h"
#include "faulty.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

static const uint8_t text[] = "{\"n\":1}";
#define TEXT text, sizeof text - 1

static plsm_append_options_t flushed(void) {
    plsm_append_options_t options = PLSM_APPEND_OPTIONS_INIT;
    options.durability = PLSM_DURABILITY_FLUSH;
    return options;
}

static int files_of(plsm_client_t *client) {
    plsm_buf_t path = {NULL, 0};
    char text_of_path[200];
    plsm_error_t *err = NULL;
    OK(plsm_client_pool_dir(client, &path, &err));
    snprintf(text_of_path, sizeof text_of_path, "%.*s", (int)path.len, (const char *)path.data);
    plsm_buf_free(&path);
    DIR *entries = opendir(text_of_path);
    int count = 0;
    while (readdir(entries)) count++;
    closedir(entries);
    return count - 2;
}

// Runs `work` in a process of its own, whose limits are its own.
static void apart(const char *name, void (*work)(void)) {
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); // the parent has the watchdog
        checks_failed = 0;
        work();
        _exit(checks_failed != 0);
    }
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK_U64(status, 0);
    if (status != 0) check_failed(__FILE__, __LINE__, "%s failed", name);
}

static void with_few_descriptors(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = scratch_client();
    plsm_pool_t *pool = NULL, *open_before = NULL;
    OK(plsm_pool_open(client, "few", &open_before, &err));
    int spare = dup(0);
    struct rlimit limit = {(rlim_t)spare + 40, (rlim_t)spare + 40};
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    int taken[64], count = 0, refused = 0, files = files_of(client);
    while (count < 64 && (taken[count] = dup(0)) >= 0) count++;
    // One more is free each time: whatever needs two of them fails on its second.
    for (int at = count; at-- > count - 8;) {
        plsm_append_options_t options = flushed();
        if (plsm_pool_open(client, "few", &pool, &err) != 0) {
            refused++;
            CHECK(err->kind == PLSM_ERROR_IO);
            CHECK_HAS(err->message, "too many open files");
            CHECK_HAS(plsm_error_hint(err), "ulimit -n");
            drop_error(&err);
        } else {
            plsm_pool_free(pool);
        }
        if (plsm_pool_create(client, "more", 20000, &pool, &err) != 0) {
            refused++;
            CHECK(err->kind == PLSM_ERROR_IO);
            drop_error(&err);
            NO(plsm_pool_exists(client, "more", &err));
        } else {
            plsm_pool_free(pool);
            OK(plsm_pool_delete(client, "more", &err));
        }
        if (plsm_pool_append(open_before, TEXT, &options, NULL, &err) != 0) {
            refused++;
            CHECK(err->kind == PLSM_ERROR_IO && !plsm_error_maybe_written(err));
            drop_error(&err);
        }
        close(taken[at]);
    }
    CHECK(refused >= 3);
    CHECK_U64(files_of(client), files);
    OK(plsm_pool_append(open_before, TEXT, NULL, NULL, &err));
}

static void with_little_memory(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = scratch_client();
    plsm_pool_t *pool = NULL;
    struct rlimit before, limit = {512 << 20, 512 << 20};
    CHECK(getrlimit(RLIMIT_AS, &before) == 0 && setrlimit(RLIMIT_AS, &limit) == 0);
    int files = files_of(client);
    FAILS_KEEP(PLSM_ERROR_IO, plsm_pool_create(client, "large", 600 << 20, &pool, &err));
    if (err) CHECK_HAS(plsm_error_hint(err), "ulimit -v");
    drop_error(&err);
    CHECK_U64(files_of(client), files);
    OK(plsm_pool_create(client, "small", 1 << 20, &pool, &err));
    append(pool, "1");
    plsm_pool_free(pool);
    OK(plsm_pool_delete(client, "small", &err));
}

static void with_short_files(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = scratch_client();
    plsm_pool_t *pool = NULL;
    struct rlimit limit = {1 << 20, 1 << 20};
    signal(SIGXFSZ, SIG_IGN);
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    int files = files_of(client);
    FAILS_KEEP(PLSM_ERROR_IO, plsm_pool_create(client, "long", 2 << 20, &pool, &err));
    if (err) CHECK_HAS(plsm_error_hint(err), "ulimit -f");
    drop_error(&err);
    CHECK_U64(files_of(client), files);
    OK(plsm_pool_create(client, "short", 1 << 20, &pool, &err));
    plsm_pool_free(pool);
    OK(plsm_pool_delete(client, "short", &err));
}

static volatile sig_atomic_t ticks;

static void on_tick(int signal) {
    (void)signal;
    ticks++;
}

static void storm(int on) {
    struct sigaction action;
    struct itimerval every = {{0, on ? 150 : 0}, {0, on ? 150 : 0}};
    memset(&action, 0, sizeof action);
    action.sa_handler = on_tick; // without SA_RESTART
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
}

static void *other_writer(void *user) {
    plsm_error_t *err = NULL;
    plsm_append_options_t options = flushed();
    for (int n = 0; n < 200; n++) OK(plsm_pool_append(user, TEXT, n % 10 ? NULL : &options, NULL, &err));
    return NULL;
}

// Signals that interrupt system calls all the time change nothing but the speed.
static void interrupted(void) {
    plsm_error_t *err = NULL;
    char base[] = "/dev/shm/plasmite-XXXXXX";
    const char *directory = mkdtemp(base);
    plsm_client_t *client = NULL;
    plsm_pool_t *pool = NULL;
    plsm_append_options_t options = flushed();
    // The watchdog of the other tests is this very signal.
    storm(1);
    OK(plsm_client_new(directory ? directory : scratch(), &client, &err));
    // Takes the system longer than the signals let it at a time.
    OK(plsm_pool_create(client, "large", 64 << 20, &pool, &err));
    plsm_pool_free(pool);
    for (int round = 0; round < 50; round++) {
        plsm_tail_options_t tail = PLSM_TAIL_OPTIONS_INIT;
        plsm_stream_t *stream = NULL;
        plsm_bytes_t json;
        plsm_doctor_t *doctor = NULL;
        pthread_t thread;
        OK(plsm_pool_create(client, "p", 30000, &pool, &err));
        CHECK(pthread_create(&thread, NULL, other_writer, pool) == 0);
        for (int n = 0; n < 200; n++) OK(plsm_pool_append(pool, TEXT, n % 10 ? NULL : &options, NULL, &err));
        pthread_join(thread, NULL);
        OK(plsm_pool_tail(pool, &tail, &stream, &err));
        for (int n = 0; n < 100; n++) YES(plsm_stream_next_json(stream, 1000, &json, &err));
        plsm_stream_free(stream);
        tail.start = PLSM_START_NOW;
        OK(plsm_pool_tail(pool, &tail, &stream, &err));
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        GIVES(2, plsm_stream_next_json(stream, 20, &json, &err));
        clock_gettime(CLOCK_MONOTONIC, &to);
        CHECK((to.tv_sec - from.tv_sec) * 1000000000LL + to.tv_nsec - from.tv_nsec >= 20000000);
        plsm_stream_free(stream);
        OK(plsm_doctor_open(client, "p", &doctor, &err));
        while (plsm_doctor_step(doctor, 4096, NULL, &err) == 1) continue;
        plsm_doctor_free(doctor);
        plsm_pool_free(pool);
        OK(plsm_pool_delete(client, "p", &err));
    }
    CHECK(ticks > 100);
    OK(plsm_pool_delete(client, "large", &err));
    plsm_client_free(client);
    storm(0);
    if (directory) CHECK(rmdir(directory) == 0);
}

// Times never fall, whatever the clock does, and no wait goes by it.
static void wrong_clocks(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("clock", 0);
    static const int64_t jumps[] = {0, -3600, 7200, -100000000, 0, 200000000, -1900000000, 0};
    uint64_t newest = 0;
    for (size_t at = 0; at < sizeof jumps / sizeof *jumps; at++) {
        for (int stopped = 0; stopped < 2; stopped++) {
            faulty_clock_offset = jumps[at];
            faulty_clock_stopped = stopped;
            for (int n = 0; n < 50; n++) {
                plsm_receipt_t receipt;
                OK(plsm_pool_append(pool, TEXT, NULL, &receipt, &err));
                CHECK(receipt.timestamp_ns >= newest);
                newest = receipt.timestamp_ns;
            }
            plsm_tail_options_t tail = PLSM_TAIL_OPTIONS_INIT;
            plsm_stream_t *stream = NULL;
            plsm_bytes_t json;
            tail.start = PLSM_START_NOW;
            OK(plsm_pool_tail(pool, &tail, &stream, &err));
            GIVES(2, plsm_stream_next_json(stream, 10, &json, &err));
            plsm_stream_free(stream);
        }
    }
    // A clock before 1970, and one that is right again.
    faulty_clock_offset = -2000000000;
    append(pool, "1");
    faulty_clock_offset = faulty_clock_stopped = 0;
    append(pool, "1");
    plsm_doctor_t *doctor = NULL;
    plsm_doctor_report_t report = PLSM_DOCTOR_REPORT_INIT;
    OK(plsm_doctor_open(scratch_client(), "clock", &doctor, &err));
    while (plsm_doctor_step(doctor, UINT64_MAX, NULL, &err) == 1) continue;
    OK(plsm_doctor_report(doctor, 0, &report, &err));
    CHECK_U64(report.issue_count, 0);
    plsm_doctor_free(doctor);
    plsm_pool_free(pool);
}

static void file_systems_that_do_not_fit(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = scratch_client();
    plsm_pool_t *pool = NULL;
    plsm_open_options_t read_only = PLSM_OPEN_OPTIONS_INIT;
    plsm_doctor_t *doctor = NULL;
    read_only.flags = PLSM_OPEN_READ_ONLY;
    pool = scratch_pool("there", 0);
    append(pool, "1");
    plsm_pool_free(pool);
    int files = files_of(client);
    static const struct {
        uint32_t type;
        const char *name;
    } apart_ones[] = {{0x6969, "(NFS)"}, {0x01021997, "(9p)"}, {0xfe534d42, "(SMB/CIFS)"}, {0x65735546, "("}};
    for (size_t at = 0; at < sizeof apart_ones / sizeof *apart_ones; at++) {
        faulty_file_system = apart_ones[at].type;
        FAILS_KEEP(PLSM_ERROR_IO, plsm_pool_open(client, "there", &pool, &err));
        if (err) {
            CHECK_HAS(err->message, apart_ones[at].name);
            CHECK_HAS(err->path, "there.plasmite");
            CHECK_HAS(plsm_error_hint(err), "PLASMITE_ANY_FILE_SYSTEM");
        }
        drop_error(&err);
        FAILS(PLSM_ERROR_IO, plsm_pool_open_with(client, "there", &read_only, &pool, &err));
        FAILS(PLSM_ERROR_IO, plsm_pool_create(client, "new", 0, &pool, &err));
        FAILS(PLSM_ERROR_IO, plsm_pool_ensure(client, "new", NULL, &pool, NULL, &err));
        FAILS(PLSM_ERROR_IO, plsm_pool_salvage(client, "there", "new", NULL, NULL, NULL, 0, &err));
        CHECK_U64(files_of(client), files);
        // It can be looked at, and told otherwise.
        OK(plsm_doctor_open(client, "there", &doctor, &err));
        plsm_doctor_free(doctor);
        setenv("PLASMITE_ANY_FILE_SYSTEM", "0", 1);
        FAILS(PLSM_ERROR_IO, plsm_pool_open(client, "there", &pool, &err));
        setenv("PLASMITE_ANY_FILE_SYSTEM", "1", 1);
        OK(plsm_pool_open(client, "there", &pool, &err));
        append(pool, "1");
        plsm_pool_free(pool);
        unsetenv("PLASMITE_ANY_FILE_SYSTEM");
    }
    // Deleting needs no more than a name.
    OK(plsm_pool_delete(client, "there", &err));
    faulty_file_system = 0;
}

int main(void) {
    plsm_pool_free(scratch_pool("few", 0));
    wrong_clocks();
    file_systems_that_do_not_fit();
    apart("with few descriptors", with_few_descriptors);
    apart("with little memory", with_little_memory);
    apart("with short files", with_short_files);
    apart("interrupted", interrupted);
    return finish("limits");
}
