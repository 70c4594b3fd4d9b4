package cloudinit

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// User is an entry of users,
// https://docs.cloud-init.io/en/latest/reference/yaml_examples/user_groups.html
type User struct {
	Name           string
	UID            int // 0: the next one that is free
	Comment        string
	Home           string
	NoHome         bool
	Shell          string
	AuthorizedKeys []string
}

// withoutEffect are keys of a user that change nothing that can be seen here:
// everything runs as root, without logins.
var withoutEffect = strings.Fields("doas expiredate groups hashed_passwd inactive lock_passwd no_log_init no_user_group passwd " +
	"plain_text_passwd primary_group selinux_user snapuser ssh_import_id ssh_redirect_user sudo system create_groups")

// userName is what useradd takes.
var userName = regexp.MustCompile(`^[a-z_][a-z0-9_-]*$`)

// user reads an entry of users: a name, or what the user is to be like. The
// image's own user, "default", is there already.
func (r *reader) user(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return r.addUser(User{Name: n.Value}, n.Line)
	}
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("a user must be a name or a mapping (line %d)", n.Line)
	}
	u := User{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if err := u.set(n.Content[i].Value, resolve(n.Content[i+1])); err != nil {
			return fmt.Errorf("%w (line %d)", err, n.Content[i].Line)
		}
	}
	return r.addUser(u, n.Line)
}

func (r *reader) addUser(u User, line int) error {
	if u.Name == "default" {
		return nil
	}
	if !userName.MatchString(u.Name) {
		return fmt.Errorf("%q is not a valid user name (line %d)", u.Name, line)
	}
	if u.Home == "" {
		u.Home = "/home/" + u.Name
	}
	if u.Shell == "" {
		u.Shell = "/bin/bash"
	}
	r.config.Users = append(r.config.Users, u)
	return nil
}

func (u *User) set(key string, value *yaml.Node) (err error) {
	switch key {
	case "name":
		u.Name = value.Value
	case "gecos":
		u.Comment = value.Value
	case "homedir":
		u.Home = value.Value
	case "no_create_home":
		u.NoHome = strings.EqualFold(value.Value, "true")
	case "shell":
		u.Shell = value.Value
	case "uid":
		if u.UID, err = strconv.Atoi(value.Value); err != nil || u.UID < 1 {
			return fmt.Errorf("uid %q is not a valid user number", value.Value)
		}
	case "ssh_authorized_keys":
		return each(value, func(n *yaml.Node) error {
			u.AuthorizedKeys = append(u.AuthorizedKeys, n.Value)
			return nil
		})
	default:
		if !slices.Contains(withoutEffect, key) {
			return fmt.Errorf("unknown key %q", key)
		}
	}
	return nil
}
