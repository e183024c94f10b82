// engine.c: runs a manifest: RUNNER MANIFEST [--workdir DIR]. See ../../format.md.
#include "runner.h"
#include <ftw.h>
#include <pthread.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

plsm_client_t *client;
const char *workdir, *home;
int version;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static json_t *captures;
static handle_t *handles;

void fail(step_t *step, char *wrong) {
    step->wrong = wrong;
    longjmp(step->leave, 1);
}

void told(step_t *step, plsm_error_t *error) {
    step->error = json_object();
    json_set(step->error, "kind", json_str(plsm_error_kind_name(error->kind)));
    json_set(step->error, "message", json_str(error->message));
    json_set(step->error, "path", json_str(error->path));
    json_set(step->error, "seq", error->has_seq ? json_uint(error->seq) : json_str(NULL));
    json_set(step->error, "offset", error->has_offset ? json_uint(error->offset) : json_str(NULL));
    plsm_error_free(error);
    longjmp(step->leave, 1);
}

void check(step_t *step, int status) {
    if (status < 0) told(step, step->fault);
}

const json_t *need(step_t *step, const char *name) {
    const json_t *value = json_get(step->given, name);
    if (!value) fail(step, format("the input has no %s", name));
    return value;
}

const char *text(step_t *step, const char *name) {
    const json_t *value = need(step, name);
    if (value->type != '"') fail(step, format("%s is no text: %s", name, json_shown(value)));
    return value->text;
}

uint64_t number(step_t *step, const char *name, uint64_t otherwise) {
    uint64_t value;
    if (!json_get(step->given, name)) return otherwise;
    if (!integer(json_get(step->given, name), &value)) fail(step, format("%s is no integer", name));
    return value;
}

char *in_workdir(const char *name) { return format("%s/%s", workdir, name); }

char *reference(step_t *step) {
    const json_t *pool = json_get(step->step, "pool");
    if (!pool || pool->type != '"') fail(step, "the step has no pool");
    return pool->text;
}

uint8_t *unhex(step_t *step, const json_t *hex, size_t *len) {
    uint8_t *bytes = room(hex->len / 2);
    *len = hex->len / 2;
    for (size_t i = 0; i < *len; i++) {
        unsigned byte;
        if (sscanf(hex->text + 2 * i, "%2x", &byte) != 1) fail(step, "bad hex");
        bytes[i] = (uint8_t)byte;
    }
    return bytes;
}

// Names

static handle_t *named(const char *name) {
    pthread_mutex_lock(&lock);
    handle_t *handle = handles;
    while (handle && strcmp(handle->name, name)) handle = handle->next;
    pthread_mutex_unlock(&lock);
    return handle;
}

handle_t *on(step_t *step) {
    const json_t *name = json_get(step->step, "on");
    handle_t *handle = name ? named(name->text) : NULL;
    if (!handle) fail(step, format("there is no handle %s", json_shown(name)));
    return handle;
}

void keep(step_t *step, handle_t handle) {
    const json_t *name = json_get(step->step, "keep");
    handle_t *known = named(name->text);
    if (known && !known->closed) fail(step, format("there is a handle %s already", name->text));
    handle_t *fresh = known ? known : calloc(1, sizeof *fresh);
    if (!fresh) abort();
    pthread_mutex_lock(&lock);
    handle.name = known ? known->name : lasting_text(name->text);
    handle.next = known ? known->next : handles;
    *fresh = handle;
    if (!known) handles = fresh;
    pthread_mutex_unlock(&lock);
}

json_t *captured(void) {
    pthread_mutex_lock(&lock);
    json_t *copy = json_object();
    for (size_t i = 0; i < captures->count; i++) json_push(copy, captures->items[i]), copy->keys[i] = captures->keys[i];
    pthread_mutex_unlock(&lock);
    return copy;
}

void capture(const char *name, const json_t *value) {
    pthread_mutex_lock(&lock);
    json_set_lasting(captures, name, value);
    pthread_mutex_unlock(&lock);
}

// Steps

static json_t *outer_replaced(step_t *step, const json_t *whole) {
    json_t *names = captured(), *ready = json_object();
    for (size_t i = 0; i < whole->count; i++) {
        const json_t *key = whole->keys[i];
        json_t *value = whole->items[i];
        char *wrong = NULL;
        if (version == 1 && !json_is(key, "steps") && !json_is(key, "branches")) value = replaced(value, names, &wrong);
        if (!value || wrong) fail(step, wrong);
        json_set(ready, key->text, value);
    }
    return ready;
}

