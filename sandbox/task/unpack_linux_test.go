package task_test

import (
	"archive/tar"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"orgship/sandbox/task"
)

func TestUnpack(t *testing.T) {
	t.Parallel()
	dir := func(name string) entry { return entry{name: name, kind: tar.TypeDir} }
	file := func(name, body string) entry { return entry{name: name, body: body} }
	link := func(name, to string) entry { return entry{name: name, kind: tar.TypeSymlink, link: to} }
	hard := func(name, to string) entry { return entry{name: name, kind: tar.TypeLink, link: to} }
	for name, c := range map[string]struct {
		layers [][]entry
		want   map[string]string
	}{
		"files, directories and what is missing of them": {
			[][]entry{{dir("./a"), file("./a/b", "1"), file("c/d/e", "2")}},
			map[string]string{"a": "drwxr-xr-x", "a/b": "1", "c": "drwxr-xr-x", "c/d": "drwxr-xr-x", "c/d/e": "2"},
		},
		"a file over a file": {
			[][]entry{{file("a", "1")}, {file("a", "2")}},
			map[string]string{"a": "2"},
		},
		"a directory over a directory keeps what is in it": {
			[][]entry{{dir("a"), file("a/b", "1")}, {entry{name: "a", kind: tar.TypeDir, mode: 0o700}, file("a/c", "2")}},
			map[string]string{"a": "drwx------", "a/b": "1", "a/c": "2"},
		},
		"a file over a directory": {
			[][]entry{{file("a/b", "1")}, {file("a", "2")}},
			map[string]string{"a": "2"},
		},
		"a whiteout": {
			[][]entry{{file("a/b", "1"), file("a/c", "1"), file("d/e", "1")}, {file("a/.wh.b", ""), file(".wh.d", "")}},
			map[string]string{"a": "drwxr-xr-x", "a/c": "1"},
		},
		"an opaque directory hides the layers below and not its own": {
			[][]entry{{file("a/old", "1"), file("a/sub/old", "1")}, {dir("a"), file("a/new", "2"), file("a/sub/new", "2"), file("a/.wh..wh..opq", ""), file("a/late", "3")}},
			map[string]string{"a": "drwxr-xr-x", "a/new": "2", "a/late": "3", "a/sub": "drwxr-xr-x", "a/sub/new": "2"},
		},
		"a whiteout does not hide its own layer": {
			[][]entry{{file("a/b", "1")}, {file("a/b", "2"), file("a/.wh.b", "")}},
			map[string]string{"a": "drwxr-xr-x", "a/b": "2"},
		},
		"links": {
			[][]entry{{file("a", "1"), link("s", "a"), link("abs", "/a"), hard("h", "a"), hard("h2", "/a")}},
			map[string]string{"a": "1", "s": "-> a", "abs": "-> /a", "h": "1", "h2": "1"},
		},
		"a layer writes through the links of the one below": {
			[][]entry{{dir("usr/lib"), link("lib", "usr/lib"), dir("run"), link("var/run", "/run")}, {file("lib/x", "1"), file("var/run/y", "2")}},
			map[string]string{"usr": "drwxr-xr-x", "usr/lib": "drwxr-xr-x", "lib": "-> usr/lib", "run": "drwxr-xr-x", "var": "drwxr-xr-x", "var/run": "-> /run", "usr/lib/x": "1", "run/y": "2"},
		},
		"a directory over a link replaces it": {
			[][]entry{{dir("b"), link("a", "b")}, {dir("a"), file("a/c", "1")}},
			map[string]string{"b": "drwxr-xr-x", "a": "drwxr-xr-x", "a/c": "1"},
		},
		"devices are left out, pipes are not": {
			[][]entry{{entry{name: "dev/sda", kind: tar.TypeBlock}, entry{name: "dev/tty", kind: tar.TypeChar}, entry{name: "p", kind: tar.TypeFifo}}},
			map[string]string{"dev": "drwxr-xr-x", "p": "prw-r--r--"},
		},
		"a read-only directory": {
			[][]entry{{entry{name: "a", kind: tar.TypeDir, mode: 0o555}, file("a/b", "1")}, {file("a/c", "2")}},
			map[string]string{"a": "dr-xr-xr-x", "a/b": "1", "a/c": "2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := t.TempDir()
			if err := task.Unpack(at, layers(t, c.layers)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, tree(t, at)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			_ = os.Chmod(filepath.Join(at, "a"), 0o755) // so that it can be removed, by nobody too
		})
	}
}

func layers(t *testing.T, entries [][]entry) []v1.Layer {
	var all []v1.Layer
	for _, e := range entries {
		all = append(all, layer(t, e...))
	}
	return all
}

// tree lists a directory: the mode of directories and pipes, where links point
// and what is in files.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, path)
		if err != nil || name == "." {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.Type() == fs.ModeSymlink:
			to, err := os.Readlink(path)
			found[name] = "-> " + to
			return err
		case d.Type().IsRegular():
			body, err := os.ReadFile(path)
			found[name] = string(body)
			return err
		}
		found[name] = info.Mode().String()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestUnpackAttributes(t *testing.T) {
	t.Parallel()
	at := t.TempDir()
	err := task.Unpack(at, layers(t, [][]entry{{
		{name: "su", body: "1", mode: 0o4755, uid: 12, gid: 34}, {name: "tmp", kind: tar.TypeDir, mode: 0o1777},
	}}))
	if err != nil {
		t.Fatal(err)
	}
	su, err := os.Stat(filepath.Join(at, "su"))
	if err != nil {
		t.Fatal(err)
	}
	if su.Mode() != 0o755|fs.ModeSetuid || !su.ModTime().Equal(time.Unix(1e9, 0)) {
		t.Errorf("mode %v, changed %v", su.Mode(), su.ModTime())
	}
	if st := su.Sys().(*syscall.Stat_t); os.Geteuid() == 0 && (st.Uid != 12 || st.Gid != 34) {
		t.Errorf("owner %d:%d", st.Uid, st.Gid)
	}
	if tmp, err := os.Stat(filepath.Join(at, "tmp")); err != nil || tmp.Mode() != 0o777|fs.ModeDir|fs.ModeSticky {
		t.Errorf("mode %v, %v", tmp.Mode(), err)
	}
}

func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		entry entry
		want  string
	}{
		"more than a task may hold":  {entry{name: "big", promised: 21 << 30}, `unpacking "big": the image is larger than 20 GiB`},
		"a layer that is cut off":    {entry{name: "short", promised: 10}, `unpacking "short": unexpected EOF`},
		"a link to nothing":          {entry{name: "h", kind: tar.TypeLink, link: "nothing"}, `unpacking "h": linkat nothing h: no such file or directory`},
		"an entry of a strange kind": {entry{name: "odd", kind: 'Z'}, `unpacking "odd": unknown kind of entry 'Z'`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := task.Unpack(t.TempDir(), []v1.Layer{layer(t, c.entry)}); err == nil || err.Error() != c.want {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}

// TestHostileLayers unpacks what tries to get out, beside a file that nobody may touch.
func TestHostileLayers(t *testing.T) {
	t.Parallel()
	for name, entries := range map[string][]entry{
		"a path upwards":                     {{name: "../canary", body: "x"}},
		"a path upwards from within":         {{name: "a/../../canary", body: "x"}},
		"an absolute path":                   {{name: "CANARY", body: "x"}},
		"a link upwards":                     {{name: "l", kind: '2', link: ".."}, {name: "l/canary", body: "x"}},
		"an absolute link":                   {{name: "l", kind: '2', link: "DIR"}, {name: "l/canary", body: "x"}},
		"a link to the file, then the file":  {{name: "l", kind: '2', link: "CANARY"}, {name: "l", body: "x"}},
		"a directory through a link":         {{name: "l", kind: '2', link: "../"}, {name: "l/canary", kind: '5', mode: 0o777}},
		"a hard link upwards":                {{name: "h", kind: '1', link: "../canary"}, {name: "h", body: "x"}},
		"a hard link through a link":         {{name: "l", kind: '2', link: ".."}, {name: "h", kind: '1', link: "l/canary"}},
		"a whiteout upwards":                 {{name: "../.wh.canary"}},
		"a whiteout of the directory itself": {{name: "a", kind: '5'}, {name: "a/.wh..."}, {name: "a/.wh.."}},
		"an opaque directory upwards":        {{name: "../.wh..wh..opq"}},
		"an opaque directory behind a link":  {{name: "l", kind: '2', link: ".."}, {name: "l/.wh..wh..opq"}},
		"links that go round":                {{name: "a", kind: '2', link: "b"}, {name: "b", kind: '2', link: "a"}, {name: "a/c", body: "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outside := t.TempDir()
			canary := filepath.Join(outside, "canary")
			if err := os.WriteFile(canary, []byte("untouched"), 0o600); err != nil {
				t.Fatal(err)
			}
			replace := strings.NewReplacer("CANARY", canary, "DIR", outside)
			for i := range entries {
				entries[i].name, entries[i].link = replace.Replace(entries[i].name), replace.Replace(entries[i].link)
			}
			at := filepath.Join(outside, "root")
			if err := os.Mkdir(at, 0o755); err != nil {
				t.Fatal(err)
			}
			t.Log(task.Unpack(at, []v1.Layer{layer(t, entries...)})) // an error, or kept inside
			want := map[string]string{"canary": "untouched"}
			got := tree(t, outside)
			for path := range got {
				if path == "root" || strings.HasPrefix(path, "root/") {
					delete(got, path)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("outside (-want +got):\n%s", diff)
			}
			if info, err := os.Stat(canary); err != nil || info.Mode() != 0o600 {
				t.Error(fmt.Sprint("mode ", info.Mode(), err))
			}
		})
	}
}
