#include "stream.h"

#include "filter.h"
#include "render.h"
#include "work.h"

#include <algorithm>
#include <system_error>
#include <thread>

using Napi::CallbackInfo;

Napi::Function Stream::Define(Napi::Env env) {
    return DefineClass(env, "NativeStream",
                       {
                           InstanceMethod<&Stream::Fill>("fill"),
                           InstanceMethod<&Stream::TakeFrame>("takeFrame"),
                           InstanceMethod<&Stream::TakeJson>("takeJson"),
                           InstanceMethod<&Stream::Gap>("gap"),
                           InstanceMethod<&Stream::NextSeq>("nextSeq"),
                           InstanceMethod<&Stream::Dropped>("dropped"),
                           InstanceMethod<&Stream::Token>("token"),
                           InstanceMethod<&Stream::IsSearching>("isSearching"),
                           InstanceMethod<&Stream::Search>("search"),
                           InstanceMethod<&Stream::Wait>("wait"),
                           InstanceMethod<&Stream::Forget>("forget"),
                           InstanceMethod<&Stream::SetRef>("setRef"),
                           InstanceMethod<&Stream::Close>("close"),
                       });
}

bool IsRemote(plsm_pool_t *pool) {
    const char *path = plsm_pool_path(pool);
    std::string_view place = path == nullptr ? "" : path;
    return place.substr(0, 7) == "http://" || place.substr(0, 8) == "https://";
}

// What a tail is opened with, in memory of its own.
class Wish {
  public:
    Wish(Napi::Env env, Napi::Object options) : tags_(env, options.Get("tags")), filters_(env, options.Get("filters")) {
        tail_.start = U32(env, options.Get("start"));
        tail_.start_value = U64(env, options.Get("startValue"));
        tail_.flags = U32(env, options.Get("flags"));
        tail_.gap_policy = U32(env, options.Get("gapPolicy"));
        Napi::Value end = options.Get("endSeq"), most = options.Get("maxMessages"), timeout = options.Get("timeoutMs");
        tail_.has_end = !IsNothing(env, end);
        if (tail_.has_end) tail_.end_seq = U64(env, end);
        tail_.has_max = !IsNothing(env, most);
        if (tail_.has_max) tail_.max_messages = U64(env, most);
        tail_.has_timeout = !IsNothing(env, timeout);
        if (tail_.has_timeout) tail_.timeout_ms = U64(env, timeout);
        if (tail_.start == PLSM_START_TOKEN) token_ = Text(env, options.Get("token"));
    }
    bool has_filters() const { return !filters_.empty(); }
    // Where tags or filters pick the last few, the library finds them after the opening.
    bool searches() const { return tail_.start == PLSM_START_LAST && (tags_.size() > 0 || !filters_.empty()); }
    int Open(plsm_pool_t *pool, StreamHandle &out, plsm_error_t **error) {
        tail_.tags = tags_.data();
        tail_.tags_len = tags_.size();
        if (tail_.start == PLSM_START_TOKEN) tail_.token = token_.c_str();
        filters_.Set(tail_);
        plsm_stream_t *stream = nullptr;
        int status = plsm_pool_tail(pool, &tail_, &stream, error);
        if (status == 0) out = StreamHandle(stream, plsm_stream_free);
        return status;
    }

  private:
    plsm_tail_options_t tail_ = PLSM_TAIL_OPTIONS_INIT;
    Tags tags_;
    Filters filters_;
    std::string token_;
};

// Of a server's pool the library's stream has a thread, whose end is waited for: not by the event loop.
void Stream::Free() {
    poller_.reset();
    if (search_.joinable()) {
        // It ends at the next message that it looks at, and must not outlive the addon.
        plsm_stream_cancel(handle_.get());
        search_.join();
    }
    if (handle_ == nullptr || !is_remote_) {
        handle_.reset();
        return;
    }
    try {
        std::thread([handle = std::move(handle_)]() mutable { handle.reset(); }).detach();
    } catch (const std::system_error &) {
        // No thread is to be had, and the handle is freed here.
    }
}

Napi::Value Stream::Make(Napi::Env env, const PoolHandle &pool, StreamHandle handle, const Wish &wish) {
    Napi::Object object = Environment::Of(env)->stream_class.New({});
    Stream *self = Stream::Unwrap(object);
    self->is_remote_ = IsRemote(pool.get());
    self->handle_ = std::move(handle);
    self->look_ms_ = wish.has_filters() ? 1 : 0;
    self->searches_ = wish.searches();
    return object;
}

Napi::Value Stream::Open(Napi::Env env, const PoolHandle &pool, Napi::Object options) {
    Wish wish(env, options);
    StreamHandle handle;
    plsm_error_t *error = nullptr;
    if (wish.Open(pool.get(), handle, &error) != 0) Environment::Of(env)->Throw(env, error);
    return Make(env, pool, std::move(handle), wish);
}

