package main

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// repeat runs steps again and again.
func (s *step) repeat() (any, error) {
	until, _ := s.get("until").(string)
	items, isFor := s.get("for").([]any)
	count := len(items)
	if !isFor {
		count = int(s.number("count", 0))
	}
	name, _ := s.members["as"].(string)
	keep := func(n int, item any) {
		if name != "" {
			s.mu.Lock()
			s.captures[name] = object{"n": json.Number(strconv.Itoa(n)), "item": item}
			s.mu.Unlock()
		}
	}
	rounds := 0
	for ; rounds < count; rounds++ {
		var item any
		if isFor {
			item = items[rounds]
		}
		keep(rounds, item)
		if err := s.all(s.members["steps"].([]any), s.path); err != nil {
			var failed *failedStep
			if until != "" && errors.As(err, &failed) && failed.cause != nil && failed.cause.Kind.String() == until {
				keep(rounds, nil)
				return object{}, nil
			}
			return nil, err
		}
	}
	if until != "" {
		wrong("no %s within %d rounds", until, count)
	}
	keep(rounds, nil)
	return object{}, nil
}

// parallel runs branches at once.
func (s *step) parallel() (any, error) {
	branches := s.members["branches"].([]any)
	failures := make([]error, len(branches))
	var group sync.WaitGroup
	for i, branch := range branches {
		group.Add(1)
		go func() {
			defer group.Done()
			failures[i] = s.all(branch.([]any), s.path+"."+strconv.Itoa(i))
		}()
	}
	group.Wait()
	for _, err := range failures {
		if err != nil {
			return nil, err
		}
	}
	return object{}, nil
}

// process is a spawned runner.
type process struct {
	command *exec.Cmd
	stem    string
	joined  bool
}

func (p *process) waits() bool { return !p.joined }

func (p *process) close() {
	if !p.joined {
		_ = p.command.Process.Kill()
		_ = p.command.Wait()
	}
}

func (s *step) spawn() (any, error) {
	host := s.need("host").(string)
	switch host {
	case "self":
		host = os.Getenv("PLASMITE_CONFORMANCE_HOST")
	case "peer":
		host = os.Getenv("PLASMITE_CONFORMANCE_PEER")
	}
	text, err := os.ReadFile(os.Getenv("PLASMITE_CONFORMANCE_HOSTS"))
	must(err)
	var commands map[string][]string
	must(json.Unmarshal(text, &commands))
	command := commands[host]
	if len(command) == 0 {
		wrong("there is no host %q", host)
	}
	name := "spawn-" + s.text("keep")
	stem := filepath.Join(s.dir, name)
	s.mu.Lock()
	manifest, err := json.Marshal(object{
		"conformance_version": 1, "name": name, "captures": wrapped(s.captures), "steps": s.members["steps"],
	})
	s.mu.Unlock()
	must(err)
	must(os.WriteFile(stem+".json", manifest, 0o666))
	out, err := os.Create(stem + ".out")
	must(err)
	defer out.Close()
	failures, err := os.Create(stem + ".err")
	must(err)
	defer failures.Close()
	started := exec.Command(command[0], append(command[1:], stem+".json", "--workdir", s.dir)...)
	started.Dir, started.Stdout, started.Stderr = s.dir, out, failures
	started.Env = append(os.Environ(), "PLASMITE_CONFORMANCE_HOST="+host)
	must(started.Start())
	s.keep(&process{command: started, stem: stem})
	return object{}, nil
}

func (s *step) join() (any, error) {
	spawned := s.process()
	_ = spawned.command.Wait() // the status tells more
	spawned.joined = true
	result := object{"exit": nil, "signal": nil, "captures": object{}}
	status := spawned.command.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		for name, number := range signals {
			if number == status.Signal() {
				result["signal"] = name
			}
		}
		return result, nil
	}
	result["exit"] = json.Number(strconv.Itoa(status.ExitStatus()))
	text, err := os.ReadFile(spawned.stem + ".out")
	must(err)
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	if last, err := parse(lines[len(lines)-1]); err == nil && status.ExitStatus() == 0 {
		if captures, ok := last.(object)["captures"].(object); ok {
			result["captures"] = captures
		}
	}
	return result, nil
}

// said is what a joined process wrote to its standard error.
func (s *step) said() string {
	text, _ := os.ReadFile(s.process().stem + ".err")
	return string(text)
}

func (s *step) process() *process {
	spawned, ok := s.handle().(*process)
	if !ok {
		wrong("%q is no process", s.text("on"))
	}
	return spawned
}

var signals = map[string]syscall.Signal{
	"KILL": syscall.SIGKILL, "TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT,
}

func (s *step) kill() (any, error) {
	signal, ok := signals[s.need("signal").(string)]
	if !ok {
		wrong("unknown signal")
	}
	must(s.process().command.Process.Signal(signal))
	return object{}, nil
}

