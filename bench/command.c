// Runs programs and measures them from outside.
#define _GNU_SOURCE
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

extern char **environ;

static pid_t spawn(char *const argv[], int input, int output) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    pid_t child;
    int failed = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    errno = failed;
    return failed == 0 ? child : -1;
}

pid_t command_start(char *const argv[], int input, int output) {
    pid_t child = spawn(argv, input, output);
    if (child < 0) die("cannot run %s: %s", argv[0], strerror(errno));
    return child;
}

long command_wait(pid_t child, const char *name, int expected_signal) {
    int status;
    struct rusage usage;
    while (wait4(child, &status, 0, &usage) < 0) {
        if (errno != EINTR) die("cannot wait for %s: %s", name, strerror(errno));
    }
    bool as_expected = expected_signal ? WIFSIGNALED(status) && WTERMSIG(status) == expected_signal
                                       : WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!as_expected && WIFSIGNALED(status)) die("%s died of signal %d", name, WTERMSIG(status));
    if (!as_expected) die("%s ended with status %d", name, WEXITSTATUS(status));
    return usage.ru_maxrss;
}

struct command_cost command_run(char *const argv[], const char *input, const char *output) {
    int in = open(input ? input : "/dev/null", O_RDONLY | O_CLOEXEC);
    int out = open(output ? output : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (in < 0 || out < 0) die("cannot open %s: %s", in < 0 ? input : output, strerror(errno));
    uint64_t start = now_ns();
    pid_t child = command_start(argv, in, out);
    struct command_cost cost = {.peak_rss_kib = command_wait(child, argv[0], 0)};
    cost.wall_ns = now_ns() - start;
    close(in);
    close(out);
    return cost;
}

int command_first_line(char *const argv[], char *line, size_t size) {
    int ends[2], in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (in < 0 || pipe2(ends, O_CLOEXEC) != 0) die("cannot make a pipe: %s", strerror(errno));
    pid_t child = spawn(argv, in, ends[1]);
    close(ends[1]);
    close(in);
    size_t length = 0;
    for (ssize_t got = 1; child > 0 && got > 0 && length < size - 1; length += got > 0 ? (size_t)got : 0)
        got = read(ends[0], line + length, size - 1 - length);
    close(ends[0]);
    line[length] = 0;
    line[strcspn(line, "\n")] = 0;
    if (child < 0) return 0;
    int status;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
