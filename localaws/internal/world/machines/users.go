package machines

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/machines/cloudinit"
)

const (
	passwdFile = "/etc/passwd"
	// firstUID is the first number that useradd gives on Amazon Linux; its own
	// user has it.
	firstUID = 1000
)

// addUser makes a user as useradd does: an entry in /etc/passwd and a home with
// the authorized keys. One that exists stays as it is.
func (m *Machine) addUser(u *cloudinit.User) error {
	content, err := m.disk.ReadFile(passwdFile)
	if err != nil {
		return fmt.Errorf("reading %s: %w", passwdFile, err)
	}
	entries, uid := strings.Split(strings.TrimSpace(string(content)), "\n"), u.UID
	taken := map[string]bool{}
	for _, entry := range entries {
		fields := strings.Split(entry, ":")
		if fields[0] == u.Name {
			return nil
		}
		if len(fields) > 2 {
			taken[fields[2]] = true
		}
	}
	if uid == 0 {
		uid = firstUID + 1
		for taken[strconv.Itoa(uid)] {
			uid++
		}
	}
	entry := fmt.Sprintf("%s:x:%d:%d:%s:%s:%s", u.Name, uid, uid, u.Comment, u.Home, u.Shell)
	if err := m.disk.WriteFile(passwdFile, []byte(strings.Join(append(entries, entry), "\n")+"\n"), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", passwdFile, err)
	}
	if u.NoHome {
		return nil
	}
	if err := m.disk.MkdirAll(u.Home, 0o755); err != nil {
		return fmt.Errorf("making the home: %w", err)
	}
	if len(u.AuthorizedKeys) == 0 {
		return nil
	}
	return m.writeFile(cloudinit.File{
		Path: path.Join(u.Home, ".ssh/authorized_keys"), Content: []byte(strings.Join(u.AuthorizedKeys, "\n") + "\n"), Mode: 0o600,
	})
}
