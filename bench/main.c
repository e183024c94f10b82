// Runs the benches, each in a process of its own, and prints the table.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "benches.h"
#include "common.h"
#include "result.h"

#define WATCHDOG_S 120 // a bench that takes longer hangs

struct group {
    void (*run)(void);
    enum row first, last;
};

static const struct group groups[] = {
    {bench_append, ROW_APPEND_JSON, ROW_APPEND_BATCH_LITE3},
    {bench_tail, ROW_TAIL_JSON, ROW_TAIL_VIEW},
    {bench_filter, ROW_FILTER_ALL, ROW_FILTER_JQ},
    {bench_get, ROW_GET_JSON, ROW_GET_VIEW},
    {bench_pingpong, ROW_PING_P50, ROW_WAKE_P50},
    {bench_two_writers, ROW_TWO_WRITERS, ROW_TWO_WRITERS},
    {bench_follower, ROW_WITH_FOLLOWER, ROW_WITH_FOLLOWER},
    {bench_waiters, ROW_WITH_WAITERS, ROW_WITH_WAITERS},
    {bench_flush, ROW_FLUSH_ONE, ROW_FLUSH_THREADS},
    {bench_open, ROW_OPEN, ROW_OPEN},
    {bench_cli, ROW_CLI_FEED, ROW_CLI_READ},
    {bench_since, ROW_SINCE, ROW_SINCE},
    {bench_http, ROW_HTTP_APPEND, ROW_HTTP_TAIL},
    {bench_idle, ROW_HTTP_WAKE, ROW_IDLE_MEMORY},
    {bench_framing, ROW_FRAMING, ROW_FRAMING},
    {bench_startup, ROW_START_VERSION, ROW_START_FETCH},
    {bench_memory, ROW_MEMORY_FEED, ROW_MEMORY_FOLLOW},
    {bench_cpp, ROW_CPP_TEXT, ROW_CPP_READ},
    {bench_rust, ROW_RUST_TEXT, ROW_RUST_READ},
};
#define GROUPS (sizeof groups / sizeof groups[0])

// Its own process group, so that nothing it started outlives it.
static void run_group(const struct group *group) {
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) die("cannot fork: %s", strerror(errno));
    if (child == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(WATCHDOG_S);
        group->run();
        fflush(NULL);
        _exit(0);
    }
    setpgid(child, child);
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    kill(-child, SIGKILL);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    for (int row = group->first; row <= (int)group->last; row++) row_failed((enum row)row);
    if (WIFSIGNALED(status))
        fprintf(stderr, "bench: the bench of %s died of signal %d%s\n", row_specs[group->first].name, WTERMSIG(status),
                WTERMSIG(status) == SIGALRM ? " (it hung)" : "");
}

static void machine_text(char *text, size_t size) {
    char model[128] = "unknown CPU", line[256];
    FILE *cpus = fopen("/proc/cpuinfo", "r");
    while (cpus != NULL && fgets(line, sizeof line, cpus) != NULL) {
        char *value = strstr(line, ": ");
        if (strncmp(line, "model name", 10) == 0 && value != NULL) {
            value[strcspn(value, "\n")] = 0;
            snprintf(model, sizeof model, "%s", value + 2);
            break;
        }
    }
    if (cpus != NULL) fclose(cpus);
    struct utsname name;
    uname(&name);
    snprintf(text, size, "%d CPUs, %s, %s %s", cpu_count(), model, name.sysname, name.release);
}

static void write_markdown(const char *path, const bool *wanted) {
    FILE *out = fopen(path, "w");
    if (out == NULL) die("cannot write %s: %s", path, strerror(errno));
    char machine[512];
    machine_text(machine, sizeof machine);
    fprintf(out, "Machine: %s. Median of the rounds, least to most in brackets.\n\n", machine);
    fprintf(out, "| row | path | floor | measured | bar | result | about |\n| --- | --- | --- | --- | --- | --- | --- |\n");
    for (int row = 0; row < ROW_COUNT; row++)
        if (wanted[row]) row_print_markdown((enum row)row, out);
    if (fclose(out) != 0) die("cannot write %s: %s", path, strerror(errno));
}

static _Noreturn void usage(const char *problem, const char *what) {
    fprintf(stderr, "bench: %s %s\nusage: bench/run [--rounds N] [--markdown FILE] [row...]; rows:", problem, what);
    for (int row = 0; row < ROW_COUNT; row++) fprintf(stderr, " %s", row_specs[row].name);
    fputc('\n', stderr);
    exit(2);
}

static enum row row_named(const char *name) {
    for (int row = 0; row < ROW_COUNT; row++)
        if (strcmp(row_specs[row].name, name) == 0) return (enum row)row;
    usage("no row is called", name);
}

int main(int argc, char **argv) {
    bool wanted[ROW_COUNT] = {false}, any = false;
    const char *markdown = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--markdown") == 0 && i + 1 < argc) markdown = argv[++i];
        else if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc) {
            char *end;
            unsigned long value = strtoul(argv[++i], &end, 10);
            if (*end != 0 || value < 1 || value > 51) usage("--rounds takes 1 to 51, not", argv[i]);
            rounds = (unsigned)value;
        } else if (argv[i][0] == '-') usage("unknown option", argv[i]);
        else any = wanted[row_named(argv[i])] = true;
    }
    for (int row = 0; row < ROW_COUNT && !any; row++) wanted[row] = true;
    results_init();
    char machine[512];
    machine_text(machine, sizeof machine);
    printf("%s; medians, --rounds %u\n", machine, rounds);
    bool broken = false;
    for (size_t i = 0; i < GROUPS; i++) {
        bool run = false;
        for (int row = groups[i].first; row <= (int)groups[i].last; row++) run |= wanted[row];
        if (!run) continue;
        run_group(&groups[i]);
        for (int row = groups[i].first; row <= (int)groups[i].last; row++)
            if (wanted[row]) broken |= !row_print((enum row)row, stdout);
        fflush(stdout);
    }
    if (markdown != NULL) write_markdown(markdown, wanted);
    return broken ? 1 : 0;
}
