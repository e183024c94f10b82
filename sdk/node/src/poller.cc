#include "poller.h"

#include <cstdlib>

#include "uv.h"

Poller::Poller(EnvironmentPtr environment, napi_env env, int fd) : environment_(std::move(environment)), env_(env) {
    if (environment_->ending) throw Napi::Error::New(env, "plasmite: this thread is ending");
    auto *handle = static_cast<uv_handle_s *>(std::calloc(1, uv_handle_size(UV_HANDLE_TYPE_POLL)));
    if (handle == nullptr) throw Napi::Error::New(env, "out of memory");
    int status = uv_poll_init(environment_->loop, handle, fd);
    if (status != 0) {
        std::free(handle);
        throw Napi::Error::New(env, std::string("plasmite: cannot watch a stream: ") + uv_strerror(status));
    }
    handle_ = handle;
    uv_handle_set_data(handle_, this);
    uv_unref(handle_);
    environment_->pollers.insert(this);
}

void Poller::Wait(Napi::Function callback) {
    if (handle_ == nullptr) throw Napi::Error::New(env_, "plasmite: this thread is ending");
    callback_ = Napi::Persistent(callback);
    UpdateRef();
    if (started_) return;
    int status = uv_poll_start(handle_, UV_EVENT_READABLE, Ready);
    if (status != 0) {
        Forget();
        throw Napi::Error::New(env_, std::string("plasmite: cannot watch a stream: ") + uv_strerror(status));
    }
    started_ = true;
}

void Poller::Forget() {
    callback_.Reset();
    UpdateRef();
}

void Poller::SetRef(bool on) {
    ref_ = on;
    UpdateRef();
}

// Only a wait that somebody made keeps the process alive.
void Poller::UpdateRef() {
    if (handle_ == nullptr) return;
    if (ref_ && !callback_.IsEmpty()) {
        uv_ref(handle_);
    } else {
        uv_unref(handle_);
    }
}

void Poller::Ready(uv_handle_s *handle, int, int) {
    auto *self = static_cast<Poller *>(uv_handle_get_data(handle));
    if (self == nullptr) return;
    if (self->callback_.IsEmpty()) {
        // Nobody waits. Between two waits of a busy reader the watch goes on, which saves two system calls for each.
        uv_poll_stop(handle);
        self->started_ = false;
        return;
    }
    self->Fire();
}

// `this` may be gone when the callback returns.
void Poller::Fire() {
    napi_env env = env_;
    Napi::HandleScope scope(env);
    napi_value callback, global, result, error;
    if (napi_get_reference_value(env, callback_, &callback) != napi_ok) callback = nullptr;
    Forget();
    if (callback == nullptr || napi_get_global(env, &global) != napi_ok) return;
    // Fails without an exception where the thread is being ended.
    if (napi_make_callback(env, nullptr, global, callback, 0, nullptr, &result) != napi_pending_exception) return;
    if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

void Poller::Close() {
    if (handle_ == nullptr) return;
    callback_.Reset();
    uv_handle_s *handle = handle_;
    handle_ = nullptr;
    environment_->pollers.erase(this);
    uv_poll_stop(handle);
    environment_->closing++;
    uv_handle_set_data(handle, new EnvironmentPtr(environment_));
    uv_close(handle, Closed);
}

void Poller::Closed(uv_handle_s *handle) {
    std::unique_ptr<EnvironmentPtr> environment(static_cast<EnvironmentPtr *>(uv_handle_get_data(handle)));
    std::free(handle);
    (*environment)->closing--;
    (*environment)->AfterClose();
}
