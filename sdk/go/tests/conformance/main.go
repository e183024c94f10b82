// Command conformance runs a manifest of the conformance suite through the Go SDK: conformance MANIFEST [--workdir DIR].
// See conformance/format.md.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"sync"
	"time"

	plasmite "github.com/sandover/plasmite/bindings/go/local"
)

// closer is an open handle: a pool, a stream or a process.
type closer interface{ close() }

type runner struct {
	version int
	dir     string
	home    string // the client's: a directory, or the server's address
	client  *plasmite.Client
	steps   []any

	mu       sync.Mutex
	captures object
	handles  map[string]closer
	open     map[string]bool
}

// failedStep is a failure with the path of its step, and the SDK's error that made it.
type failedStep struct {
	text  string
	cause *plasmite.Error
}

func (e *failedStep) Error() string { return e.text }

func main() {
	began := time.Now()
	line := object{"manifest": nil, "host": os.Getenv("PLASMITE_CONFORMANCE_HOST"), "outcome": "pass"}
	completed, captures, err := runManifest(os.Args[1:], line)
	line["steps"], line["ms"] = completed, time.Since(began).Milliseconds()
	status := 0
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		line["outcome"], line["error"], status = "fail", err.Error(), 1
	} else {
		line["captures"] = wrapped(captures)
	}
	text, err := json.Marshal(line)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	fmt.Println(string(text))
	os.Exit(status)
}

// runManifest tells how many steps were completed and what was kept.
func runManifest(args []string, line object) (completed int, captures object, err error) {
	defer func() {
		if failure, ok := recover().(stepError); ok {
			err = failure
		}
	}()
	if len(args) == 0 {
		wrong("usage: conformance MANIFEST [--workdir DIR]")
	}
	text, err := os.ReadFile(args[0])
	if err != nil {
		return 0, nil, err
	}
	parsed, err := parse(text)
	if err != nil {
		return 0, nil, err
	}
	manifest, ok := parsed.(object)
	if !ok {
		wrong("the manifest is no object")
	}
	line["manifest"] = manifest["name"]
	r := &runner{handles: map[string]closer{}, open: map[string]bool{}}
	switch manifest["conformance_version"] {
	case json.Number("0"):
		r.dir = workdirOfVersion0(args[0], manifest)
	case json.Number("1"):
		if len(args) != 3 || args[1] != "--workdir" {
			wrong("version 1 needs --workdir DIR")
		}
		r.version, r.dir = 1, args[2]
	default:
		wrong("unknown conformance_version %s", show(manifest["conformance_version"]))
	}
	r.captures, _ = manifest["captures"].(object)
	if r.captures == nil {
		r.captures = object{}
	}
	r.steps, ok = manifest["steps"].([]any)
	if !ok {
		wrong("the manifest has no steps")
	}
	completed, err = r.run()
	return completed, r.captures, err
}

func workdirOfVersion0(path string, manifest object) string {
	name, isText := "work", true
	if given, ok := manifest["workdir"]; ok {
		name, isText = given.(string)
	}
	if !isText || !regexp.MustCompile(`^work(-[A-Za-z0-9_-]+)?$`).MatchString(name) {
		wrong("a bad workdir: %s", show(manifest["workdir"]))
	}
	absolute, err := filepath.Abs(filepath.Dir(path))
	must(err)
	dir := filepath.Join(absolute, name)
	if stat, err := os.Lstat(dir); err == nil && stat.Mode()&os.ModeSymlink != 0 {
		wrong("the workdir %s is a symbolic link", name)
	}
	must(os.RemoveAll(dir))
	must(os.Mkdir(dir, 0o777))
	return dir
}

// must is for what is no error of the SDK.
func must(err error) {
	if err != nil {
		wrong("%v", err)
	}
}

func (r *runner) run() (completed int, err error) {
	if r.home = os.Getenv("PLASMITE_CONFORMANCE_HOME"); r.home == "" {
		r.home = r.dir
	}
	r.client, err = plasmite.NewClient(r.home)
	if err != nil {
		return 0, err
	}
	defer func() { r.client.Close() }()
	for i, step := range r.steps {
		if err := r.step(step, strconv.Itoa(i)); err != nil {
			r.closeAll()
			return i, err
		}
	}
	if unjoined := r.closeAll(); unjoined != "" {
		return len(r.steps), stepError("the process " + unjoined + " was not joined")
	}
	return len(r.steps), nil
}

