// old_header.h: the 20 functions, four structs and two enums that every build of the library has, written down from their
// published signatures and not from our header, so that a program can be compiled as it was for another build.
#ifndef OLD_HEADER_H
#define OLD_HEADER_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct plsm_client plsm_client_t;
typedef struct plsm_pool plsm_pool_t;
typedef struct plsm_stream plsm_stream_t;
typedef struct plsm_lite3_stream plsm_lite3_stream_t;

typedef enum plsm_error_kind {
    PLSM_ERROR_INTERNAL = 1,
    PLSM_ERROR_USAGE = 2,
    PLSM_ERROR_NOT_FOUND = 3,
    PLSM_ERROR_ALREADY_EXISTS = 4,
    PLSM_ERROR_BUSY = 5,
    PLSM_ERROR_PERMISSION = 6,
    PLSM_ERROR_CORRUPT = 7,
    PLSM_ERROR_IO = 8,
    PLSM_ERROR_RETENTION_GAP = 9
} plsm_error_kind_t;

typedef enum plsm_gap_policy { PLSM_GAP_CONTINUE = 0, PLSM_GAP_ERROR = 1 } plsm_gap_policy_t;

typedef struct plsm_buf {
    uint8_t *data;
    size_t len;
} plsm_buf_t;

typedef struct plsm_lite3_frame {
    uint64_t seq;
    uint64_t timestamp_ns;
    uint32_t flags;
    plsm_buf_t payload;
} plsm_lite3_frame_t;

typedef struct plsm_error {
    int32_t kind;
    char *message;
    char *path;
    uint64_t seq;
    uint64_t offset;
    uint8_t has_seq;
    uint8_t has_offset;
} plsm_error_t;

typedef struct plsm_stream_options {
    uint32_t struct_size;
    uint32_t gap_policy;
    uint64_t since_seq;
    uint64_t max_messages;
    uint64_t timeout_ms;
    uint32_t has_since;
    uint32_t has_max;
    uint32_t has_timeout;
    uint32_t reserved;
} plsm_stream_options_t;

int plsm_client_new(const char *, plsm_client_t **, plsm_error_t **);
void plsm_client_free(plsm_client_t *);
int plsm_pool_create(plsm_client_t *, const char *, uint64_t, plsm_pool_t **, plsm_error_t **);
int plsm_pool_open(plsm_client_t *, const char *, plsm_pool_t **, plsm_error_t **);
void plsm_pool_free(plsm_pool_t *);
int plsm_pool_append_json(plsm_pool_t *, const uint8_t *, size_t, const char **, size_t, uint32_t, plsm_buf_t *, plsm_error_t **);
int plsm_pool_append_lite3(plsm_pool_t *, const uint8_t *, size_t, uint32_t, uint64_t *, plsm_error_t **);
int plsm_pool_get_json(plsm_pool_t *, uint64_t, plsm_buf_t *, plsm_error_t **);
int plsm_pool_get_lite3(plsm_pool_t *, uint64_t, plsm_lite3_frame_t *, plsm_error_t **);
int plsm_stream_open(plsm_pool_t *, uint64_t, uint32_t, uint64_t, uint32_t, uint64_t, uint32_t, plsm_stream_t **, plsm_error_t **);
int plsm_stream_open_ex(plsm_pool_t *, const plsm_stream_options_t *, plsm_stream_t **, plsm_error_t **);
int plsm_stream_next(plsm_stream_t *, plsm_buf_t *, plsm_error_t **);
void plsm_stream_free(plsm_stream_t *);
int plsm_lite3_stream_open(plsm_pool_t *, uint64_t, uint32_t, uint64_t, uint32_t, uint64_t, uint32_t, plsm_lite3_stream_t **, plsm_error_t **);
int plsm_lite3_stream_open_ex(plsm_pool_t *, const plsm_stream_options_t *, plsm_lite3_stream_t **, plsm_error_t **);
int plsm_lite3_stream_next(plsm_lite3_stream_t *, plsm_lite3_frame_t *, plsm_error_t **);
void plsm_lite3_stream_free(plsm_lite3_stream_t *);
void plsm_buf_free(plsm_buf_t *);
void plsm_lite3_frame_free(plsm_lite3_frame_t *);
void plsm_error_free(plsm_error_t *);

#ifdef __cplusplus
}
#endif
#endif
