// main.c: calls functions of the ABI in a random order with random arguments: main SYMBOLS CALLS [SEED].
//
// Every function that the file SYMBOLS lists is called. What must hold: nothing crashes, leaks into memory of others or
// hangs; every answer is one that the header names; a failure has an error of a known kind that says something and is
// no Internal; outputs are written on success only; and a process that was forked in between works on, as does its child.
#include "fuzz.h"

#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

uint64_t state;
const char *directory;

static uint64_t first_state;
static uint64_t calls_made;
static plsm_error_t *error;
static const char *current = "nothing";

static const struct call *const parts[] = {library_calls, client_calls, pool_calls,  append_calls,
                                           stream_calls,  view_calls,   input_calls, codec_calls};
static const struct call *all[400];
static size_t all_count;

void wrong(const char *call, const char *what) {
    fprintf(stderr, "seed %" PRIu64 ", call %" PRIu64 "%s: %s: %s\n", first_state, calls_made, is_child() ? " in a child" : "",
            call, what);
    abort();
}

plsm_error_t **error_place(void) {
    error = NULL;
    return rarely(10) ? NULL : &error;
}

int answer(const char *call, int code, int most) {
    if (code < -1 || code > most) wrong(call, "an answer that the header does not name");
    if (code >= 0 && error) wrong(call, "an error with a success");
    if (code < 0 && error) {
        if (error->kind <= PLSM_ERROR_INTERNAL || error->kind > PLSM_ERROR_RETENTION_GAP)
            wrong(call, error->message ? error->message : "an unknown kind of error");
        if (!error->message || !*error->message) wrong(call, "an error that says nothing");
        plsm_error_free(error);
        error = NULL;
    }
    return code;
}

void untouched(const char *call, int code, const void *output, size_t size, size_t kept) {
    if (code >= 0 || !usable(output)) return;
    const unsigned char *byte = output;
    for (size_t at = kept; at < size; at++)
        if (byte[at] != 0xa5) wrong(call, "an output was written though the call failed");
}

void drop(int code, plsm_buf_t *buf) {
    untouched(current, code, buf, sizeof *buf, 0);
    if (code != 0) return;
    // It is read to its end, and freed once and again.
    volatile unsigned char sum = 0;
    for (size_t at = 0; at < buf->len; at++) sum += buf->data[at];
    plsm_buf_free(buf);
    plsm_buf_free(buf);
}

// Every function that is exported has a call here, and no other.
static void complete(const char *symbols) {
    FILE *file = fopen(symbols, "r");
    char line[200];
    size_t listed = 0;
    if (!file) wrong(symbols, "cannot be read");
    while (fgets(line, sizeof line, file)) {
        char *name = strtok(line, " \n");
        if (!name || *name == '#') continue;
        size_t at = 0;
        while (at < all_count && strcmp(all[at]->name, name) != 0) at++;
        if (at == all_count) wrong(name, "the fuzzer does not call it");
        listed++;
    }
    fclose(file);
    if (listed != all_count) wrong(symbols, "lacks a function that the fuzzer calls");
}

static void step(void) {
    const struct call *chosen = all[below(all_count)];
    current = chosen->name;
    calls_made++;
    chosen->make();
    done();
}

// A child goes on with the handles of pools; streams stay the parent's, and its reservations are refused.
static void forked(void) {
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) return;
    if (pid == 0) {
        alarm(300);
        mark_child();
        forget(STREAM);
        forget(LITE3_STREAM);
        forget(REPLAY);
        for (uint64_t left = 1 + below(30); left; left--) {
            step();
            // One of its own may be committed: only inherited ones are to be tried.
            if (!strcmp(current, "plsm_pool_reserve")) forget(RESERVATION);
        }
        _exit(0);
    }
    int status;
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        wrong("fork", "the child did not end well");
}

// A pool of format 3 without messages, to be converted.
static void old_pool(void) {
    unsigned char file[8192] = "PLSM\3\0\0\0\1";
    const uint64_t words[][2] = {{16, sizeof file}, {24, 4096}, {40, 4096}, {48, 4096}};
    for (size_t at = 0; at < 4; at++) memcpy(file + words[at][0], &words[at][1], 8);
    FILE *out = fopen("old.plasmite", "w");
    if (!out || fwrite(file, sizeof file, 1, out) != 1 || fclose(out)) wrong("old.plasmite", "cannot be written");
}

int main(int argc, char **argv) {
    if (argc < 3) return fprintf(stderr, "usage: main SYMBOLS CALLS [SEED]\n"), 2;
    first_state = argc > 3 ? strtoull(argv[3], NULL, 10) : (uint64_t)getpid() * 2654435761u + 1;
    state = first_state ? first_state : 1;
    for (int turn = 0; turn < 8; turn++) below(2);
    // Memory that was freed stays there to be looked at.
    mallopt(M_MMAP_MAX, 0);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    for (size_t part = 0; part < sizeof parts / sizeof *parts; part++)
        for (const struct call *call = parts[part]; call->name; call++) all[all_count++] = call;
    complete(argv[1]);
    // Two levels, so that names that lead upwards stay below.
    char base[] = "/tmp/plsm-abi-fuzz-XXXXXX";
    const char *root = getenv("TMPDIR");
    if (root && chdir(root) != 0) wrong(root, "cannot be entered");
    if (!mkdtemp(base) || chdir(base) != 0 || mkdir("inner", 0700) != 0 || chdir("inner") != 0)
        wrong(base, "cannot be made");
    directory = realpath(".", NULL);
    // Nor is the default directory anybody's.
    setenv("HOME", directory, 1);
    unsetenv("XDG_DATA_HOME");
    unsetenv("PLASMITE_DIR");
    old_pool();
    plsm_client_t *client = NULL;
    if (plsm_client_new(directory, &client, NULL) != 0) wrong("plsm_client_new", "failed");
    keep(CLIENT, client);
    printf("seed %" PRIu64 "\n", first_state);
    fflush(stdout);
    uint64_t wanted = strtoull(argv[2], NULL, 10);
    while (calls_made < wanted) {
        alarm(300); // a hang ends the program
        step();
        if (rarely(4000)) forked();
    }
    for (int kind = KINDS - 1; kind >= 0; kind--) free_all(kind);
    plsm_log_set(NULL, NULL, 0);
    char command[sizeof base + 20];
    snprintf(command, sizeof command, "rm -rf %s", base);
    if (chdir("/") != 0 || system(command) != 0) wrong(base, "cannot be removed");
    free((void *)directory);
    printf("%" PRIu64 " calls, %zu functions\n", calls_made, all_count);
    return 0;
}
