// The few calls of libuv that the addon uses. node-api-headers brings no uv.h, so they are declared here; they
// and the numbers below are the same in every libuv 1. The addon checks the handle type's name when it is loaded.
#pragma once

#include <cstddef>

extern "C" {
struct uv_loop_s;
struct uv_handle_s;

constexpr int UV_HANDLE_TYPE_POLL = 8;
constexpr int UV_EVENT_READABLE = 1;

std::size_t uv_handle_size(int type);
const char *uv_handle_type_name(int type);
void *uv_handle_get_data(const uv_handle_s *handle);
void uv_handle_set_data(uv_handle_s *handle, void *data);
void uv_ref(uv_handle_s *handle);
void uv_unref(uv_handle_s *handle);
void uv_close(uv_handle_s *handle, void (*closed)(uv_handle_s *handle));
int uv_poll_init(uv_loop_s *loop, uv_handle_s *poll, int fd);
int uv_poll_start(uv_handle_s *poll, int events, void (*ready)(uv_handle_s *poll, int status, int events));
int uv_poll_stop(uv_handle_s *poll);
const char *uv_strerror(int status);
}
