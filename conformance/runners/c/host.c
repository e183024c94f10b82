// host.c: everything that is not Plasmite: control, processes, files, and what version 0 has of its own.
#include "runner.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static void rest(unsigned ms) { nanosleep(&(struct timespec){ms / 1000, (long)(ms % 1000) * 1000000}, NULL); }

// Control

static failure_t repeat(step_t *step, const char *path) {
    const json_t *items = json_get(step->given, "for"), *until = json_get(step->given, "until"), *as = json_get(step->step, "as");
    uint64_t rounds = items ? items->count : number(step, "count", 0), done = 0;
    bool ended = !until;
    for (; done < rounds; done++) {
        json_t *round = json_object();
        json_set(round, "n", json_uint(done));
        json_set(round, "item", items ? items->items[done] : json_str(NULL));
        if (as) capture(as->text, round);
        failure_t failure = run_steps(json_get(step->step, "steps"), path);
        if (failure.text && until && failure.kind && !strcmp(failure.kind, until->text)) {
            ended = true;
            break;
        }
        if (failure.text) {
            failure.text = lasting_text(format("%s [round %llu: %s]", failure.text, (unsigned long long)done, items ? json_shown(items->items[done]) : ""));
            return failure;
        }
    }
    if (!ended) fail(step, format("no %s within %llu rounds", until->text, (unsigned long long)done));
    json_t *last = json_object();
    json_set(last, "n", json_uint(done));
    json_set(last, "item", json_str(NULL));
    if (as) capture(as->text, last);
    return (failure_t){NULL, NULL};
}

typedef struct {
    pthread_t thread;
    const json_t *steps;
    char *path;
    failure_t failure;
} branch_t;

static void *run_branch(void *branch) {
    branch_t *mine = branch;
    mine->failure = run_steps(mine->steps, mine->path);
    return NULL;
}

static failure_t parallel(step_t *step, const char *path) {
    const json_t *branches = json_get(step->step, "branches");
    branch_t *all = room(branches->count * sizeof *all);
    for (size_t i = 0; i < branches->count; i++) {
        all[i] = (branch_t){.steps = branches->items[i], .path = format("%s.%zu", path, i)};
        if (pthread_create(&all[i].thread, NULL, run_branch, &all[i])) abort();
    }
    failure_t failure = {NULL, NULL};
    for (size_t i = 0; i < branches->count; i++) {
        pthread_join(all[i].thread, NULL);
        if (all[i].failure.text && !failure.text) failure = all[i].failure;
    }
    return failure;
}

static failure_t in_fork(step_t *step, const char *path) {
    pid_t child = fork();
    if (child == 0) {
        failure_t failure = run_steps(json_get(step->step, "steps"), path);
        if (failure.text) fprintf(stderr, "in the forked child: %s\n", failure.text);
        fflush(stderr);
        _exit(failure.text != NULL);
    }
    int status = 0;
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (child < 0 || status != 0) fail(step, format("the forked child failed (status %d)", status));
    return (failure_t){NULL, NULL};
}

failure_t control(step_t *step, const char *op, const char *path, bool *is_control) {
    *is_control = version == 1;
    if (version == 1 && !strcmp(op, "repeat")) return repeat(step, path);
    if (version == 1 && !strcmp(op, "parallel")) return parallel(step, path);
    if (version == 1 && !strcmp(op, "fork")) return in_fork(step, path);
    *is_control = false;
    return (failure_t){NULL, NULL};
}

// Processes

static void write_file(step_t *step, const char *path, const void *data, size_t len, const char *mode, long offset) {
    FILE *file = fopen(path, mode);
    bool done = file && (strcmp(mode, "wb") == 0 || fseek(file, offset, offset < 0 ? SEEK_END : SEEK_SET) == 0) &&
                fwrite(data, 1, len, file) == len;
    if ((file && fclose(file) != 0) || !done) fail(step, format("%s: cannot be written", path));
}

// Starts a program; standard output and error go to files unless those are NULL.
static pid_t start(char **arguments, const char *out, const char *err) {
    pid_t child = fork();
    if (child != 0) return child;
    int in = open("/dev/null", O_RDWR), to = out ? open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600) : in;
    dup2(in, 0);
    dup2(to, 1);
    if (err) dup2(open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
    execvp(arguments[0], arguments);
    _exit(127);
}

