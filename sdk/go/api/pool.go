package api

import (
	"io/fs"
	"time"
)

// PoolRef names a pool: a name, or a path when there is a "/" in it, or a server's pool: http://host:9700/events.
type PoolRef string

// PoolRefName is the pool of that name in the client's directory. Only converts.
func PoolRefName(name string) PoolRef { return PoolRef(name) }

// PoolRefPath is the pool in that file. Only converts: a path without a "/" is a name, so write "./file".
func PoolRefPath(path string) PoolRef { return PoolRef(path) }

// PoolRefURI is a pool on a server. Only converts.
func PoolRefURI(uri string) PoolRef { return PoolRef(uri) }

const (
	// DefaultPoolSizeBytes is the size of a pool file for which none was asked.
	DefaultPoolSizeBytes uint64 = 1048576
	// DefaultPoolSize is the same.
	DefaultPoolSize = DefaultPoolSizeBytes
)

// PoolConfig is what the options of a new pool come to.
type PoolConfig struct {
	// Size of the file in bytes, exactly; 0 means DefaultPoolSizeBytes.
	Size uint64
	// IndexCapacity is how many messages the index can point at, 0 for no index; nil means as many as the
	// default needs.
	IndexCapacity *uint32
	// Mode of the file, less the umask; 0 means 0600.
	Mode fs.FileMode
}

// PoolOption says how a pool is created.
type PoolOption func(*PoolConfig)

// WithSize makes the file exactly so many bytes long.
func WithSize(bytes uint64) PoolOption { return func(config *PoolConfig) { config.Size = bytes } }

// WithIndexCapacity lets the index point at so many messages; 0 means no index.
func WithIndexCapacity(messages uint32) PoolOption {
	return func(config *PoolConfig) { config.IndexCapacity = &messages }
}

// WithMode gives the file this mode, less the umask.
func WithMode(mode fs.FileMode) PoolOption { return func(config *PoolConfig) { config.Mode = mode } }

// ApplyPoolOptions applies options in order; nil ones are passed over.
func ApplyPoolOptions(opts ...PoolOption) PoolConfig {
	var config PoolConfig
	for _, option := range opts {
		if option != nil {
			option(&config)
		}
	}
	return config
}

// Bounds tells which messages a pool holds. All 0 when it holds none.
type Bounds struct {
	// Oldest and Newest are the seqs of the oldest and the newest message.
	Oldest, Newest uint64
	// Count is how many messages there are.
	Count uint64
}

// PoolInfo tells settings and contents of a pool. Sizes and offsets are in bytes.
type PoolInfo struct {
	// Name is the reference by which the pool was opened, without the address of its server; in a list, its name.
	// Path is the file's path, or the address of a server's pool.
	Name, Path string
	// ReadOnly tells whether the pool could be opened for reading only.
	ReadOnly bool
	// FileSize is the size of the file.
	FileSize uint64
	// IndexOffset, IndexCapacity (messages) and IndexSize describe the index.
	IndexOffset, IndexCapacity, IndexSize uint64
	// RingOffset and RingSize describe the ring.
	RingOffset, RingSize uint64
	// Bounds are the oldest and newest message, and how many there are.
	Bounds Bounds
	// UsedBytes of the ring hold messages, FreeBytes do not.
	UsedBytes, FreeBytes uint64
	// OldestTime and NewestTime are those of the messages; zero when there is none.
	OldestTime, NewestTime time.Time
	// Generation is raised by each recovery after a crash of the machine.
	Generation uint64
	// Format is the version of the file format.
	Format uint32
	// ID is the pool's identity, drawn at random when it was created.
	ID [16]byte
}

// ListEntry is one pool of a directory.
type ListEntry struct {
	// Name and Path of the pool.
	Name, Path string
	// ModTime is when the file was last changed according to the file system; zero when unknown.
	ModTime time.Time
	// Info tells settings and contents; nil when the pool could not be read.
	Info *PoolInfo
	// Err says why the pool could not be read, or is nil.
	Err error
}

// Migrated tells what a migration made.
type Migrated struct {
	// Bounds of the messages, all converted.
	Bounds Bounds
	// OldSize and Size are those of the old and the new file, in bytes.
	OldSize, Size uint64
	// TimesUnordered tells whether times fall from one message to the next.
	TimesUnordered bool
	// Backup is the path of the kept old file, when the new one took its place.
	Backup string
}

// Salvaged tells what a salvage brought.
type Salvaged struct {
	// Bounds of the messages that were copied; Count says how many there are between Oldest and Newest.
	Bounds Bounds
	// Lost is how many messages are known to be lost: between the oldest that is intact and the newest that ever was. What
	// was there before the oldest intact one nobody can tell.
	Lost uint64
	// LostRanges is in how many stretches they stood, Ranges the first of these, at most 256, in rising order.
	LostRanges uint64
	Ranges     []Gap
	// Size of the new file in bytes.
	Size uint64
}
