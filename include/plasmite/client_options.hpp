/// @file
/// How a client is made: where its pools are, and what it brings along to servers.
#ifndef PLASMITE_CLIENT_OPTIONS_HPP
#define PLASMITE_CLIENT_OPTIONS_HPP

#include <plasmite/result.hpp>

#include <chrono>

namespace plasmite {
inline namespace PLASMITE_ABI {

/// How a client is made. All but the directory is for servers only: pools given by their address, or all of a client whose
/// directory is a server's address. Then the token goes to that server alone, otherwise to every server whose pools the
/// client opens.
struct client_options {
    /// The directory, which need not exist, or a server's address, `http://host:9700`; else the default directory.
    std::optional<std::string> pool_dir{};
    /// The bearer token. Over plain HTTP it goes to loopback addresses only.
    std::optional<std::string> token{};
    /// A file with the token; white space around it does not count. Excludes token.
    std::optional<std::string> token_file{};
    /// A PEM file of the certificates by which servers are trusted, instead of those that browsers trust.
    std::optional<std::string> tls_ca_file{};
    /// Trust every server, whatever its certificate: anybody on the way can read and change everything.
    bool tls_skip_verify = false;
    /// Send the token over plain HTTP to other machines too: anybody on the way can read and use it.
    bool insecure_token = false;
    /// For how long one request may take; 0 means 30 s. A tail goes on for as long as it is wanted.
    std::chrono::milliseconds request_timeout{0};
    /// The largest answer or message taken from a server, in bytes; 0 means 256 MiB.
    std::uint64_t largest_bytes = 0;

    /// The struct of the C interface, which points into this one. error_kind::usage: a NUL in a text, a negative time.
    result<plsm_client_options_t> native() const {
        plsm_client_options_t raw = PLSM_CLIENT_OPTIONS_INIT;
        for (const auto &[what, text, place] : {field{"the pool directory", &pool_dir, &raw.pool_dir}, field{"the token", &token, &raw.token},
                                                field{"the path of the token", &token_file, &raw.token_file},
                                                field{"the path of the certificates", &tls_ca_file, &raw.tls_ca_file}}) {
            if (!*text) continue;
            if ((*text)->find('\0') != std::string::npos) return error(error_kind::usage, std::string(what) + " contains a NUL character");
            *place = (*text)->c_str();
        }
        if (request_timeout.count() < 0) return error(error_kind::usage, "the time for a request is negative");
        raw.flags = (tls_skip_verify ? PLSM_CLIENT_TLS_SKIP_VERIFY : 0u) | (insecure_token ? PLSM_CLIENT_INSECURE_TOKEN : 0u);
        raw.request_timeout_ms = static_cast<std::uint64_t>(request_timeout.count());
        raw.largest_bytes = largest_bytes;
        return raw;
    }

private:
    struct field {
        const char *what;
        const std::optional<std::string> *text;
        const char **place;
    };
};

} // namespace PLASMITE_ABI
} // namespace plasmite

#endif
