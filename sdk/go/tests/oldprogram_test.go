package tests

import (
	"context"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/sandover/plasmite/bindings/go/api"
	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

// Every name that programs written for older bindings use, with its exact type.
var (
	_ func(string) (*plasmite.Client, error)                                                        = plasmite.NewClient
	_ func() (*plasmite.Client, error)                                                              = plasmite.NewDefaultClient
	_ func() string                                                                                 = plasmite.DefaultPoolDir
	_ func(*plasmite.Client, api.PoolRef, uint64) (api.Pool, error)                                 = (*plasmite.Client).CreatePool
	_ func(*plasmite.Client, api.PoolRef, uint64) (api.Pool, error)                                 = (*plasmite.Client).Pool
	_ func(*plasmite.Client, api.PoolRef) (api.Pool, error)                                         = (*plasmite.Client).OpenPool
	_ func(*plasmite.Client)                                                                        = (*plasmite.Client).Close
	_ func(*plasmite.Pool, any, []string, ...api.AppendOption) (*api.Message, error)                = (*plasmite.Pool).Append
	_ func(*plasmite.Pool, []byte, []string, api.Durability) ([]byte, error)                        = (*plasmite.Pool).AppendJSON
	_ func(*plasmite.Pool, []byte, api.Durability) (uint64, error)                                  = (*plasmite.Pool).AppendLite3
	_ func(*plasmite.Pool, uint64) ([]byte, error)                                                  = (*plasmite.Pool).GetJSON
	_ func(*plasmite.Pool, uint64) (*api.Message, error)                                            = (*plasmite.Pool).Get
	_ func(*plasmite.Pool, uint64) (*api.Lite3Frame, error)                                         = (*plasmite.Pool).GetLite3
	_ func(*plasmite.Pool, *uint64, *uint64, *uint64) (api.Stream, error)                           = (*plasmite.Pool).OpenStream
	_ func(*plasmite.Pool, *uint64, *uint64, *uint64) (api.Lite3Stream, error)                      = (*plasmite.Pool).OpenLite3Stream
	_ func(*plasmite.Pool, context.Context, api.TailOptions) (<-chan *api.Message, <-chan error)    = (*plasmite.Pool).Tail
	_ func(*plasmite.Pool, context.Context, api.TailOptions) (<-chan *api.Lite3Frame, <-chan error) = (*plasmite.Pool).TailLite3
	_ func(*plasmite.Pool, context.Context, api.ReplayOptions) (<-chan *api.Message, <-chan error)  = (*plasmite.Pool).Replay
	_ func(*plasmite.Pool)                                                                          = (*plasmite.Pool).Close
	_ func(*plasmite.Stream) ([]byte, error)                                                        = (*plasmite.Stream).NextJSON
	_ func(*plasmite.Stream)                                                                        = (*plasmite.Stream).Close
	_ func(*plasmite.Lite3Stream) (*api.Lite3Frame, error)                                          = (*plasmite.Lite3Stream).Next
	_ func(*plasmite.Lite3Stream)                                                                   = (*plasmite.Lite3Stream).Close
	_ func(api.Durability) api.AppendOption                                                         = plasmite.WithDurability
	_ func(string) api.PoolRef                                                                      = plasmite.PoolRefName
	_ func(string) api.PoolRef                                                                      = plasmite.PoolRefPath
	_ func(string) api.PoolRef                                                                      = plasmite.PoolRefURI
	_ func([]byte) (*api.Message, error)                                                            = api.DecodeMessage
	_ func(...api.AppendOption) api.AppendConfig                                                    = api.ApplyAppendOptions
	_ func(string) error                                                                            = api.ClosedError
	_ func(string) error                                                                            = api.InvalidArgumentError
	_ func(*api.Message) []string                                                                   = (*api.Message).Tags
	_ func(*api.Lite3Frame) time.Time                                                               = (*api.Lite3Frame).Time
	_ api.Client                                                                                    = (*plasmite.Client)(nil)
	_ api.Pool                                                                                      = (*plasmite.Pool)(nil)
	_ api.Stream                                                                                    = (*plasmite.Stream)(nil)
	_ api.Lite3Stream                                                                               = (*plasmite.Lite3Stream)(nil)
	_ error                                                                                         = (*plasmite.Error)(nil)
	_ api.AppendOption                                                                              = plasmite.DurabilityFast
	_ uint64                                                                                        = api.DefaultPoolSizeBytes + api.DefaultPoolSize
	_                                                                                               = plasmite.Error{Kind: plasmite.ErrorUsage, Message: "", Path: "", Seq: (*uint64)(nil), Offset: (*uint64)(nil)}
	_                                                                                               = api.Message{
		Seq: uint64(1), Time: time.Time{}, TimeRFC3339: "", Data: json.RawMessage(nil), Meta: api.MessageMeta{Tags: []string(nil)}, Raw: []byte(nil),
	}
	_ = plasmite.Lite3Frame{Seq: uint64(1), TimestampNs: uint64(1), Flags: uint32(0), Payload: []byte(nil)}
	_ = plasmite.TailOptions{
		SinceSeq: (*uint64)(nil), MaxMessages: (*uint64)(nil), Tags: []string(nil), Timeout: time.Second, Buffer: 64, ErrorOnGap: true,
	}
	_ = plasmite.ReplayOptions{Speed: 1.0, SinceSeq: (*uint64)(nil), MaxMessages: (*uint64)(nil), Timeout: time.Second}
	_ = api.AppendConfig{Durability: plasmite.DurabilityFlush}
)

func TestNumbersOfOlderBindings(t *testing.T) {
	equal(t, "last kind", int32(plasmite.ErrorRetentionGap), 9)
	equal(t, "Io", int32(plasmite.ErrorIO), 8)
	equal(t, "first kind", int32(plasmite.ErrorInternal), 1)
	equal(t, "flush", uint32(plasmite.DurabilityFlush), 1)
	equal(t, "size", api.DefaultPoolSize, 1048576)
}

// A program as it was written for older bindings: interfaces, channels, Close as a function.
func TestOldProgram(t *testing.T) {
	var client api.Client
	made, err := plasmite.NewClient(t.TempDir() + "/data")
	must(t, err)
	client = made
	var cleanups []func()
	cleanups = append(cleanups, client.Close)
	pool, err := client.CreatePool(plasmite.PoolRefName("events"), 1024*1024)
	must(t, err)
	cleanups = append(cleanups, pool.Close)
	_, err = pool.Append(map[string]any{"sensor": "temp", "value": 23.5}, nil, plasmite.DurabilityFast)
	must(t, err)
	_, err = pool.Append(map[string]any{"kind": "note"}, []string{"alpha"}, plasmite.WithDurability(plasmite.DurabilityFlush))
	must(t, err)
	ctx, cancel := context.WithCancel(limited(t))
	defer cancel()
	out, failures := pool.Tail(ctx, plasmite.TailOptions{Tags: []string{"alpha"}, MaxMessages: pointer(uint64(1)), Timeout: 10 * time.Millisecond})
	message, ok := <-out
	equal(t, "a message", ok, true)
	equal(t, "seq", message.Seq, 2)
	must(t, <-failures)
	stream, err := pool.OpenStream(nil, pointer(uint64(2)), nil)
	must(t, err)
	cleanups = append(cleanups, stream.Close)
	for range 2 {
		_, err = stream.NextJSON()
		must(t, err)
	}
	_, err = stream.NextJSON()
	equal(t, "end", err, io.EOF)
	for i := len(cleanups) - 1; i >= 0; i-- {
		cleanups[i]()
		cleanups[i]()
	}
}
