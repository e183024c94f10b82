// A reader's place in a pool.
#pragma once

#include "convert.h"
#include "poller.h"

#include <atomic>
#include <thread>

class Wish;

class Stream : public Napi::ObjectWrap<Stream> {
  public:
    static Napi::Function Define(Napi::Env env);
    // Options: start, startValue, endSeq, maxMessages, timeoutMs, gapPolicy, tags, token, flags, filters.
    static Napi::Value Open(Napi::Env env, const PoolHandle &pool, Napi::Object options);
    // The same on another thread, with a promise.
    static Napi::Value OpenInBackground(Napi::Env env, PoolHandle pool, Napi::Object options);
    explicit Stream(const Napi::CallbackInfo &info) : Napi::ObjectWrap<Stream>(info) {}
    ~Stream() override { Free(); }

  private:
    static Napi::Value Make(Napi::Env env, const PoolHandle &pool, StreamHandle handle, const Wish &wish);
    void Free();
    Napi::Value Fill(const Napi::CallbackInfo &info);
    Napi::Value TakeFrame(const Napi::CallbackInfo &info);
    Napi::Value TakeJson(const Napi::CallbackInfo &info);
    Napi::Value Gap(const Napi::CallbackInfo &info);
    Napi::Value NextSeq(const Napi::CallbackInfo &info);
    Napi::Value Dropped(const Napi::CallbackInfo &info);
    Napi::Value Token(const Napi::CallbackInfo &info);
    Napi::Value IsSearching(const Napi::CallbackInfo &info);
    void Search(const Napi::CallbackInfo &info);
    void Wait(const Napi::CallbackInfo &info);
    void Forget(const Napi::CallbackInfo &info);
    void SetRef(const Napi::CallbackInfo &info);
    void Close(const Napi::CallbackInfo &info);

    plsm_stream_t *Handle(napi_env env) const;
    plsm_stream_stats_t Stats(Napi::Env env) const;

    StreamHandle handle_;
    // Watches the stream's descriptor, so it goes first.
    PollerPtr poller_;
    bool ref_ = true;
    bool is_remote_ = false;
    // How long a fill may take, in ms: a filter that seldom matches gives the event loop back in between. Without one
    // a fill is over at once.
    std::uint64_t look_ms_ = 0;
    // Whether the start may still have to be searched for, which plsm_stream_token waits for.
    std::atomic<bool> searches_{false};
    // Does so, and then calls back. No thread of the pool: a server that is away keeps it for as long as the stream is open.
    std::thread search_;
    Napi::ThreadSafeFunction searched_;
    // Messages taken from the stream but not yet rendered.
    std::vector<plsm_view_t> views_;
    std::size_t view_ = 0;
    std::size_t view_count_ = 0;
};

// Whether it is a server's. No path of a file begins so.
bool IsRemote(plsm_pool_t *pool);
// Missing messages for JavaScript: [first, last, count].
Napi::Value MakeGap(Napi::Env env, const plsm_gap_t &gap);
// A Lite3 message for JavaScript.
Napi::Value MakeFrame(Napi::Env env, std::uint64_t seq, std::uint64_t timestamp_ns, std::uint32_t flags, Buffer &&payload);
