// An open pool.
#pragma once

#include "convert.h"

class Pool : public Napi::ObjectWrap<Pool> {
  public:
    static Napi::Function Define(Napi::Env env);
    static Napi::Value Make(Napi::Env env, PoolHandle handle);
    explicit Pool(const Napi::CallbackInfo &info) : Napi::ObjectWrap<Pool>(info) {}

  private:
    void Append(const Napi::CallbackInfo &info);
    Napi::Value AppendInBackground(const Napi::CallbackInfo &info);
    Napi::Value AppendJson(const Napi::CallbackInfo &info);
    Napi::Value AppendLite3(const Napi::CallbackInfo &info);
    Napi::Value AppendBatch(const Napi::CallbackInfo &info);
    Napi::Value Get(const Napi::CallbackInfo &info);
    Napi::Value GetJson(const Napi::CallbackInfo &info);
    Napi::Value GetLite3(const Napi::CallbackInfo &info);
    Napi::Value Flush(const Napi::CallbackInfo &info);
    Napi::Value Info(const Napi::CallbackInfo &info);
    Napi::Value Bounds(const Napi::CallbackInfo &info);
    Napi::Value Writers(const Napi::CallbackInfo &info);
    Napi::Value Warnings(const Napi::CallbackInfo &info);
    Napi::Value IsCurrent(const Napi::CallbackInfo &info);
    Napi::Value Facts(const Napi::CallbackInfo &info);
    Napi::Value Tail(const Napi::CallbackInfo &info);
    void Close(const Napi::CallbackInfo &info);

    // The handle, or an error when it was closed. JavaScript code checks that first; this keeps memory safe.
    plsm_pool_t *Open(napi_env env) const;

    PoolHandle handle_;
};
