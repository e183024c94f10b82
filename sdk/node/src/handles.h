// The library's handles and buffers, freed when the last user lets go: a call on another thread keeps its handle.
#pragma once

#include <plasmite.h>

#include <memory>

using ClientHandle = std::shared_ptr<plsm_client_t>;
using PoolHandle = std::shared_ptr<plsm_pool_t>;
using StreamHandle = std::shared_ptr<plsm_stream_t>;
using DoctorHandle = std::shared_ptr<plsm_doctor_t>;

struct Buffer : plsm_buf_t {
    Buffer() : plsm_buf_t{nullptr, 0} {}
    ~Buffer() { plsm_buf_free(this); }
    Buffer(Buffer &&other) noexcept : plsm_buf_t{other.data, other.len} {
        other.data = nullptr;
        other.len = 0;
    }
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;
};

struct Frame : plsm_lite3_frame_t {
    Frame() : plsm_lite3_frame_t{} {}
    ~Frame() { plsm_lite3_frame_free(this); }
    Frame(const Frame &) = delete;
    Frame &operator=(const Frame &) = delete;
};