// What version 0 writes otherwise: names in any order, messages_unordered, created that nobody checks.
static int by_text(const void *a, const void *b) { return strcmp((*(json_t *const *)a)->text, (*(json_t *const *)b)->text); }

static json_t *expectation_v0(const json_t *expect, bool *matchers) {
    json_t *ready = json_object();
    for (size_t i = 0; i < expect->count; i++) {
        json_t *value = expect->items[i];
        const char *key = expect->keys[i]->text;
        if (!strcmp(key, "names")) qsort(value->items, value->count, sizeof(json_t *), by_text);
        if (!strcmp(key, "messages_unordered")) {
            json_t *unordered = json_object();
            json_set(unordered, "$unordered", value);
            json_set(ready, "messages", unordered);
            *matchers = true;
        } else if (strcmp(key, "created")) {
            json_set(ready, key, value);
        }
    }
    return ready;
}

static void judge(step_t *step, const char *op, const json_t *result) {
    const json_t *expect = json_get(step->step, "expect");
    bool matchers = version == 1;
    char *wrong;
    if (!expect && !strcmp(op, "join")) expect = json_parse("{\"exit\":0}", 10);
    if (!expect) return;
    if (version == 0) expect = expectation_v0(expect, &matchers);
    if ((wrong = outcome_mismatch(expect, result, step->error, matchers)))
        fail(step, !strcmp(op, "join") ? format("%s; it says: %s", wrong, json_shown(json_get(result, "stderr"))) : wrong);
    step->error = NULL;
}

// Runs an operation, which may leave by `told`.
static json_t *operate(step_t *step, op_fn *call) {
    return setjmp(step->leave) == 0 ? call(step) : NULL;
}

static failure_t run_step_in_memory(const json_t *whole, const char *path) {
    step_t *step = room(sizeof *step); // not in this frame: it changes between setjmp and longjmp
    step->step = whole;
    if (setjmp(step->leave) == 0) {
        step->step = outer_replaced(step, whole);
        step->given = json_get(step->step, "input");
        const json_t *op = json_get(step->step, "op"), *as = json_get(step->step, "as");
        if (!op || op->type != '"') fail(step, "the step has no op");
        bool is_control = false;
        failure_t inner = control(step, op->text, path, &is_control);
        if (is_control) return inner;
        op_fn *call = pool_op(op->text) ? pool_op(op->text) : plain_op(op->text);
        if (!call) fail(step, format("unknown op %s", op->text));
        jmp_buf outer;
        memcpy(outer, step->leave, sizeof outer);
        json_t *result = operate(step, call);
        memcpy(step->leave, outer, sizeof outer);
        if (!step->wrong) {
            json_t *outcome = step->error ? step->error : result;
            judge(step, op->text, step->error ? NULL : result);
            if (as && !step->error) capture(as->text, outcome);
        }
    }
    plsm_pool_free(step->opened);
    failure_t failure = {NULL, NULL};
    if (!step->wrong && !step->error) return failure;
    const json_t *id = json_get(whole, "id");
    if (!step->wrong) failure.kind = lasting_text(json_get(step->error, "kind")->text);
    failure.text = lasting_text(format("step %s%s: %s", path, id ? format(" (%s)", id->text) : "", step->wrong ? step->wrong : json_shown(step->error)));
    return failure;
}

static failure_t run_step(const json_t *whole, const char *path) {
    struct block *outer = memory_begin();
    failure_t failure = run_step_in_memory(whole, path);
    memory_end(outer);
    return failure;
}

failure_t run_steps(const json_t *steps, const char *path) {
    for (size_t i = 0; steps && i < steps->count; i++) {
        failure_t failure = run_step(steps->items[i], format("%s%s%zu", path, *path ? "." : "", i));
        if (failure.text) return failure;
    }
    return (failure_t){NULL, NULL};
}

// The manifest

bool content(const char *path, out_t *out) {
    char part[65536];
    FILE *file = fopen(path, "rb");
    out_bytes(out, "", 0);
    for (size_t got; file && (got = fread(part, 1, sizeof part, file));) out_bytes(out, part, got);
    return file && fclose(file) == 0;
}

