package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"sort"
	"strconv"
	"strings"
	"time"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

var operations, operationsOfVersion0 map[string]func(*step) (any, error)

func init() {
	operations = map[string]func(*step) (any, error){
		"connect": (*step).connect, "create_pool": (*step).createPool, "ensure_pool": (*step).ensurePool, "open_pool": (*step).openPool,
		"pool_info": (*step).poolInfo, "list_pools": (*step).listPools, "delete_pool": (*step).deletePool,
		"check_pools": (*step).checkPools, "migrate_pool": (*step).migratePool,
		"append": (*step).append, "append_batch": (*step).appendBatch, "append_lite3": (*step).appendLite3, "flush": (*step).flush,
		"get": (*step).get1, "get_lite3": (*step).getLite3,
		"open_tail": (*step).openTail, "next": (*step).next, "tail": (*step).tail, "cancel": (*step).cancel, "replay": (*step).replay,
		"close":  (*step).closeHandle,
		"repeat": (*step).repeat, "parallel": (*step).parallel, "spawn": (*step).spawn, "join": (*step).join, "kill": (*step).kill,
		"await": (*step).await, "sleep": (*step).sleep, "file": (*step).file,
		"start_server": (*step).orderServer, "stop_server": (*step).orderServer,
	}
	operationsOfVersion0 = map[string]func(*step) (any, error){
		"create_pool": (*step).createPool, "append": (*step).append, "get": (*step).get1, "fetch": (*step).get1, "tail": (*step).tail,
		"list_pools": (*step).listPools, "pool_info": (*step).poolInfo, "delete_pool": (*step).deletePool,
		"retention_gap": (*step).retentionGap, "spawn_poke": (*step).poke, "corrupt_pool_header": (*step).corrupt,
		"chmod_path": (*step).chmodPath,
	}
}

// Members of a step.

func (s *step) text(name string) string {
	text, ok := s.members[name].(string)
	if !ok {
		wrong("the step has no %q", name)
	}
	return text
}

// get is a member of the input, or nil.
func (s *step) get(name string) any {
	s.used[name] = true
	return exact(s.input[name])
}

func (s *step) need(name string) any {
	value := s.get(name)
	if _, ok := s.input[name]; !ok {
		wrong("the input has no %q", name)
	}
	return value
}

func (s *step) number(name string, otherwise uint64) uint64 {
	if pointer := s.pointer(name); pointer != nil {
		return *pointer
	}
	return otherwise
}

func (s *step) pointer(name string) *uint64 {
	value := s.get(name)
	if value == nil {
		return nil
	}
	number, err := strconv.ParseUint(value.(json.Number).String(), 10, 64)
	must(err)
	return &number
}

func (s *step) milliseconds(name string, otherwise uint64) time.Duration {
	return time.Duration(s.number(name, otherwise)) * time.Millisecond
}

func (s *step) strings(name string) (texts []string) {
	list, _ := s.get(name).([]any)
	for _, text := range list {
		texts = append(texts, text.(string))
	}
	return texts
}

// Handles.

type openPool struct{ *plasmite.Pool }

func (p openPool) close() { p.Close() }

type openTail struct {
	*plasmite.Tail
	lite3, backwards bool
}

func (t openTail) close() { t.Close() }

func (s *step) keep(handle closer) {
	name := s.text("keep")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[name] {
		wrong("there is a handle %q already", name)
	}
	s.handles[name], s.open[name] = handle, true
}

func (s *step) handle() closer {
	s.mu.Lock()
	defer s.mu.Unlock()
	handle, ok := s.handles[s.text("on")]
	if !ok {
		wrong("there is no handle %q", s.text("on"))
	}
	return handle
}

func (s *step) closeHandle() (any, error) {
	s.handle().close()
	s.mu.Lock()
	s.open[s.text("on")] = false
	s.mu.Unlock()
	return object{}, nil
}

func (s *step) stream() openTail {
	tail, ok := s.handle().(openTail)
	if !ok {
		wrong("%q is no stream", s.text("on"))
	}
	return tail
}

func (s *step) ref() plasmite.PoolRef { return plasmite.PoolRef(s.text("pool")) }

// withPool opens the pool for the step, or takes the handle.
func (s *step) withPool(call func(pool *plasmite.Pool) (any, error)) (any, error) {
	if s.members["on"] != nil {
		pool, ok := s.handle().(openPool)
		if !ok {
			wrong("%q is no pool", s.text("on"))
		}
		return call(pool.Pool)
	}
	pool, err := s.client.Open(s.ref())
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	return call(pool)
}

