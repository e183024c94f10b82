package local

// #include "shim.h"
import "C"

import (
	"errors"
	"io/fs"
	"sync"

	"github.com/sandover/plasmite/bindings/go/api"
)

// Client is a directory of pools, or a server of some. It touches no file and no network by itself.
type Client struct {
	handle *clientHandle
}

// clientHandle owns the library's client. Apart from Client, so that it can be collected.
type clientHandle struct {
	mu     sync.RWMutex
	client *C.plsm_client_t
}

func (h *clientHandle) free() {
	h.mu.Lock()
	defer h.mu.Unlock()
	C.plsm_client_free(h.client)
	h.client = nil
}

// DefaultPoolDir is ~/.plasmite/pools, from HOME; empty when that is not set.
func DefaultPoolDir() string {
	var path C.plsm_buf_t
	if C.plsm_default_pool_dir(&path, nil) != 0 {
		return ""
	}
	return string(take(&path))
}

// Close closes the client. Its pools stay open. Closing again, or a nil client, does nothing.
func (c *Client) Close() {
	if c != nil && c.handle != nil {
		c.handle.free()
	}
}

// enter keeps the client from being closed until leave.
func (c *Client) enter() (*C.plsm_client_t, error) {
	if c == nil || c.handle == nil {
		return nil, closed("client")
	}
	c.handle.mu.RLock()
	if c.handle.client == nil {
		c.handle.mu.RUnlock()
		return nil, closed("client")
	}
	return c.handle.client, nil
}

func (c *Client) leave() { c.handle.mu.RUnlock() }

// with runs a call that takes a client and a reference.
func (c *Client) with(ref PoolRef, call func(client *C.plsm_client_t, ref *C.char) error) error {
	client, err := c.enter()
	if err != nil {
		return err
	}
	defer c.leave()
	if ref == "" {
		return invalid("the pool reference is empty")
	}
	text, err := terminated("the pool reference", string(ref))
	if err != nil {
		return err
	}
	return call(client, text)
}

// CreatePool creates a pool whose file is exactly sizeBytes long (0 means DefaultPoolSizeBytes) and opens it.
// ErrAlreadyExists: it is there.
func (c *Client) CreatePool(ref PoolRef, sizeBytes uint64) (api.Pool, error) {
	return asPool(c.Create(ref, WithSize(sizeBytes)))
}

// OpenPool opens a pool. ErrNotFound: it is not there.
func (c *Client) OpenPool(ref PoolRef) (api.Pool, error) { return asPool(c.Open(ref)) }

// Pool opens a pool, and creates it when it is not there; sizeBytes counts only then.
func (c *Client) Pool(ref PoolRef, sizeBytes uint64) (api.Pool, error) {
	pool, _, err := c.Ensure(ref, WithSize(sizeBytes))
	return asPool(pool, err)
}

// asPool keeps a nil *Pool from becoming an api.Pool that is not nil.
func asPool(pool *Pool, err error) (api.Pool, error) {
	if err != nil {
		return nil, err
	}
	return pool, nil
}

func createOptions(opts []PoolOption) C.plsm_pool_options_t {
	config := api.ApplyPoolOptions(opts...)
	options := C.plsm_pool_options_t{
		struct_size: C.sizeof_plsm_pool_options_t,
		size_bytes:  C.uint64_t(config.Size),
		file_mode:   C.uint32_t(config.Mode & fs.ModePerm),
	}
	if config.IndexCapacity != nil {
		options.has_index_capacity = 1
		options.index_capacity = C.uint32_t(*config.IndexCapacity)
	}
	return options
}

// Create creates a pool and opens it. Missing directories are created too. ErrAlreadyExists: it is there.
// ErrUsage: too small, which the message tells.
func (c *Client) Create(ref PoolRef, opts ...PoolOption) (*Pool, error) {
	options := createOptions(opts)
	return c.open(ref, func(client *C.plsm_client_t, ref *C.char, pool **C.plsm_pool_t, failure **C.plsm_error_t) C.int {
		return C.plsm_pool_create_with(client, ref, &options, pool, failure)
	})
}

// Ensure opens a pool, creating it first when it is not there; of many callers at once exactly one creates it
// and is told so. The options count for creation only.
func (c *Client) Ensure(ref PoolRef, opts ...PoolOption) (pool *Pool, created bool, err error) {
	options := createOptions(opts)
	var made C.uint32_t
	pool, err = c.open(ref, func(client *C.plsm_client_t, ref *C.char, pool **C.plsm_pool_t, failure **C.plsm_error_t) C.int {
		return C.plsm_pool_ensure(client, ref, &options, pool, &made, failure)
	})
	return pool, made != 0, err
}

// Open opens a pool: for reading and writing, or, where writing is not permitted, for reading only. ErrNotFound: it is
// not there. ErrCorrupt: the file is damaged, or no pool.
func (c *Client) Open(ref PoolRef) (*Pool, error) {
	return c.open(ref, func(client *C.plsm_client_t, ref *C.char, pool **C.plsm_pool_t, failure **C.plsm_error_t) C.int {
		return C.plsm_pool_open(client, ref, pool, failure)
	})
}

// OpenReadOnly opens a pool for reading only.
func (c *Client) OpenReadOnly(ref PoolRef) (*Pool, error) {
	options := C.plsm_open_options_t{struct_size: C.sizeof_plsm_open_options_t, flags: C.PLSM_OPEN_READ_ONLY}
	return c.open(ref, func(client *C.plsm_client_t, ref *C.char, pool **C.plsm_pool_t, failure **C.plsm_error_t) C.int {
		return C.plsm_pool_open_with(client, ref, &options, pool, failure)
	})
}

