package task

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
)

// A user as a process has it.
type user struct {
	uid, gid uint32
	groups   []uint32
	home     string
}

// lookUpUser reads an image's USER ("", "name", "uid", "name:group",
// "uid:gid") with the image's own /etc/passwd and /etc/group. A number needs no
// entry there; a name does.
func lookUpUser(root fs.FS, spec string) (user, error) {
	name, group, hasGroup := strings.Cut(spec, ":")
	if name == "" {
		name = "0"
	}
	u, login, err := passwd(root, name)
	if err != nil {
		return user{}, err
	}
	if !hasGroup || group == "" {
		u.groups, err = memberships(root, login)
		return u, err
	}
	u.gid, err = groupID(root, group)
	return u, err
}

// passwd finds a user by name or number, and returns the login name as well.
func passwd(root fs.FS, name string) (user, string, error) {
	rows, err := table(root, "etc/passwd", 6)
	if err != nil {
		return user{}, "", err
	}
	id, numeric := number(name)
	for _, row := range rows {
		uid, ok := number(row[2])
		if !ok || row[0] != name && (!numeric || uid != id) {
			continue
		}
		gid, _ := number(row[3])
		return user{uid: uid, gid: gid, home: row[5]}, row[0], nil
	}
	if !numeric {
		return user{}, "", fmt.Errorf("unable to find user %s: no matching entries in passwd file", name)
	}
	return user{uid: id, home: "/"}, "", nil
}

func groupID(root fs.FS, name string) (uint32, error) {
	rows, err := table(root, "etc/group", 3)
	if err != nil {
		return 0, err
	}
	for _, row := range rows {
		if gid, ok := number(row[2]); ok && row[0] == name {
			return gid, nil
		}
	}
	if gid, ok := number(name); ok {
		return gid, nil
	}
	return 0, fmt.Errorf("unable to find group %s: no matching entries in group file", name)
}

// memberships returns the further groups that name a login.
func memberships(root fs.FS, login string) ([]uint32, error) {
	rows, err := table(root, "etc/group", 4)
	if err != nil || login == "" {
		return nil, err
	}
	var groups []uint32
	for _, row := range rows {
		if gid, ok := number(row[2]); ok && slices.Contains(strings.Split(row[3], ","), login) {
			groups = append(groups, gid)
		}
	}
	return groups, nil
}

// table reads the rows of a colon-separated file that have enough fields; a
// missing file has none.
func table(root fs.FS, name string, fields int) ([][]string, error) {
	f, err := root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var rows [][]string
	for s := bufio.NewScanner(f); s.Scan(); {
		if row := strings.Split(strings.TrimSpace(s.Text()), ":"); len(row) >= fields && !strings.HasPrefix(row[0], "#") {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func number(s string) (uint32, bool) {
	n, err := strconv.ParseUint(s, 10, 31)
	return uint32(n), err == nil
}
