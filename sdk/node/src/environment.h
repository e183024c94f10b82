// What the addon keeps for each JavaScript environment: the main thread and each worker thread have one.
#pragma once

#include <napi.h>
#include <plasmite.h>

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>

struct uv_loop_s;
class Poller;

// The most messages that one call hands to JavaScript.
constexpr std::size_t BATCH = 256;

// Shared by everything made in it, so that objects finalised late still find it.
class Environment : public std::enable_shared_from_this<Environment> {
  public:
    static std::shared_ptr<Environment> Of(napi_env env);
    // Makes the environment of `env` and fills `exports` with its shared arrays.
    static void Install(Napi::Env env, Napi::Object exports);

    // Turns a library error into a JavaScript one and frees it. The only place that does so.
    Napi::Value MakeError(Napi::Env env, plsm_error_t *error);
    // MakeError, thrown.
    [[noreturn]] void Throw(Napi::Env env, plsm_error_t *error);

    uv_loop_s *loop = nullptr;
    bool ending = false;
    // The pollers whose libuv handles are open.
    std::unordered_set<Poller *> pollers;
    // How many libuv handles are being closed.
    std::size_t closing = 0;
    void AfterClose();

    // Reused for text on its way in and out.
    std::string scratch;
    // Memory of the arrays that JavaScript reads results from: the receipt of the last append (seq, time), the
    // messages of the last batch (seq, time of each), and where the data of each stands in the batch's text.
    std::uint64_t *receipt = nullptr;
    std::uint64_t *numbers = nullptr;
    std::uint32_t *places = nullptr;

    Napi::FunctionReference client_class;
    Napi::FunctionReference pool_class;
    Napi::FunctionReference stream_class;
    Napi::FunctionReference doctor_class;

  private:
    static void End(napi_async_cleanup_hook_handle handle, void *data);

    Napi::FunctionReference error_factory_;
    Napi::Reference<Napi::TypedArray> arrays_[3];
    napi_async_cleanup_hook_handle hook_ = nullptr;
};

using EnvironmentPtr = std::shared_ptr<Environment>;