json_t *read_json(const char *path, char **wrong) {
    out_t out = {0};
    json_t *value = content(path, &out) ? json_parse(out.data, out.len) : NULL;
    if (!value) *wrong = format("%s: not to be read, or not JSON", path);
    return value;
}

static int removed(const char *path, const struct stat *info, int kind, struct FTW *place) {
    (void)info, (void)kind, (void)place;
    return remove(path);
}

// The emptied working directory of a manifest of version 0.
static char *prepare_v0(const char *path, const json_t *manifest, char **wrong) {
    json_t *name = json_get(manifest, "workdir") ? json_get(manifest, "workdir") : json_str("work");
    char *slash = strrchr(path, '/'), *directory = slash ? format("%.*s", (int)(slash - path), path) : ".";
    regex_t allowed;
    struct stat info;
    regcomp(&allowed, "^work(-[A-Za-z0-9_-]+)?$", REG_EXTENDED | REG_NOSUB);
    if (name->type != '"' || strlen(name->text) != name->len || regexec(&allowed, name->text, 0, NULL, 0) != 0) {
        *wrong = format("a bad workdir: %s", json_shown(name));
        return NULL;
    }
    char *base = realpath(*directory ? directory : "/", NULL), *work = format("%s/%s", base, name->text);
    if (lstat(work, &info) == 0 && S_ISLNK(info.st_mode)) {
        *wrong = format("the workdir %s is a symbolic link", name->text);
        return NULL;
    }
    nftw(work, removed, 16, FTW_DEPTH | FTW_PHYS);
    if (mkdir(work, 0700) != 0) *wrong = format("%s: cannot be made", work);
    return work;
}

bool close_handles(void) {
    bool joined = true;
    for (handle_t *handle = handles; handle; handle = handle->next) {
        plsm_stream_free(handle->stream);
        plsm_pool_free(handle->pool);
        if (handle->process && !handle->closed) joined = false, kill(handle->process, SIGKILL);
    }
    handles = NULL;
    return joined;
}

int main(int argc, char **argv) {
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    char *wrong = NULL;
    uint64_t number = 2;
    size_t done = 0;
    json_t *manifest = argc > 1 ? read_json(argv[1], &wrong) : NULL;
    if (argc < 2) wrong = "which manifest?";
    if (manifest && (!integer(json_get(manifest, "conformance_version"), &number) || number > 1))
        wrong = format("unknown conformance_version %s", json_shown(json_get(manifest, "conformance_version")));
    version = (int)number;
    if (!wrong && version == 1 && !(argc == 4 && !strcmp(argv[2], "--workdir"))) wrong = "version 1 needs --workdir";
    if (!wrong) workdir = version == 0 ? prepare_v0(argv[1], manifest, &wrong) : argv[3];
    home = getenv("PLASMITE_CONFORMANCE_HOME") ? getenv("PLASMITE_CONFORMANCE_HOME") : workdir;
    if (!wrong && plsm_client_new(home, &client, NULL) != 0) wrong = "no client";
    captures = lasting(json_get(manifest, "captures") ? json_get(manifest, "captures") : json_object());
    const json_t *steps = json_get(manifest, "steps");
    for (; !wrong && steps && done < steps->count; done += !wrong) wrong = run_step(steps->items[done], format("%zu", done)).text;
    if (!close_handles() && !wrong) wrong = "a spawned process was not joined";
    plsm_client_free(client);
    clock_gettime(CLOCK_MONOTONIC, &end);

    json_t *line = json_object();
    if (wrong) fprintf(stderr, "%s\n", wrong);
    json_set(line, "manifest", json_get(manifest, "name") ? json_get(manifest, "name") : json_str(NULL));
    json_set(line, "host", json_str(getenv("PLASMITE_CONFORMANCE_HOST")));
    json_set(line, "outcome", json_str(wrong ? "fail" : "pass"));
    json_set(line, "steps", json_uint(done));
    json_set(line, "ms", json_uint((uint64_t)((end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000)));
    json_set(line, wrong ? "error" : "captures", wrong ? json_str(wrong) : captures);
    puts(json_text(line));
    return wrong ? 1 : 0;
}
