// Waits on a stream's descriptor in the event loop, without a thread of the pool.
#pragma once

#include "environment.h"

struct uv_handle_s;

class Poller {
  public:
    Poller(EnvironmentPtr environment, napi_env env, int fd);
    ~Poller() { Close(); }
    Poller(const Poller &) = delete;
    Poller &operator=(const Poller &) = delete;

    // Calls `callback` once, when the descriptor is readable. Until then it keeps the process alive, unless Unref.
    // A second call takes the place of the first.
    void Wait(Napi::Function callback);
    // Forgets the callback.
    void Forget();
    void SetRef(bool on);
    // Lets go of the descriptor at once, and of the libuv handle as soon as the loop allows it. Twice is fine.
    void Close();

  private:
    static void Ready(uv_handle_s *handle, int status, int events);
    static void Closed(uv_handle_s *handle);
    void Fire();
    void UpdateRef();

    EnvironmentPtr environment_;
    napi_env env_;
    uv_handle_s *handle_ = nullptr;
    bool started_ = false;
    bool ref_ = true;
    Napi::FunctionReference callback_;
};

using PollerPtr = std::unique_ptr<Poller>;
