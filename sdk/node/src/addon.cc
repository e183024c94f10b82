// The addon's entry: one environment with its classes for each thread that loads it.
#include "client.h"
#include "doctor.h"
#include "library.h"
#include "pool.h"
#include "replay.h"
#include "stream.h"
#include "uv.h"

#include <cstring>

namespace {

// The library may be another one than that of the header.
void CheckLibrary(Napi::Env env) {
    if (plsm_abi_version() < PLSM_ABI_VERSION) {
        throw Napi::Error::New(env, std::string("the libplasmite that was found is too old: ") + plsm_build_info());
    }
    const char *name = uv_handle_type_name(UV_HANDLE_TYPE_POLL);
    if (name == nullptr || std::strcmp(name, "poll") != 0) throw Napi::Error::New(env, "this runtime's event loop is not that of libuv 1");
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
    CheckLibrary(env);
    Environment::Install(env, exports);
    EnvironmentPtr environment = Environment::Of(env);
    Napi::Function client = Client::Define(env);
    environment->client_class = Napi::Persistent(client);
    environment->pool_class = Napi::Persistent(Pool::Define(env));
    environment->stream_class = Napi::Persistent(Stream::Define(env));
    environment->doctor_class = Napi::Persistent(Doctor::Define(env));
    exports.Set("Client", client);
    exports.Set("Replay", Replay::Define(env));
    ExportLibrary(env, exports);
    return exports;
}

} // namespace

NODE_API_MODULE(plasmite, Init)