// keepOrClose is the end of what opens a pool.
func (s *step) keepOrClose(pool *plasmite.Pool) {
	if s.members["keep"] != nil {
		s.keep(openPool{pool})
		return
	}
	pool.Close()
}

// Pools.

func (s *step) poolOptions() []plasmite.PoolOption {
	options := []plasmite.PoolOption{plasmite.WithSize(s.number("size_bytes", plasmite.DefaultPoolSizeBytes))}
	if capacity := s.pointer("index_capacity"); capacity != nil {
		options = append(options, plasmite.WithIndexCapacity(uint32(*capacity)))
	}
	return options
}

// connect makes the client anew.
func (s *step) connect() (any, error) {
	home, ok := s.get("home").(string)
	if !ok {
		home = s.home
	}
	client, err := plasmite.NewClient(home)
	if err != nil {
		return nil, err
	}
	s.client.Close()
	s.client = client
	return object{}, nil
}

func (s *step) createPool() (any, error) {
	pool, err := s.client.Create(s.ref(), s.poolOptions()...)
	if err != nil {
		return nil, err
	}
	s.keepOrClose(pool)
	return object{}, nil
}

func (s *step) ensurePool() (any, error) {
	pool, created, err := s.client.Ensure(s.ref(), s.poolOptions()...)
	if err != nil {
		return nil, err
	}
	s.keepOrClose(pool)
	return object{"created": created}, nil
}

func (s *step) openPool() (any, error) {
	open := s.client.Open
	if s.get("read_only") == true {
		open = s.client.OpenReadOnly
	}
	pool, err := open(s.ref())
	if err != nil {
		return nil, err
	}
	readOnly := pool.IsReadOnly()
	s.keepOrClose(pool)
	return object{"read_only": readOnly}, nil
}

func bounds(of plasmite.Bounds) object {
	if of.Count == 0 {
		return object{"oldest": nil, "newest": nil}
	}
	return object{"oldest": integer(of.Oldest), "newest": integer(of.Newest)}
}

func (s *step) poolInfo() (any, error) {
	return s.withPool(func(pool *plasmite.Pool) (any, error) {
		info, err := pool.Info()
		if err != nil {
			return nil, err
		}
		return object{
			"name": info.Name, "file_size": integer(info.FileSize), "ring_size": integer(info.RingSize),
			"index_capacity": integer(info.IndexCapacity), "bounds": bounds(info.Bounds), "count": integer(info.Bounds.Count),
		}, nil
	})
}

func (s *step) listPools() (any, error) {
	entries, err := s.client.List()
	if err != nil {
		return nil, err
	}
	names, broken := []any{}, []any{}
	for _, entry := range entries {
		names = append(names, entry.Name)
		var failure *plasmite.Error
		if errors.As(entry.Err, &failure) {
			broken = append(broken, object{"name": entry.Name, "kind": failure.Kind.String()})
		}
	}
	return object{"names": names, "broken": broken}, nil
}

func (s *step) deletePool() (any, error) { return object{}, s.client.Delete(s.ref()) }

func (s *step) checkPools() (any, error) {
	var reports []plasmite.Report
	var err error
	if s.members["pool"] == nil {
		reports, err = s.client.ValidateAll(context.Background())
	} else if one, failure := s.client.Validate(context.Background(), s.ref()); failure != nil {
		err = failure
	} else {
		reports = []plasmite.Report{*one}
	}
	if err != nil {
		return nil, err
	}
	told := []any{}
	for _, report := range reports {
		seen := map[string]bool{}
		codes := []any{}
		for _, issue := range report.Issues {
			if !seen[issue.Code] {
				seen[issue.Code] = true
				codes = append(codes, issue.Code)
			}
		}
		sort.Slice(codes, func(i, j int) bool { return codes[i].(string) < codes[j].(string) })
		name := strings.TrimSuffix(report.Path[strings.LastIndexByte(report.Path, '/')+1:], ".plasmite")
		entry := object{
			"name": name, "status": string(report.Status), "last_good_seq": nil, "issue_count": integer(report.IssueCount), "codes": codes,
		}
		if report.LastGoodSeq != nil {
			entry["last_good_seq"] = integer(*report.LastGoodSeq)
		}
		told = append(told, entry)
	}
	sort.Slice(told, func(i, j int) bool { return told[i].(object)["name"].(string) < told[j].(object)["name"].(string) })
	return object{"reports": told}, nil
}

