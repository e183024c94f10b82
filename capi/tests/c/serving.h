// serving.h: a server of the scratch directory, for tests of pools of servers.
#ifndef SERVING_H
#define SERVING_H

#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

static char base[64]; // http://127.0.0.1:PORT
static pid_t server;

static inline void pause_ms(long ms) {
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&time, NULL);
}

// Starts PLASMITE_PROGRAM serve on a free port, with this token unless it is NULL.
static inline void start_server(const char *token) {
    const char *program = getenv("PLASMITE_PROGRAM");
    char ready[256], token_file[256];
    snprintf(ready, sizeof ready, "%s/ready", scratch());
    snprintf(token_file, sizeof token_file, "%s/token", scratch());
    unlink(ready);
    if (token) {
        FILE *file = fopen(token_file, "w");
        CHECK(file && fputs(token, file) >= 0 && fclose(file) == 0);
    }
    if (!program) {
        fprintf(stderr, "PLASMITE_PROGRAM does not name the program `plasmite`\n");
        exit(1);
    }
    server = fork();
    if (server == 0) {
        // A watchdog that ends the test ends its server, too.
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setenv("PLASMITE_SERVE_READY_FILE", ready, 1);
        int quiet = open("/dev/null", O_WRONLY);
        dup2(quiet, 2);
        execl(program, program, "--dir", scratch(), "serve", "--bind", "127.0.0.1:0", token ? "--token-file" : NULL,
              token_file, (char *)NULL);
        _exit(127);
    }
    char address[32] = "";
    for (int tries = 0; tries < 10000 && !address[0]; tries++) {
        FILE *file = fopen(ready, "r");
        if (file) {
            if (!fgets(address, sizeof address, file)) address[0] = 0;
            fclose(file);
        }
        pause_ms(2);
    }
    CHECK(address[0]);
    snprintf(base, sizeof base, "http://%s", address);
}

static inline void stop_server(void) {
    kill(server, SIGTERM);
    CHECK(waitpid(server, NULL, 0) == server);
}

static inline plsm_client_t *client_of(const char *home) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = NULL;
    OK(plsm_client_new(home, &client, &err));
    return client;
}

#endif
