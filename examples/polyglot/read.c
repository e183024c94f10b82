// read.c: C reads all readings when they are there, without copying or decoding a message: the sum of one field.
#include <plasmite.h>
#include <stdio.h>
#include <stdlib.h>

static void fail(const char *what, plsm_error_t *error) {
    fprintf(stderr, "read: %s: %s\n", what, error ? error->message : "unknown error");
    plsm_error_free(error);
    exit(1);
}

int main(int argc, char **argv) {
    plsm_error_t *error = NULL;
    plsm_client_t *client = NULL;
    plsm_pool_t *pool = NULL;
    plsm_stream_t *stream = NULL;
    if (argc != 2 || plsm_client_new(argv[1], &client, &error) != 0) fail("client", error);
    if (plsm_pool_open(client, "readings", &pool, &error) != 0) fail("open", error);
    plsm_tail_options_t options = PLSM_TAIL_OPTIONS_INIT;
    options.flags = PLSM_TAIL_SNAPSHOT;
    if (plsm_pool_tail(pool, &options, &stream, &error) != 0) fail("tail", error);
    double sum = 0;
    int count = 0, next;
    plsm_view_t view;
    while ((next = plsm_stream_next_view(stream, PLSM_WAIT_FOREVER, &view, &error)) == PLSM_NEXT_MESSAGE) {
        double celsius;
        if (plsm_view_f64(&view, "celsius", 7, &celsius, &error) != 1) fail("field", error);
        sum += celsius;
        count++;
    }
    if (next < 0) fail("read", error);
    printf("c       read    %d readings, on average %.2f °C\n", count, sum / count);
    plsm_stream_free(stream);
    plsm_pool_free(pool);
    plsm_client_free(client);
    return 0;
}