// orderServer starts or stops the server, as server.py does it.
func (s *step) orderServer() (any, error) {
	for name := range s.input {
		s.used[name] = true
	}
	input := s.input
	if input == nil {
		input = object{}
	}
	given, err := json.Marshal(input)
	must(err)
	var said bytes.Buffer
	command := exec.Command(os.Getenv("PLASMITE_CONFORMANCE_SERVER"), s.text("op"), string(given))
	command.Stderr = &said
	if err := command.Run(); err != nil {
		wrong("%v: %s", err, said.String())
	}
	return object{}, nil
}

func (s *step) await() (any, error) {
	path := filepath.Join(s.dir, s.need("path").(string))
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return object{}, nil
		}
		if time.Now().After(deadline) {
			wrong("%s has not come in 30 s", path)
		}
	}
}

func (s *step) sleep() (any, error) {
	time.Sleep(s.milliseconds("ms", 0))
	return object{}, nil
}

func (s *step) file() (any, error) {
	path := filepath.Join(s.dir, s.need("path").(string))
	switch do := s.need("do"); do {
	case "write":
		content := s.bytes("text", "hex")
		if s.get("offset") == nil {
			must(os.WriteFile(path, content, 0o666))
			break
		}
		s.patch(path, content)
	case "flip":
		s.patch(path, nil)
	case "copy":
		from := s.need("from").(string)
		root := s.dir
		if filepath.Dir(from) == "fixtures" {
			root = os.Getenv("PLASMITE_CONFORMANCE_DIR")
		}
		content, err := os.ReadFile(filepath.Join(root, from))
		must(err)
		must(os.WriteFile(path, content, 0o666))
	case "rename":
		must(os.Rename(path, filepath.Join(s.dir, s.need("to").(string))))
	case "remove":
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			must(err)
		}
	case "truncate":
		must(os.Truncate(path, int64(s.number("size", 0))))
	case "chmod":
		mode, err := strconv.ParseUint(s.need("mode").(string), 8, 32)
		must(err)
		must(os.Chmod(path, os.FileMode(mode)))
	case "mkdir":
		must(os.MkdirAll(path, 0o777))
	default:
		wrong("unknown file operation %s", show(do))
	}
	return object{}, nil
}

// patch writes content, or the inverted byte, at the offset.
func (s *step) patch(path string, content []byte) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	must(err)
	defer file.Close()
	offset, err := s.need("offset").(json.Number).Int64()
	must(err)
	whence := io.SeekStart
	if offset < 0 {
		whence = io.SeekEnd
	}
	at, err := file.Seek(offset, whence)
	must(err)
	if content == nil {
		content = make([]byte, 1)
		_, err := file.ReadAt(content, at)
		must(err)
		content[0] ^= 0xff
	}
	_, err = file.WriteAt(content, at)
	must(err)
}

// bytes are a text, or a text in hex.
func (s *step) bytes(text, inHex string) []byte {
	if plain, ok := s.get(text).(string); ok {
		return []byte(plain)
	}
	bytes, err := hex.DecodeString(s.need(inHex).(string))
	must(err)
	return bytes
}

// Version 0.

func (s *step) poke() (any, error) {
	var running []*exec.Cmd
	for _, given := range s.need("messages").([]any) {
		message, ok := given.(object)
		if !ok || message["data"] == nil {
			wrong("a message has no data")
		}
		args := []string{"--dir", s.dir, "feed", s.text("pool"), show(message["data"])}
		tags, _ := message["tags"].([]any)
		for _, tag := range tags {
			args = append(args, "--tag", tag.(string))
		}
		running = append(running, exec.Command(os.Getenv("PLASMITE_BIN"), args...))
	}
	for _, writer := range running {
		writer.Stderr = os.Stderr
		must(writer.Start())
	}
	var failed error
	for _, writer := range running {
		failed = errors.Join(failed, writer.Wait())
	}
	must(failed)
	return object{}, nil
}

func (s *step) corrupt() (any, error) {
	must(os.WriteFile(filepath.Join(s.dir, s.text("pool")+".plasmite"), []byte("NOPE"), 0o666))
	return object{}, nil
}

func (s *step) chmodPath() (any, error) {
	s.input["do"] = "chmod"
	return s.file()
}

func (s *step) retentionGap() (any, error) {
	text, err := os.ReadFile(filepath.Join(os.Getenv("PLASMITE_CONFORMANCE_DIR"), "v0-retention-gap.json"))
	must(err)
	scenario, err := parse(text)
	must(err)
	size := s.number("size_bytes", 65536)
	inner := &runner{
		version: 1, dir: s.dir, steps: scenario.(object)["steps"].([]any), handles: map[string]closer{}, open: map[string]bool{},
		captures: object{"in": object{"base": s.text("pool"), "size": integer(size)}},
	}
	if _, err := inner.run(); err != nil {
		return nil, fmt.Errorf("%w", err)
	}
	return object{}, nil
}
