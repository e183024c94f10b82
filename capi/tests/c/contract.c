// contract.c: the older part of the ABI as it must stay: each function assigned to a pointer of its exact type, each value,
// each size and offset. Compiled as C and as C++; never run.
#include "plasmite.h"

#ifdef __cplusplus
#define ASSERT(condition) static_assert(condition, #condition)
#else
#define ASSERT(condition) _Static_assert(condition, #condition)
#endif
#define AT(type, field, place) ASSERT(offsetof(type, field) == (place))

typedef plsm_error_t **E;
int (*client_new)(const char *, plsm_client_t **, E) = plsm_client_new;
void (*client_free)(plsm_client_t *) = plsm_client_free;
int (*pool_create)(plsm_client_t *, const char *, uint64_t, plsm_pool_t **, E) = plsm_pool_create;
int (*pool_open)(plsm_client_t *, const char *, plsm_pool_t **, E) = plsm_pool_open;
void (*pool_free)(plsm_pool_t *) = plsm_pool_free;
int (*append_json)(plsm_pool_t *, const uint8_t *, size_t, const char **, size_t, uint32_t, plsm_buf_t *,
                   E) = plsm_pool_append_json;
int (*append_lite3)(plsm_pool_t *, const uint8_t *, size_t, uint32_t, uint64_t *, E) = plsm_pool_append_lite3;
int (*get_json)(plsm_pool_t *, uint64_t, plsm_buf_t *, E) = plsm_pool_get_json;
int (*get_lite3)(plsm_pool_t *, uint64_t, plsm_lite3_frame_t *, E) = plsm_pool_get_lite3;
int (*stream_open)(plsm_pool_t *, uint64_t, uint32_t, uint64_t, uint32_t, uint64_t, uint32_t, plsm_stream_t **,
                   E) = plsm_stream_open;
int (*stream_open_ex)(plsm_pool_t *, const plsm_stream_options_t *, plsm_stream_t **, E) = plsm_stream_open_ex;
int (*stream_next)(plsm_stream_t *, plsm_buf_t *, E) = plsm_stream_next;
void (*stream_free)(plsm_stream_t *) = plsm_stream_free;
int (*lite3_open)(plsm_pool_t *, uint64_t, uint32_t, uint64_t, uint32_t, uint64_t, uint32_t, plsm_lite3_stream_t **,
                  E) = plsm_lite3_stream_open;
int (*lite3_open_ex)(plsm_pool_t *, const plsm_stream_options_t *, plsm_lite3_stream_t **,
                     E) = plsm_lite3_stream_open_ex;
int (*lite3_next)(plsm_lite3_stream_t *, plsm_lite3_frame_t *, E) = plsm_lite3_stream_next;
void (*lite3_free)(plsm_lite3_stream_t *) = plsm_lite3_stream_free;
void (*buf_free)(plsm_buf_t *) = plsm_buf_free;
void (*frame_free)(plsm_lite3_frame_t *) = plsm_lite3_frame_free;
void (*error_free)(plsm_error_t *) = plsm_error_free;

// The tags without _t.
struct plsm_client *client_tag = (plsm_client_t *)0;
struct plsm_pool *pool_tag = (plsm_pool_t *)0;
struct plsm_stream *stream_tag = (plsm_stream_t *)0;
struct plsm_lite3_stream *lite3_stream_tag = (plsm_lite3_stream_t *)0;
struct plsm_buf *buf_tag = (plsm_buf_t *)0;
struct plsm_error *error_tag = (plsm_error_t *)0;
struct plsm_lite3_frame *frame_tag = (plsm_lite3_frame_t *)0;
struct plsm_stream_options *options_tag = (plsm_stream_options_t *)0;
plsm_error_kind_t kind = PLSM_ERROR_USAGE;
plsm_gap_policy_t policy = PLSM_GAP_ERROR;

ASSERT(PLSM_ERROR_INTERNAL == 1 && PLSM_ERROR_USAGE == 2 && PLSM_ERROR_NOT_FOUND == 3);
ASSERT(PLSM_ERROR_ALREADY_EXISTS == 4 && PLSM_ERROR_BUSY == 5 && PLSM_ERROR_PERMISSION == 6);
ASSERT(PLSM_ERROR_CORRUPT == 7 && PLSM_ERROR_IO == 8 && PLSM_ERROR_RETENTION_GAP == 9);
ASSERT(PLSM_GAP_CONTINUE == 0 && PLSM_GAP_ERROR == 1);
ASSERT(PLSM_DURABILITY_FAST == 0 && PLSM_DURABILITY_FLUSH == 1);

#if UINTPTR_MAX > 0xffffffffu
#define PLACE(large, small) (large)
#else
#define PLACE(large, small) (small)
#endif
ASSERT(sizeof(plsm_buf_t) == PLACE(16, 8));
AT(plsm_buf_t, data, 0);
AT(plsm_buf_t, len, PLACE(8, 4));
ASSERT(sizeof(plsm_lite3_frame_t) == PLACE(40, 32));
AT(plsm_lite3_frame_t, seq, 0);
AT(plsm_lite3_frame_t, timestamp_ns, 8);
AT(plsm_lite3_frame_t, flags, 16);
AT(plsm_lite3_frame_t, payload, PLACE(24, 20));
ASSERT(sizeof(plsm_error_t) >= PLACE(48, 40));
AT(plsm_error_t, kind, 0);
AT(plsm_error_t, message, PLACE(8, 4));
AT(plsm_error_t, path, PLACE(16, 8));
AT(plsm_error_t, seq, PLACE(24, 16));
AT(plsm_error_t, offset, PLACE(32, 24));
AT(plsm_error_t, has_seq, PLACE(40, 32));
AT(plsm_error_t, has_offset, PLACE(41, 33));
ASSERT(sizeof(plsm_stream_options_t) == 48);
AT(plsm_stream_options_t, struct_size, 0);
AT(plsm_stream_options_t, gap_policy, 4);
AT(plsm_stream_options_t, since_seq, 8);
AT(plsm_stream_options_t, max_messages, 16);
AT(plsm_stream_options_t, timeout_ms, 24);
AT(plsm_stream_options_t, has_since, 32);
AT(plsm_stream_options_t, has_max, 36);
AT(plsm_stream_options_t, has_timeout, 40);
AT(plsm_stream_options_t, reserved, 44);

// The initialisers set the size and nothing else; no field may be missing (-Wextra would say so).
plsm_stream_options_t stream_options = PLSM_STREAM_OPTIONS_INIT;
plsm_pool_options_t pool_options = PLSM_POOL_OPTIONS_INIT;
plsm_open_options_t open_options = PLSM_OPEN_OPTIONS_INIT;
plsm_pool_info_t pool_info = PLSM_POOL_INFO_INIT;
plsm_list_entry_t list_entry = PLSM_LIST_ENTRY_INIT;
plsm_append_options_t append_options = PLSM_APPEND_OPTIONS_INIT;
plsm_tail_options_t tail_options = PLSM_TAIL_OPTIONS_INIT;
uint64_t forever = PLSM_WAIT_FOREVER;
