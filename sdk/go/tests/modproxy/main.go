// Command modproxy lays a module out as a file-system module proxy: modproxy MODULE-DIR LICENSE VERSION OUT-DIR. Then
// GOPROXY=file://OUT-DIR serves it.
package main

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: modproxy MODULE-DIR LICENSE VERSION OUT-DIR")
		os.Exit(2)
	}
	if err := layOut(os.Args[1], os.Args[2], "v"+os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "modproxy:", err)
		os.Exit(1)
	}
}

func layOut(dir, license, version, out string) error {
	manifest, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(manifest), "\n")
	module := strings.TrimPrefix(first, "module ")
	files, err := filesOf(dir)
	if err != nil {
		return err
	}
	files["LICENSE"] = license
	target := filepath.Join(out, filepath.FromSlash(module), "@v")
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"list":            version + "\n",
		version + ".info": fmt.Sprintf("{\"Version\":%q}\n", version),
		version + ".mod":  string(manifest),
	} {
		if err := os.WriteFile(filepath.Join(target, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return writeZip(filepath.Join(target, version+".zip"), module+"@"+version+"/", files)
}

// filesOf are the module's files by their names in it: all but those of modules inside it.
func filesOf(dir string) (map[string]string, error) {
	files := map[string]string{}
	return files, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			_, inner := os.Stat(filepath.Join(path, "go.mod"))
			if path != dir && inner == nil {
				return filepath.SkipDir
			}
			return nil
		}
		name, err := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = path
		return err
	})
}

func writeZip(path, prefix string, files map[string]string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	archive := zip.NewWriter(file)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		content, err := os.ReadFile(files[name])
		if err != nil {
			return err
		}
		entry, err := archive.Create(prefix + name)
		if err != nil {
			return err
		}
		if _, err := entry.Write(content); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return file.Close()
}
