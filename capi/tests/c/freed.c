// freed.c: a freed handle, as long as its memory was not used again. Reads freed memory on purpose, so it is left out
// where that is watched for (sanitizers, Valgrind).
#include "check.h"

int main(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = NULL;
    plsm_pool_t *pool = scratch_pool("freed", 0), *other = NULL;
    plsm_stream_t *stream = NULL;
    plsm_buf_t buf = {NULL, 0};
    OK(plsm_client_new(scratch(), &client, &err));
    OK(plsm_stream_open(pool, 0, 0, 0, 0, 0, 0, &stream, &err));
    plsm_client_free(client);
    FAILS(PLSM_ERROR_USAGE, plsm_pool_open(client, "freed", &other, &err));
    plsm_stream_free(stream);
    FAILS(PLSM_ERROR_USAGE, plsm_stream_next(stream, &buf, &err));
    plsm_stream_free(stream);
    plsm_pool_free(pool);
    FAILS(PLSM_ERROR_USAGE, plsm_pool_get_json(pool, 1, &buf, &err));
    plsm_pool_free(pool);
    return finish("freed");
}
