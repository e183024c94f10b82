package local

// #include "shim.h"
import "C"

import (
	"runtime"
	"strings"
	"time"

	"github.com/sandover/plasmite/bindings/go/api"
)

// NewClient makes a client for a directory, which need not exist: it is created with its first pool. The address of a
// server, as for NewRemoteClient, is taken too.
func NewClient(poolDir string) (*Client, error) { return NewClientWith(poolDir) }

// NewClientWith is NewClient with what goes to servers: to those whose pools are named by their addresses, or to the
// one whose address poolDir is. ErrUsage: options that exclude each other, or a token that cannot be one. ErrNotFound,
// ErrPermission, ErrIO: a file cannot be read.
func NewClientWith(poolDir string, opts ...ClientOption) (*Client, error) {
	if poolDir == "" {
		return nil, invalid("the pool directory is empty; use NewDefaultClient for the default one")
	}
	return newClient(poolDir, api.ApplyClientOptions(opts...))
}

// NewRemoteClient makes a client of a server, http://host:9700 or https://host:9700: plain names are then pools of it. It
// asks the server nothing yet. Calls do there what they do here; those that need a pool's file are ErrUsage, and a
// server that does not answer is ErrIO.
func NewRemoteClient(baseURL string, opts ...ClientOption) (*Client, error) {
	if !strings.Contains(baseURL, "://") {
		return nil, invalid("the address of a server begins with http:// or https://")
	}
	return newClient(baseURL, api.ApplyClientOptions(opts...))
}

// NewDefaultClient makes a client for ~/.plasmite/pools. An error of the kind ErrorUsage: HOME is not set.
func NewDefaultClient() (*Client, error) { return newClient("", ClientConfig{}) }

func newClient(dir string, config ClientConfig) (*Client, error) {
	if err := compatible(); err != nil {
		return nil, err
	}
	if config.RequestTimeout < 0 {
		return nil, invalid("the time for a request is negative")
	}
	options := C.plsm_client_options_t{
		struct_size:        C.sizeof_plsm_client_options_t,
		request_timeout_ms: C.uint64_t(milliseconds(config.RequestTimeout)),
		largest_bytes:      C.uint64_t(config.Largest),
	}
	if config.SkipVerify {
		options.flags |= C.PLSM_CLIENT_TLS_SKIP_VERIFY
	}
	if config.InsecureToken {
		options.flags |= C.PLSM_CLIENT_INSECURE_TOKEN
	}
	var pinner runtime.Pinner
	defer pinner.Unpin()
	for _, text := range []struct {
		what, text string
		place      **C.char
	}{
		{"the pool directory", dir, &options.pool_dir},
		{"the token", config.Token, &options.token},
		{"the path of the token", config.TokenFile, &options.token_file},
		{"the path of the certificates", config.CAFile, &options.tls_ca_file},
	} {
		if text.text == "" {
			continue
		}
		copied, err := terminated(text.what, text.text)
		if err != nil {
			return nil, err
		}
		pinner.Pin(copied)
		*text.place = copied
	}
	handle := &clientHandle{}
	var failure *C.plsm_error_t
	if err := checked(C.plsm_client_new_with(&options, &handle.client, &failure), failure); err != nil {
		return nil, err
	}
	runtime.SetFinalizer(handle, (*clientHandle).free)
	return &Client{handle}, nil
}

// WithToken is api.WithToken.
func WithToken(token string) ClientOption { return api.WithToken(token) }

// WithTokenFile is api.WithTokenFile.
func WithTokenFile(path string) ClientOption { return api.WithTokenFile(path) }

// WithCAFile is api.WithCAFile.
func WithCAFile(path string) ClientOption { return api.WithCAFile(path) }

// WithSkipVerify is api.WithSkipVerify.
func WithSkipVerify() ClientOption { return api.WithSkipVerify() }

// WithInsecureToken is api.WithInsecureToken.
func WithInsecureToken() ClientOption { return api.WithInsecureToken() }

// WithRequestTimeout is api.WithRequestTimeout.
func WithRequestTimeout(timeout time.Duration) ClientOption { return api.WithRequestTimeout(timeout) }

// WithLargest is api.WithLargest.
func WithLargest(bytes uint64) ClientOption { return api.WithLargest(bytes) }