Napi::Value Stream::OpenInBackground(Napi::Env env, PoolHandle pool, Napi::Object options) {
    auto wish = std::make_shared<Wish>(env, options);
    auto run = [pool, wish](StreamHandle &out, plsm_error_t **error) { return wish->Open(pool.get(), out, error); };
    auto finish = [pool, wish](Napi::Env env, StreamHandle &handle) { return Make(env, pool, std::move(handle), *wish); };
    return Run<StreamHandle>(env, true, {run, finish});
}

plsm_stream_t *Stream::Handle(napi_env env) const {
    if (handle_ == nullptr) throw Napi::Error::New(env, "plasmite: the stream is closed");
    return handle_.get();
}

// Takes messages without waiting: gives the text of a batch (see render.h), or a plsm_next_t
Napi::Value Stream::Fill(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    EnvironmentPtr &environment = *env.GetInstanceData<EnvironmentPtr>();
    plsm_stream_t *stream = Handle(env);
    plsm_error_t *error = nullptr;
    if (view_ == view_count_) {
        if (views_.empty()) views_.resize(BATCH);
        view_ = view_count_ = 0;
        int next = plsm_stream_next_views(stream, look_ms_, views_.data(), views_.size(), &view_count_, &error);
        if (next == PLSM_NEXT_ERROR) environment->Throw(env, error);
        if (next == PLSM_NEXT_MESSAGE || next == PLSM_NEXT_GAP) searches_ = false;
        if (next != PLSM_NEXT_MESSAGE) return Napi::Number::New(env, next);
    }
    std::size_t done = 0;
    napi_value text = Render(env, *environment, &views_[view_], view_count_ - view_, &done, &error);
    // A message that cannot be rendered is reported once, and passed over.
    view_ += done == 0 ? 1 : done;
    if (done == 0) environment->Throw(env, error);
    return Napi::Value(env, text);
}

// (wait in ms); waits on this thread. Gives a frame, or a plsm_next_t.
Napi::Value Stream::TakeFrame(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    plsm_view_t view;
    Buffer document;
    plsm_error_t *error = nullptr;
    int next = plsm_stream_next_view(Handle(env), U64(env, info[0]), &view, &error);
    if (next == PLSM_NEXT_MESSAGE || next == PLSM_NEXT_GAP) searches_ = false;
    if (next == PLSM_NEXT_MESSAGE && plsm_view_lite3(&view, &document, &error) != 0) next = PLSM_NEXT_ERROR;
    if (next == PLSM_NEXT_ERROR) Environment::Of(env)->Throw(env, error);
    if (next != PLSM_NEXT_MESSAGE) return Napi::Number::New(env, next);
    return MakeFrame(env, view.seq, view.timestamp_ns, 0, std::move(document));
}

// (wait in ms); waits on this thread. Gives the message's bytes, or a plsm_next_t.
Napi::Value Stream::TakeJson(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    plsm_bytes_t json;
    plsm_error_t *error = nullptr;
    int next = plsm_stream_next_json(Handle(env), U64(env, info[0]), &json, &error);
    if (next == PLSM_NEXT_ERROR) Environment::Of(env)->Throw(env, error);
    if (next != PLSM_NEXT_MESSAGE) return Napi::Number::New(env, next);
    return Napi::Value(env, MakeBuffer(env, json.data, json.len));
}

// Gives [first, last, count] of the last gap.
Napi::Value Stream::Gap(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    plsm_gap_t gap;
    plsm_error_t *error = nullptr;
    if (plsm_stream_gap(Handle(env), &gap, &error) != 0) Environment::Of(env)->Throw(env, error);
    return MakeGap(env, gap);
}

plsm_stream_stats_t Stream::Stats(Napi::Env env) const {
    plsm_stream_stats_t stats{};
    plsm_error_t *error = nullptr;
    if (plsm_stream_stats(Handle(env), &stats, &error) != 0) Environment::Of(env)->Throw(env, error);
    return stats;
}

// Where JavaScript stands: the library's stream is behind all views that it gave.
Napi::Value Stream::NextSeq(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    return Napi::BigInt::New(env, view_ < view_count_ ? views_[view_].seq : Stats(env).next_seq);
}

Napi::Value Stream::Dropped(const CallbackInfo &info) { return Napi::BigInt::New(info.Env(), Stats(info.Env()).dropped); }

// A token with another seq, which is what stands behind its last dot. The rest is of the pool, so neither the pool nor its
// server has to be asked.
static void MoveToken(Napi::Env env, std::string &token, std::uint64_t seq) {
    std::size_t dot = token.rfind('.');
    if (dot == std::string::npos || token.find_first_not_of("0123456789", dot + 1) != std::string::npos)
        throw Napi::Error::New(env, "plasmite: the library's tokens are not of a kind that this package knows");
    token.replace(dot + 1, std::string::npos, std::to_string(seq));
}

