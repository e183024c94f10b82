package local

// #include "shim.h"
import "C"

import (
	"runtime"
	"strings"
	"sync"
	"unsafe"

	"github.com/sandover/plasmite/bindings/go/api"
)

// Pool is an open pool.
type Pool struct {
	handle *poolHandle

	mu      sync.Mutex
	running map[*Tail]struct{} // ended by Close; nil once that was called
	closing chan struct{}      // closed when that was
}

// poolHandle owns the library's pool. Apart from Pool, which is referred to by its tails, so that it can be
// collected.
type poolHandle struct {
	mu   sync.RWMutex
	pool *C.plsm_pool_t
}

func (h *poolHandle) free() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	open := h.pool != nil
	C.plsm_pool_free(h.pool)
	h.pool = nil
	return open
}

func newPool(pool *C.plsm_pool_t) *Pool {
	handle := &poolHandle{pool: pool}
	runtime.SetFinalizer(handle, func(handle *poolHandle) { handle.free() })
	return &Pool{handle: handle, running: map[*Tail]struct{}{}, closing: make(chan struct{})}
}

// enter keeps the pool from being closed until leave.
func (p *Pool) enter() (*C.plsm_pool_t, error) {
	if p == nil || p.handle == nil {
		return nil, closed("pool")
	}
	p.handle.mu.RLock()
	if p.handle.pool == nil {
		p.handle.mu.RUnlock()
		return nil, closed("pool")
	}
	return p.handle.pool, nil
}

func (p *Pool) leave() { p.handle.mu.RUnlock() }

// Close closes the pool, when the calls that are running on it have returned, and ends what Tail, TailLite3, Replay
// and Messages have started with ErrClosed. Streams and tails that were opened stay open. Closing again, or a nil
// pool, does nothing.
func (p *Pool) Close() { _ = p.CloseErr() }

// CloseErr is Close, and tells ErrClosed when the pool was closed before.
func (p *Pool) CloseErr() error {
	if p == nil || p.handle == nil {
		return closed("pool")
	}
	p.mu.Lock()
	running := p.running
	if running != nil {
		close(p.closing)
	}
	p.running = nil
	p.mu.Unlock()
	for tail := range running {
		tail.stop()
	}
	if !p.handle.free() {
		return closed("pool")
	}
	return nil
}

// attach has Close end a tail; false when the pool is closed already.
func (p *Pool) attach(tail *Tail) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == nil {
		return false
	}
	p.running[tail] = struct{}{}
	return true
}

func (p *Pool) detach(tail *Tail) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.running, tail)
}

// Name is the reference by which the pool was opened, without the address of its server; empty when the pool is closed.
func (p *Pool) Name() string {
	pool, err := p.enter()
	if err != nil {
		return ""
	}
	defer p.leave()
	return C.GoString(C.plsm_pool_name(pool))
}

// Path is the path by which the pool was opened; empty when the pool is closed.
func (p *Pool) Path() string {
	pool, err := p.enter()
	if err != nil {
		return ""
	}
	defer p.leave()
	return C.GoString(C.plsm_pool_path(pool))
}

// String is "pool" and the path.
func (p *Pool) String() string {
	if path := p.Path(); path != "" {
		return "pool " + path
	}
	return "closed pool"
}

// IsReadOnly tells whether the pool is open for reading only.
func (p *Pool) IsReadOnly() bool {
	pool, err := p.enter()
	if err != nil {
		return false
	}
	defer p.leave()
	return C.plsm_pool_is_read_only(pool) != 0
}

// IsCurrent tells whether the pool's path still leads to this pool; false when it was deleted or replaced.
func (p *Pool) IsCurrent() (bool, error) {
	pool, err := p.enter()
	if err != nil {
		return false, err
	}
	defer p.leave()
	var failure *C.plsm_error_t
	answer := C.plsm_pool_is_current(pool, &failure)
	return answer == 1, checked(answer, failure)
}

// Bounds tells which messages the pool holds; cheap.
func (p *Pool) Bounds() (Bounds, error) {
	pool, err := p.enter()
	if err != nil {
		return Bounds{}, err
	}
	defer p.leave()
	var bounds C.plsm_bounds_t
	var failure *C.plsm_error_t
	err = checked(C.plsm_pool_bounds(pool, &bounds, &failure), failure)
	return boundsOf(bounds), err
}

// Info tells settings and contents.
func (p *Pool) Info() (*PoolInfo, error) {
	pool, err := p.enter()
	if err != nil {
		return nil, err
	}
	defer p.leave()
	info := C.plsm_pool_info_t{struct_size: C.sizeof_plsm_pool_info_t}
	var failure *C.plsm_error_t
	if err := checked(C.plsm_pool_info(pool, &info, &failure), failure); err != nil {
		return nil, err
	}
	return infoOf(&info, C.GoString(C.plsm_pool_name(pool)), C.GoString(C.plsm_pool_path(pool))), nil
}

// Writers tells how many processes write to the pool: they have appended, or tried to, since they opened it, and have not
// closed it. This one counts as well; the first 1000 are counted. ErrIO: the system does not tell.
func (p *Pool) Writers() (int, error) {
	pool, err := p.enter()
	if err != nil {
		return 0, err
	}
	defer p.leave()
	var writers C.uint32_t
	var failure *C.plsm_error_t
	err = checked(C.plsm_pool_writers(pool, &writers, &failure), failure)
	return int(writers), err
}

// Warnings tells what is odd about the pool although it works, a sentence each; none is the rule. Found out from the control
// page and a sample of the index; Client.Validate looks at everything.
func (p *Pool) Warnings() ([]string, error) {
	pool, err := p.enter()
	if err != nil {
		return nil, err
	}
	defer p.leave()
	var text C.plsm_buf_t
	var failure *C.plsm_error_t
	if err := checked(C.plsm_pool_warnings(pool, &text, &failure), failure); err != nil {
		return nil, err
	}
	told := strings.TrimSuffix(string(take(&text)), "\n")
	if told == "" {
		return nil, nil
	}
	return strings.Split(told, "\n"), nil
}

// Flush makes everything appended so far durable, by this process or others.
func (p *Pool) Flush() error {
	pool, err := p.enter()
	if err != nil {
		return err
	}
	defer p.leave()
	var failure *C.plsm_error_t
	return checked(C.plsm_pool_flush(pool, &failure), failure)
}

func boundsOf(bounds C.plsm_bounds_t) Bounds {
	return Bounds{Oldest: uint64(bounds.oldest), Newest: uint64(bounds.newest), Count: uint64(bounds.count)}
}

func infoOf(told *C.plsm_pool_info_t, name, path string) *PoolInfo {
	info := &PoolInfo{
		Name: name, Path: path,
		ReadOnly:    told.read_only != 0,
		FileSize:    uint64(told.file_size),
		IndexOffset: uint64(told.index_offset), IndexCapacity: uint64(told.index_capacity),
		IndexSize:  uint64(told.index_size_bytes),
		RingOffset: uint64(told.ring_offset), RingSize: uint64(told.ring_size),
		Bounds:    boundsOf(told.bounds),
		UsedBytes: uint64(told.used_bytes), FreeBytes: uint64(told.free_bytes),
		Generation: uint64(told.generation),
		Format:     uint32(told.format),
		ID:         *(*[16]byte)(unsafe.Pointer(&told.id)),
	}
	if info.Bounds.Count != 0 {
		info.OldestTime, info.NewestTime = api.TimeOf(uint64(told.oldest_time_ns)), api.TimeOf(uint64(told.newest_time_ns))
	}
	return info
}
