// Runs programs and measures them from outside.
#ifndef PLASMITE_BENCH_COMMAND_H
#define PLASMITE_BENCH_COMMAND_H

#include <stdint.h>
#include <sys/types.h>

struct command_cost {
    uint64_t wall_ns;  // from before the start to after its end
    long peak_rss_kib; // largest resident set
};

// Starts argv[0] (looked up in PATH when it has no slash) with standard input and output from and to these descriptors.
pid_t command_start(char *const argv[], int input, int output);
// Waits for it; its end by `expected_signal` (0: none) is success, anything but that or status 0 ends the bench.
// Returns its peak resident set in KiB.
long command_wait(pid_t child, const char *name, int expected_signal);
// Runs it to its end; NULL paths mean /dev/null.
struct command_cost command_run(char *const argv[], const char *input, const char *output);
// The first line that it prints, at most `size` - 1 bytes; false when it cannot be run.
int command_first_line(char *const argv[], char *line, size_t size);

#endif
