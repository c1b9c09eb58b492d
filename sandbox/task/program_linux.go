package task

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// defaultPath is the PATH of an image that sets none.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// A program is what a task runs, looked up in its own file system.
type program struct {
	path string
	argv []string
	env  []string
	dir  string
	user user

	files []uintptr // its standard input, output and errors
}

// program looks the entrypoint up, as the image's user would.
func (i *first) program() (*program, error) {
	o := i.order
	if len(o.Argv) == 0 {
		return nil, errors.New("the image names no entrypoint and no command")
	}
	u, err := lookUpUser(os.DirFS("/"), o.User)
	if err != nil {
		return nil, err
	}
	p := &program{argv: o.Argv, env: o.Env, dir: o.Dir, user: u, files: []uintptr{0, 1, 2}}
	p.setDefault("PATH", defaultPath)
	p.setDefault("HOME", u.home)
	p.setDefault("HOSTNAME", o.Hostname)
	if p.dir == "" {
		p.dir = "/"
	}
	if err := os.MkdirAll(p.dir, 0o755); err != nil {
		return nil, err
	}
	p.path, err = p.find(o.Argv[0])
	return p, err
}

func (p *program) lookup(name string) (string, bool) {
	for _, e := range slices.Backward(p.env) {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

func (p *program) setDefault(name, value string) {
	if _, ok := p.lookup(name); !ok {
		p.env = append(p.env, name+"="+value)
	}
}

// find returns the file behind a command's name. A name with a slash is a path
// from the working directory; the kernel says what is wrong with it.
func (p *program) find(name string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	path, _ := p.lookup("PATH")
	var denied error
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(p.dir, dir)
		}
		file := filepath.Join(dir, name)
		info, err := os.Stat(file)
		switch {
		case err != nil || info.IsDir():
		case info.Mode()&0o111 == 0:
			denied = fs.ErrPermission
		default:
			return file, nil
		}
	}
	if denied != nil {
		return "", syscall.EACCES
	}
	return "", errors.New("executable file not found in $PATH")
}