type opener func(client *C.plsm_client_t, ref *C.char, pool **C.plsm_pool_t, failure **C.plsm_error_t) C.int

func (c *Client) open(ref PoolRef, open opener) (*Pool, error) {
	var pool *C.plsm_pool_t
	err := c.with(ref, func(client *C.plsm_client_t, ref *C.char) error {
		var failure *C.plsm_error_t
		return checked(open(client, ref, &pool, &failure), failure)
	})
	if err != nil {
		return nil, err
	}
	return newPool(pool), nil
}

// Dir is the client's directory, or its server's address.
func (c *Client) Dir() (string, error) {
	client, err := c.enter()
	if err != nil {
		return "", err
	}
	defer c.leave()
	var path C.plsm_buf_t
	var failure *C.plsm_error_t
	if err := checked(C.plsm_client_pool_dir(client, &path, &failure), failure); err != nil {
		return "", err
	}
	return string(take(&path)), nil
}

// Resolve is the file that a reference means. It need not exist. ErrUsage: a server's pool, which is no file here.
func (c *Client) Resolve(ref PoolRef) (path string, err error) {
	err = c.with(ref, func(client *C.plsm_client_t, ref *C.char) error {
		var text C.plsm_buf_t
		var failure *C.plsm_error_t
		if err := checked(C.plsm_pool_resolve(client, ref, &text, &failure), failure); err != nil {
			return err
		}
		path = string(take(&text))
		return nil
	})
	return path, err
}

// Exists tells whether a pool's file is there. It may still turn out to be damaged.
func (c *Client) Exists(ref PoolRef) (exists bool, err error) {
	err = c.with(ref, func(client *C.plsm_client_t, ref *C.char) error {
		var failure *C.plsm_error_t
		answer := C.plsm_pool_exists(client, ref, &failure)
		exists = answer == 1
		return checked(answer, failure)
	})
	return exists, err
}

// Delete deletes pools. Whoever has one open learns of it: the next append, or a wait, ends with ErrNotFound. All
// are tried; the errors are joined.
func (c *Client) Delete(refs ...PoolRef) error {
	var failures []error
	for _, ref := range refs {
		failures = append(failures, c.with(ref, func(client *C.plsm_client_t, ref *C.char) error {
			var failure *C.plsm_error_t
			return checked(C.plsm_pool_delete(client, ref, &failure), failure)
		}))
	}
	if len(failures) == 1 {
		return failures[0]
	}
	return errors.Join(failures...)
}

// Info tells settings and contents of a pool, opened for that for reading only.
func (c *Client) Info(ref PoolRef) (*PoolInfo, error) {
	pool, err := c.OpenReadOnly(ref)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	return pool.Info()
}

// List tells the pools of the directory or the server, sorted by name. A directory that is not there has none; a pool that cannot
// be read is an entry with its error.
func (c *Client) List() ([]ListEntry, error) {
	client, err := c.enter()
	if err != nil {
		return nil, err
	}
	defer c.leave()
	var list *C.plsm_pool_list_t
	var failure *C.plsm_error_t
	if err := checked(C.plsm_pool_list_open(client, &list, &failure), failure); err != nil {
		return nil, err
	}
	defer C.plsm_pool_list_free(list)
	entries := make([]ListEntry, int(C.plsm_pool_list_count(list)))
	for i := range entries {
		told := C.plsm_list_entry_t{struct_size: C.sizeof_plsm_list_entry_t}
		if err := checked(C.plsm_pool_list_entry(list, C.size_t(i), &told, &failure), failure); err != nil {
			return nil, err
		}
		entry := &entries[i]
		entry.Name, entry.Path = C.GoString(told.name), C.GoString(told.path)
		if told.has_mtime != 0 {
			entry.ModTime = api.TimeOf(uint64(told.mtime_ns))
		}
		if told.info != nil {
			entry.Info = infoOf(told.info, entry.Name, entry.Path)
		}
		if told.error != nil {
			entry.Err = described(told.error)
		}
	}
	return entries, nil
}

// Migrate converts a pool of format 3, which builds up to version 1.2 made. With a newRef a new pool is made and the
// old one left as it is. Without, the new pool takes the old one's place and the old file is kept beside it
// with ".bak" behind its name: stop the programs that use it first. The options say what the new pool is to be
// like; size 0 means the old one's, or as much more as the messages need. A failure leaves nothing behind.
func (c *Client) Migrate(ref, newRef PoolRef, opts ...PoolOption) (*Migrated, error) {
	options := createOptions(opts)
	migrated := C.plsm_migrated_t{struct_size: C.sizeof_plsm_migrated_t}
	var backup C.plsm_buf_t
	err := c.with(ref, func(client *C.plsm_client_t, ref *C.char) error {
		var target *C.char
		if newRef != "" {
			var err error
			if target, err = terminated("the new pool reference", string(newRef)); err != nil {
				return err
			}
		}
		var failure *C.plsm_error_t
		return checked(C.plsm_pool_migrate(client, ref, target, &options, &migrated, &backup, &failure), failure)
	})
	if err != nil {
		return nil, err
	}
	return &Migrated{
		Bounds:  boundsOf(migrated.bounds),
		OldSize: uint64(migrated.old_size), Size: uint64(migrated.size),
		TimesUnordered: migrated.times_unordered != 0,
		Backup:         string(take(&backup)),
	}, nil
}
