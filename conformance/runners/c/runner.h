// runner.h: what the parts of the runner share.
#ifndef CONFORMANCE_RUNNER_H
#define CONFORMANCE_RUNNER_H

#include "json.h"
#include "plasmite.h"
#include "values.h"
#include <setjmp.h>
#include <sys/types.h>

// What a name stands for. A handle that was closed is NULL, as C programs do it: every call refuses it with Usage.
typedef struct handle {
    struct handle *next;
    char *name;
    plsm_pool_t *pool;
    plsm_stream_t *stream;
    bool lite3, backwards; // how the stream delivers
    pid_t process;
    int status; // of a process that has ended
    bool closed;
} handle_t;

// A step while it runs.
typedef struct {
    const json_t *step, *given; // `given` is its input
    plsm_pool_t *opened;        // for this step alone
    plsm_error_t *fault;        // for calls to put their error
    json_t *error;              // what the library answered
    char *wrong;                // or why the step is a failure
    jmp_buf leave;
} step_t;

typedef struct {
    char *text; // NULL: all went well. Lasts, and so does the kind
    char *kind; // the kind of an error of the library that nobody expected
} failure_t;

extern plsm_client_t *client;
extern const char *workdir, *home; // home: the client's, a directory or the server's address
extern int version;

_Noreturn void fail(step_t *step, char *wrong);         // the step is wrong, or an expectation does not hold
_Noreturn void told(step_t *step, plsm_error_t *error); // takes the error over
void check(step_t *step, int status);                   // leaves with `fault` when the status says so
const json_t *need(step_t *step, const char *name); // of the input
uint64_t number(step_t *step, const char *name, uint64_t otherwise);
const char *text(step_t *step, const char *name); // of the input; fails without it
char *in_workdir(const char *name);
char *reference(step_t *step);
handle_t *on(step_t *step);
void keep(step_t *step, handle_t handle);
uint8_t *unhex(step_t *step, const json_t *hex, size_t *len);

failure_t run_steps(const json_t *steps, const char *path);
json_t *captured(void);
void capture(const char *name, const json_t *value);
bool close_handles(void); // false when a process was not joined

typedef json_t *op_fn(step_t *step);
op_fn *pool_op(const char *name);  // ops.c
op_fn *plain_op(const char *name); // host.c: files, processes, version 0
failure_t control(step_t *step, const char *op, const char *path, bool *is_control);
bool content(const char *path, out_t *out); // false when it cannot be read
json_t *read_json(const char *path, char **wrong);
#endif
