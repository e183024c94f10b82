// An open pool.
#pragma once

#include "convert.h"

// Arguments from `first` on: durability, time, wait for the lock in ms, expected newest seq; all but the first may be left
// out.
plsm_append_options_t AppendOptions(const Napi::CallbackInfo &info, std::size_t first);

class Pool : public Napi::ObjectWrap<Pool> {
  public:
    static Napi::Function Define(Napi::Env env);
    static Napi::Value Make(Napi::Env env, PoolHandle handle);
    explicit Pool(const Napi::CallbackInfo &info) : Napi::ObjectWrap<Pool>(info) {}

  private:
    void Append(const Napi::CallbackInfo &info);
    Napi::Value AppendInBackground(const Napi::CallbackInfo &info);
    Napi::Value AppendJson(const Napi::CallbackInfo &info);
    Napi::Value AppendJsonInBackground(const Napi::CallbackInfo &info);
    Napi::Value AppendLite3(const Napi::CallbackInfo &info);
    Napi::Value AppendLite3InBackground(const Napi::CallbackInfo &info);
    Napi::Value AppendBatch(const Napi::CallbackInfo &info);
    Napi::Value Get(const Napi::CallbackInfo &info);
    Napi::Value GetJson(const Napi::CallbackInfo &info);
    Napi::Value GetJsonInBackground(const Napi::CallbackInfo &info);
    Napi::Value GetLite3(const Napi::CallbackInfo &info);
    Napi::Value GetLite3InBackground(const Napi::CallbackInfo &info);
    Napi::Value Flush(const Napi::CallbackInfo &info);
    Napi::Value Info(const Napi::CallbackInfo &info);
    Napi::Value Bounds(const Napi::CallbackInfo &info);
    Napi::Value Writers(const Napi::CallbackInfo &info);
    Napi::Value Warnings(const Napi::CallbackInfo &info);
    Napi::Value IsCurrent(const Napi::CallbackInfo &info);
    Napi::Value Facts(const Napi::CallbackInfo &info);
    Napi::Value IsRemote(const Napi::CallbackInfo &info);
    Napi::Value Tail(const Napi::CallbackInfo &info);
    Napi::Value TailInBackground(const Napi::CallbackInfo &info);
    void Close(const Napi::CallbackInfo &info);

    // The handle, or an error when it was closed. JavaScript code checks that first; this keeps memory safe.
    plsm_pool_t *Open(napi_env env) const;

    PoolHandle handle_;
};