func (s *step) migratePool() (any, error) {
	to, _ := s.get("to").(string)
	migrated, err := s.client.Migrate(s.ref(), plasmite.PoolRef(to))
	if err != nil {
		return nil, err
	}
	return object{"bounds": bounds(migrated.Bounds), "count": integer(migrated.Bounds.Count)}, nil
}

// Writing.

// value is what is appended for {data} or {hex}: JSON text, or a native value.
func value(given object) any {
	if text, ok := given["hex"].(string); ok {
		bytes, err := hex.DecodeString(text)
		must(err)
		return json.RawMessage(bytes)
	}
	data, ok := given["data"]
	if !ok {
		wrong("there is no data")
	}
	if exactly, ok := data.(object); ok && len(exactly) == 1 {
		if text, ok := exactly["$json"].(string); ok {
			return json.RawMessage(text)
		}
	}
	return data
}

func (s *step) appendOptions() (options []plasmite.AppendOption) {
	if tags := s.strings("tags"); tags != nil {
		options = append(options, plasmite.WithTags(tags...))
	}
	switch durability := s.get("durability"); durability {
	case nil, "fast":
	case "flush":
		options = append(options, plasmite.DurabilityFlush)
	default:
		wrong("unknown durability %s", show(durability))
	}
	if text, ok := s.get("time").(string); ok {
		at, err := time.Parse(time.RFC3339Nano, text)
		must(err)
		options = append(options, plasmite.WithTime(at))
	}
	if newest := s.pointer("expect_newest"); newest != nil {
		options = append(options, plasmite.ExpectNewest(*newest))
	}
	if s.get("lock_wait_ms") != nil {
		options = append(options, plasmite.WithLockWait(s.milliseconds("lock_wait_ms", 0)))
	}
	return options
}

func (s *step) append() (any, error) {
	s.used["data"], s.used["hex"] = true, true
	return s.withPool(func(pool *plasmite.Pool) (any, error) {
		receipt, err := pool.AppendContext(context.Background(), value(s.input), s.appendOptions()...)
		return object{"seq": integer(receipt.Seq), "time": receipt.Time.Format(time.RFC3339Nano)}, err
	})
}

func (s *step) appendBatch() (any, error) {
	var items []plasmite.Item
	for _, given := range s.need("items").([]any) {
		item := plasmite.Item{Value: value(given.(object))}
		tags, _ := given.(object)["tags"].([]any)
		for _, tag := range tags {
			item.Tags = append(item.Tags, tag.(string))
		}
		items = append(items, item)
	}
	return s.withPool(func(pool *plasmite.Pool) (any, error) {
		receipts, err := pool.AppendMany(context.Background(), items, s.appendOptions()...)
		seqs := []any{}
		for _, receipt := range receipts {
			seqs = append(seqs, integer(receipt.Seq))
		}
		return object{"seqs": seqs}, err
	})
}

func (s *step) appendLite3() (any, error) {
	durability := plasmite.DurabilityFast
	if s.get("durability") == "flush" {
		durability = plasmite.DurabilityFlush
	}
	return s.withPool(func(pool *plasmite.Pool) (any, error) {
		seq, err := pool.AppendLite3(s.bytes("", "hex"), durability)
		return object{"seq": integer(seq)}, err
	})
}

func (s *step) flush() (any, error) {
	return s.withPool(func(pool *plasmite.Pool) (any, error) { return object{}, pool.Flush() })
}

// Reading.

func message(read *plasmite.Message) object {
	data, err := parse(read.Data)
	must(err)
	tags := []any{}
	for _, tag := range read.Tags() {
		tags = append(tags, tag)
	}
	_, text, _ := bytes.Cut(read.Raw, []byte(`]},"data":`))
	return object{
		"seq": integer(read.Seq), "time": read.TimeRFC3339, "tags": tags, "data": data, "raw": string(read.Raw),
		"data_text": strings.TrimSuffix(string(text), "}"),
	}
}

func frame(read *plasmite.Lite3Frame) object {
	return object{"seq": integer(read.Seq), "time": read.Time().Format(time.RFC3339Nano), "hex": hex.EncodeToString(read.Payload)}
}

func (s *step) get1() (any, error) {
	return s.withPool(func(pool *plasmite.Pool) (any, error) {
		read, err := pool.Get(s.number("seq", 0))
		if err != nil {
			return nil, err
		}
		return message(read), nil
	})
}

func (s *step) getLite3() (any, error) {
	return s.withPool(func(pool *plasmite.Pool) (any, error) {
		read, err := pool.GetLite3(s.number("seq", 0))
		if err != nil {
			return nil, err
		}
		return frame(read), nil
	})
}