// (the first seq that JavaScript has taken and not delivered, or undefined when there is none); gives the text for a later start
Napi::Value Stream::Token(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    plsm_error_t *error = nullptr;
    Buffer given;
    // Takes nothing from the stream: the views stay good.
    if (plsm_stream_token(Handle(env), &given, &error) != 0) Environment::Of(env)->Throw(env, error);
    std::string token(reinterpret_cast<char *>(given.data), given.len);
    if (!IsNothing(env, info[0])) {
        MoveToken(env, token, U64(env, info[0]));
    } else if (view_ < view_count_) {
        MoveToken(env, token, views_[view_].seq);
    }
    return Napi::Value(env, MakeString(env, token.data(), token.size()));
}

// Whether the start may still have to be searched for, which a token waits for.
Napi::Value Stream::IsSearching(const CallbackInfo &info) { return Napi::Boolean::New(info.Env(), searches_); }

// (callback); searches for the start on a thread of its own, and calls back once it is found or cannot be: the stream is closed, or
// its time is up. Only once.
void Stream::Search(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    plsm_stream_t *stream = Handle(env);
    if (search_.joinable()) throw Napi::Error::New(env, "plasmite: the search has begun already");
    if (!info[0].IsFunction()) throw Napi::TypeError::New(env, "expected a function");
    searched_ = Napi::ThreadSafeFunction::New(env, info[0].As<Napi::Function>(), "plasmite", 0, 1);
    if (!ref_) searched_.Unref(env);
    try {
        // It is joined before the stream goes, and this object.
        search_ = std::thread([this, stream, searched = searched_]() mutable {
            Buffer token;
            plsm_error_t *error = nullptr;
            // What is wrong, the next call on the stream tells.
            if (plsm_stream_token(stream, &token, &error) != 0) plsm_error_free(error);
            searches_ = false;
            // Where the environment ends, the function is gone with this call.
            if (searched.NonBlockingCall() != napi_closing) searched.Release();
        });
    } catch (const std::system_error &error) {
        searched_.Release();
        throw Napi::Error::New(env, std::string("plasmite: no thread for the search: ") + error.what());
    }
}

// (callback); calls it once when a call on the stream would not wait
void Stream::Wait(const CallbackInfo &info) {
    Napi::Env env = info.Env();
    plsm_stream_t *stream = Handle(env);
    if (poller_ == nullptr) {
        int fd = -1;
        plsm_error_t *error = nullptr;
        EnvironmentPtr environment = Environment::Of(env);
        if (plsm_stream_fd(stream, &fd, &error) != 0) environment->Throw(env, error);
        poller_ = std::make_unique<Poller>(environment, env, fd);
        poller_->SetRef(ref_);
    }
    if (!info[0].IsFunction()) throw Napi::TypeError::New(env, "expected a function");
    poller_->Wait(info[0].As<Napi::Function>());
}

void Stream::Forget(const CallbackInfo &) {
    if (poller_ != nullptr) poller_->Forget();
}

// (whether a wait keeps the process alive)
void Stream::SetRef(const CallbackInfo &info) {
    ref_ = Bool(info.Env(), info[0]);
    if (poller_ != nullptr) poller_->SetRef(ref_);
    // It goes on this thread, and not before the search has ended.
    if (!searches_ || !search_.joinable()) return;
    if (ref_) searched_.Ref(info.Env());
    else searched_.Unref(info.Env());
}

void Stream::Close(const CallbackInfo &) {
    Free();
    views_ = {};
    view_ = view_count_ = 0;
}

Napi::Value MakeGap(Napi::Env env, const plsm_gap_t &gap) {
    Napi::Array numbers = Napi::Array::New(env, 3);
    numbers.Set(0u, Napi::BigInt::New(env, gap.first));
    numbers.Set(1u, Napi::BigInt::New(env, gap.last));
    numbers.Set(2u, Napi::BigInt::New(env, gap.count));
    return numbers;
}

Napi::Value MakeFrame(Napi::Env env, std::uint64_t seq, std::uint64_t timestamp_ns, std::uint32_t flags, Buffer &&payload) {
    Napi::Array parts = Napi::Array::New(env, 4);
    parts.Set(0u, Napi::BigInt::New(env, seq));
    parts.Set(1u, Napi::BigInt::New(env, timestamp_ns));
    parts.Set(2u, Napi::Number::New(env, flags));
    parts.Set(3u, Napi::Value(env, MakeBuffer(env, std::move(payload))));
    return parts;
}