static json_t *spawn(step_t *step) {
    const char *host = text(step, "host"), *own = getenv("PLASMITE_CONFORMANCE_HOST");
    if (!strcmp(host, "self")) host = own;
    else if (!strcmp(host, "peer")) host = getenv("PLASMITE_CONFORMANCE_PEER");
    char *wrong = NULL;
    json_t *hosts = read_json(getenv("PLASMITE_CONFORMANCE_HOSTS"), &wrong), *name = json_get(step->step, "keep");
    const json_t *command = host ? json_get(hosts, host) : NULL;
    if (!command || !name) fail(step, wrong ? wrong : format("there is no host %s, or no keep", host ? host : "peer"));
    char *stem = in_workdir(format("spawn-%s", name->text)), *file = format("%s.json", stem);
    json_t *manifest = json_object();
    json_set(manifest, "conformance_version", json_uint(1));
    json_set(manifest, "name", json_str(strrchr(stem, '/') + 1));
    json_set(manifest, "captures", captured());
    json_set(manifest, "steps", json_get(step->step, "steps"));
    char *body = json_text(manifest);
    write_file(step, file, body, strlen(body), "wb", 0);
    char **arguments = room((command->count + 4) * sizeof *arguments);
    for (size_t i = 0; i < command->count; i++) arguments[i] = command->items[i]->text;
    char *more[] = {file, "--workdir", (char *)workdir};
    memcpy(arguments + command->count, more, sizeof more);
    // Only one branch may spawn at a time, since the environment is the process's.
    setenv("PLASMITE_CONFORMANCE_HOST", format("%s", host), 1);
    pid_t child = start(arguments, format("%s.out", stem), format("%s.err", stem));
    setenv("PLASMITE_CONFORMANCE_HOST", format("%s", own), 1);
    keep(step, (handle_t){.process = child});
    return json_object();
}

static const char *signal_names[] = {"KILL", "TERM", "INT", "STOP", "CONT", "SEGV", "ABRT", "BUS", "PIPE"};
static const int signal_numbers[] = {SIGKILL, SIGTERM, SIGINT, SIGSTOP, SIGCONT, SIGSEGV, SIGABRT, SIGBUS, SIGPIPE};
enum { SIGNALS = sizeof signal_numbers / sizeof *signal_numbers };

static char *told_by(const char *path) {
    out_t out = {0};
    content(path, &out);
    return out.data;
}

static json_t *join(step_t *step) {
    handle_t *process = on(step);
    if (!process->process) fail(step, "that is no process");
    while (!process->closed && waitpid(process->process, &process->status, 0) < 0 && errno == EINTR) {}
    process->closed = true;
    char *stem = in_workdir(format("spawn-%s", process->name)), *told_text = told_by(format("%s.out", stem));
    json_t *result = json_object(), *line = json_parse(told_text, strlen(told_text));
    bool signaled = WIFSIGNALED(process->status);
    json_set(result, "exit", signaled ? json_str(NULL) : json_uint((uint64_t)WEXITSTATUS(process->status)));
    json_set(result, "signal", json_str(NULL));
    for (size_t i = 0; signaled && i < SIGNALS; i++)
        if (signal_numbers[i] == WTERMSIG(process->status)) json_set(result, "signal", json_str(signal_names[i]));
    json_set(result, "captures", json_get(line, "captures") ? json_get(line, "captures") : json_object());
    json_set(result, "stderr", json_str(told_by(format("%s.err", stem))));
    return result;
}

static json_t *send_signal(step_t *step) {
    const char *name = text(step, "signal");
    for (size_t i = 0; i < SIGNALS; i++)
        if (!strcmp(signal_names[i], name) && kill(on(step)->process, signal_numbers[i]) == 0) return json_object();
    fail(step, format("%s could not be sent", name));
}

// Starts or stops the server, as server.py does it.
static json_t *order_server(step_t *step) {
    char *program = getenv("PLASMITE_CONFORMANCE_SERVER"), *said = in_workdir("server-said");
    int status = -1;
    if (!program) fail(step, "this run has no server");
    char *command[] = {program, json_get(step->step, "op")->text, step->given ? json_text(step->given) : "{}", NULL};
    pid_t child = start(command, NULL, said);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (status != 0) fail(step, told_by(said));
    return json_object();
}

static json_t *await_file(step_t *step) {
    char *path = in_workdir(text(step, "path"));
    for (int looks = 0; access(path, F_OK) != 0; looks++) {
        if (looks > 15000) fail(step, format("%s has not come in 30 s", path));
        rest(2);
    }
    return json_object();
}

static json_t *sleep_ms(step_t *step) {
    need(step, "ms");
    rest((unsigned)number(step, "ms", 0));
    return json_object();
}

// Files