// closeAll tells a process that was not joined.
func (r *runner) closeAll() (unjoined string) {
	for name, handle := range r.handles {
		if process, ok := handle.(*process); ok && process.waits() {
			unjoined = name
		}
		handle.close()
	}
	return unjoined
}

func (r *runner) all(steps []any, path string) error {
	for i, step := range steps {
		if err := r.step(step, path+"."+strconv.Itoa(i)); err != nil {
			return err
		}
	}
	return nil
}

// step runs one step; an error is a *failedStep.
func (r *runner) step(given any, path string) (err error) {
	original, _ := given.(object)
	label := "step " + path
	if id, ok := original["id"].(string); ok {
		label += " (" + id + ")"
	}
	defer func() {
		switch failure := recover().(type) {
		case nil:
		case stepError:
			err = &failedStep{text: label + ": " + string(failure)}
		default:
			panic(failure)
		}
		var inner *failedStep
		if err != nil && !errors.As(err, &inner) {
			failure := &failedStep{text: label + ": " + err.Error()}
			errors.As(err, &failure.cause)
			err = failure
		}
	}()
	if original == nil {
		wrong("the step is no object")
	}
	s := &step{runner: r, members: object{}, path: path, used: map[string]bool{}}
	r.mu.Lock()
	captures := maps.Clone(r.captures)
	r.mu.Unlock()
	for key, value := range original {
		if r.version == 1 && key != "steps" && key != "branches" {
			value = replaced(value, captures)
		}
		s.members[key] = value
	}
	s.input, _ = s.members["input"].(object)
	return s.execute()
}

// step is one step with its references replaced.
type step struct {
	*runner
	members object
	input   object
	path    string
	used    map[string]bool // members of input that the op has looked at
}

func (s *step) execute() error {
	op := s.text("op")
	call := operations[op]
	if s.version == 0 {
		call = operationsOfVersion0[op]
	}
	if call == nil {
		wrong("unknown op %q", op)
	}
	for key := range s.members {
		if !stepFields[key] {
			wrong("unknown field %q", key)
		}
	}
	result, err := call(s)
	var failure object
	var told *plasmite.Error
	if err != nil {
		var nested *failedStep
		if errors.As(err, &nested) || !errors.As(err, &told) {
			return err
		}
		failure = described(told)
	}
	for key := range s.input {
		if err == nil && !s.used[key] {
			wrong("%s has no input %q", op, key)
		}
	}
	expect, expects := s.members["expect"]
	switch {
	case !expects && err != nil:
		return err
	case expects:
		if found := s.mismatch(expect, result, failure); found != "" {
			wrong("%s", found)
		}
	case op == "join":
		if found := mismatch(object{"exit": json.Number("0")}, result, true, false, ""); found != "" {
			wrong("%s; it says: %s", found, s.said())
		}
	}
	if name, ok := s.members["as"].(string); ok && op != "repeat" {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.captures[name] = result; failure != nil {
			s.captures[name] = failure
		}
	}
	return nil
}

// mismatch compares as the version says.
func (s *step) mismatch(expect, result any, failure object) string {
	if s.version == 1 {
		return outcomeMismatch(expect, result, failure, true)
	}
	adapted := object{}
	matchers := false
	for key, value := range expect.(object) {
		switch key {
		case "created":
			continue
		case "messages_unordered":
			key, value, matchers = "messages", object{"$unordered": value}, true
		case "names":
			names := append([]any{}, value.([]any)...)
			sort.Slice(names, func(i, j int) bool { return names[i].(string) < names[j].(string) })
			value = names
		}
		adapted[key] = value
	}
	return outcomeMismatch(adapted, result, failure, matchers)
}

func described(failure *plasmite.Error) object {
	told := object{"kind": failure.Kind.String(), "message": failure.Message, "path": nil, "seq": nil, "offset": nil}
	if failure.Path != "" {
		told["path"] = failure.Path
	}
	if failure.Seq != nil {
		told["seq"] = integer(*failure.Seq)
	}
	if failure.Offset != nil {
		told["offset"] = integer(*failure.Offset)
	}
	return told
}

func fields(names ...string) map[string]bool {
	all := map[string]bool{}
	for _, name := range names {
		all[name] = true
	}
	return all
}

var stepFields = fields("op", "id", "pool", "on", "keep", "as", "input", "expect", "steps", "branches")
