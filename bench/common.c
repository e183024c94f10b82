// What every bench needs: clock, pinning, child processes, shared memory, medians.
#define _GNU_SOURCE
#include "common.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

unsigned rounds = 9;

// The CPUs that the process started with, before any pinning.
static cpu_set_t all_cpus;

__attribute__((constructor)) static void remember_cpus(void) {
    if (sched_getaffinity(0, sizeof all_cpus, &all_cpus) != 0) CPU_ZERO(&all_cpus);
}

uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void sleep_ns(uint64_t ns) {
    struct timespec left = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    _exit(1);
}

int cpu_count(void) {
    return CPU_COUNT(&all_cpus);
}

void pin_to(int which) {
    int seen = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &all_cpus) || seen++ != which) continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        if (sched_setaffinity(0, sizeof one, &one) != 0) die("cannot pin to CPU %d: %s", cpu, strerror(errno));
        return;
    }
    die("needs %d CPUs, has %d", which + 1, seen);
}

void unpin(void) {
    if (sched_setaffinity(0, sizeof all_cpus, &all_cpus) != 0) die("cannot unpin: %s", strerror(errno));
}

void *shared_memory(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) die("cannot map %zu bytes: %s", size, strerror(errno));
    return memory;
}

pid_t child_start(int which, void (*body)(void *), void *argument) {
    fflush(NULL);
    pid_t parent = getpid();
    pid_t child = fork();
    if (child < 0) die("cannot fork: %s", strerror(errno));
    if (child > 0) return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    if (which >= 0) pin_to(which);
    else unpin();
    body(argument);
    fflush(NULL);
    _exit(0);
}

void child_join(pid_t child) {
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) die("cannot wait for a child: %s", strerror(errno));
    }
    if (WIFSIGNALED(status)) die("a child process died of signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status) != 0) die("a child process failed with status %d", WEXITSTATUS(status));
}

static int compare_doubles(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static int compare_integers(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

double median(double *values, size_t count) {
    if (count == 0) die("no values to take the median of");
    qsort(values, count, sizeof *values, compare_doubles);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

uint64_t percentile(uint64_t *values, size_t count, double share) {
    if (count == 0) die("no values to take a percentile of");
    qsort(values, count, sizeof *values, compare_integers);
    size_t place = (size_t)((double)count * share);
    return values[place < count ? place : count - 1];
}

const char *required_env(const char *name) {
    const char *value = getenv(name);
    if (value == NULL || *value == 0) die("%s is not set: start the benches through bench/run", name);
    return value;
}

const char *scratch_dir(void) {
    return required_env("PLASMITE_BENCH_DIR");
}

char *scratch_path(const char *name) {
    char *path;
    if (asprintf(&path, "%s/%s", scratch_dir(), name) < 0) die("out of memory");
    return path;
}