static json_t *file_op(step_t *step) {
    const char *what = text(step, "do");
    char *path = in_workdir(text(step, "path"));
    long offset = (long)number(step, "offset", 0);
    const json_t *words = json_get(step->given, "text");
    int status = 0;
    if (!strcmp(what, "write")) {
        size_t len = words ? words->len : 0;
        const void *data = words ? (uint8_t *)words->text : unhex(step, need(step, "hex"), &len);
        write_file(step, path, data, len, json_get(step->given, "offset") ? "r+b" : "wb", offset);
    } else if (!strcmp(what, "flip")) {
        FILE *file = fopen(path, "rb");
        uint8_t byte = 0;
        if (!file || fseek(file, offset, offset < 0 ? SEEK_END : SEEK_SET) != 0 || fread(&byte, 1, 1, file) != 1) fail(step, format("%s: no such byte", path));
        fclose(file);
        byte = (uint8_t)~byte;
        write_file(step, path, &byte, 1, "r+b", offset);
    } else if (!strcmp(what, "copy")) {
        const char *from = text(step, "from");
        char *source = strncmp(from, "fixtures/", 9) ? in_workdir(from) : format("%s/%s", getenv("PLASMITE_CONFORMANCE_DIR"), from);
        out_t data = {0};
        if (!content(source, &data)) fail(step, format("%s: cannot be read", source));
        write_file(step, path, data.data, data.len, "wb", 0);
    } else if (!strcmp(what, "rename")) {
        status = rename(path, in_workdir(text(step, "to")));
    } else if (!strcmp(what, "remove")) {
        status = unlink(path) != 0 && errno != ENOENT;
    } else if (!strcmp(what, "truncate")) {
        need(step, "size");
        status = truncate(path, (off_t)number(step, "size", 0));
    } else if (!strcmp(what, "chmod")) {
        status = chmod(path, (mode_t)strtoul(text(step, "mode"), NULL, 8));
    } else if (!strcmp(what, "mkdir")) {
        for (char *slash = path + strlen(workdir) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
            *slash = 0;
            mkdir(path, 0700);
        }
        status = mkdir(path, 0700) != 0 && errno != EEXIST;
    } else {
        fail(step, format("unknown file operation %s", what));
    }
    if (status != 0) fail(step, format("%s %s: %s", what, path, strerror(errno)));
    return json_object();
}

// Version 0

static json_t *corrupt_pool_header(step_t *step) {
    write_file(step, in_workdir(format("%s.plasmite", reference(step))), "NOPE", 4, "wb", 0);
    return json_object();
}

static json_t *chmod_path(step_t *step) {
    if (chmod(in_workdir(text(step, "path")), (mode_t)strtoul(text(step, "mode"), NULL, 8)) != 0) fail(step, strerror(errno));
    return json_object();
}

static json_t *spawn_poke(step_t *step) {
    const json_t *messages = need(step, "messages");
    pid_t *children = room(messages->count * sizeof *children);
    char ***commands = room(messages->count * sizeof *commands);
    for (size_t i = 0; i < messages->count; i++) {
        const json_t *data = json_get(messages->items[i], "data"), *tags = json_get(messages->items[i], "tags");
        size_t count = 6, tag_count = tags ? tags->count : 0;
        if (!data) fail(step, "a message has no data");
        char *first[] = {getenv("PLASMITE_BIN"), "--dir", (char *)workdir, "feed", reference(step), json_text(data)};
        commands[i] = room((count + tag_count + 1) * sizeof(char *));
        memcpy(commands[i], first, sizeof first);
        for (size_t j = 0; j < tag_count; j++) commands[i][count++] = format("--tag=%s", tags->items[j]->text);
    }
    for (size_t i = 0; i < messages->count; i++) children[i] = start(commands[i], NULL, NULL);
    bool all = true;
    for (size_t i = 0; i < messages->count; i++) {
        int status = 1;
        waitpid(children[i], &status, 0);
        all &= status == 0;
    }
    if (!all) fail(step, "a writer failed");
    return json_object();
}

static json_t *retention_gap(step_t *step) {
    char *wrong = NULL;
    json_t *scenario = read_json(format("%s/v0-retention-gap.json", getenv("PLASMITE_CONFORMANCE_DIR")), &wrong), *in = json_object();
    if (!scenario) fail(step, wrong);
    json_set(in, "base", json_str(reference(step)));
    json_set(in, "size", json_uint(number(step, "size_bytes", 65536)));
    capture("in", in);
    version = 1;
    failure_t failure = run_steps(json_get(scenario, "steps"), "");
    version = 0;
    close_handles();
    if (failure.text) fail(step, failure.text);
    return json_object();
}

op_fn *plain_op(const char *name) {
    static const struct {
        const char *name;
        op_fn *call;
        int version;
    } all[] = {{"spawn", spawn, 1}, {"join", join, 1}, {"kill", send_signal, 1}, {"await", await_file, 1}, {"sleep", sleep_ms, 1}, {"start_server", order_server, 1}, {"stop_server", order_server, 1},
               {"file", file_op, 1}, {"corrupt_pool_header", corrupt_pool_header, 0}, {"chmod_path", chmod_path, 0},
               {"spawn_poke", spawn_poke, 0}, {"retention_gap", retention_gap, 0}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(all[i].name, name) && all[i].version == version) return all[i].call;
    return NULL;
}
