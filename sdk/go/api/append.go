package api

import (
	"strconv"
	"time"
)

// Durability says when an append returns. It is an [AppendOption] by itself.
type Durability uint32

const (
	// DurabilityFast returns when other processes can read the message; it survives them all, but not a crash
	// of the machine. The default.
	DurabilityFast Durability = 0
	// DurabilityFlush returns when the message, and all before it, are on the disk.
	DurabilityFlush Durability = 1
)

// String is "fast" or "flush".
func (d Durability) String() string {
	switch d {
	case DurabilityFast:
		return "fast"
	case DurabilityFlush:
		return "flush"
	}
	return "Durability(" + strconv.FormatUint(uint64(d), 10) + ")"
}

// AppendConfig is what the options of an append come to.
type AppendConfig struct {
	// Durability says when the append returns.
	Durability Durability
	// Tags of the message, kept in order, duplicates too.
	Tags []string
	// Time of the message; zero means now. One before the newest message's is an error of the kind ErrorUsage.
	Time time.Time
	// LockWait is how long to wait for other writers before ErrorBusy; nil means 10 s, 0 tries once, and a
	// negative duration waits without limit. Counted in whole milliseconds.
	LockWait *time.Duration
	// ExpectNewest makes the append fail with ErrorAlreadyExists unless this is the newest seq (0: no message
	// was ever written). Nil means: whatever it is.
	ExpectNewest *uint64
}

// AppendOption says how a message is appended. A [Durability] is one.
type AppendOption interface {
	applyAppend(*AppendConfig)
}

// AppendOptionFunc makes a function an [AppendOption].
type AppendOptionFunc func(*AppendConfig)

func (f AppendOptionFunc) applyAppend(config *AppendConfig) {
	if f != nil {
		f(config)
	}
}

func (d Durability) applyAppend(config *AppendConfig) { config.Durability = d }

// WithDurability says when the append returns.
func WithDurability(durability Durability) AppendOption { return durability }

// WithTime gives the message a time of its own.
func WithTime(at time.Time) AppendOption {
	return AppendOptionFunc(func(config *AppendConfig) { config.Time = at })
}

// WithLockWait says how long to wait for other writers. See [AppendConfig].
func WithLockWait(wait time.Duration) AppendOption {
	return AppendOptionFunc(func(config *AppendConfig) { config.LockWait = &wait })
}

// ExpectNewest appends only behind the given seq. See [AppendConfig].
func ExpectNewest(seq uint64) AppendOption {
	return AppendOptionFunc(func(config *AppendConfig) { config.ExpectNewest = &seq })
}

// ApplyAppendOptions applies options in order; nil ones are passed over.
func ApplyAppendOptions(opts ...AppendOption) AppendConfig {
	var config AppendConfig
	for _, option := range opts {
		if option != nil {
			option.applyAppend(&config)
		}
	}
	return config
}

// Receipt is what an append has stored.
type Receipt struct {
	// Seq of the message.
	Seq uint64
	// Time of the message, UTC.
	Time time.Time
}

// Item is one message of a batch.
type Item struct {
	// Value is the message's data: a json.RawMessage as it stands, anything else through encoding/json.
	Value any
	// Tags of this message, after those of the batch's options.
	Tags []string
	// Time of the message; zero means the batch's.
	Time time.Time
}
