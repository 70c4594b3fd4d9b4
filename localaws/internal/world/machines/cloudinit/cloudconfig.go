package cloudinit

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// ignored are keys of cloud-config that cloud-init knows and that change nothing
// that can be seen here; said once in the log.
var ignored = strings.Fields("groups ssh_authorized_keys ssh_pwauth disable_root packages package_update " +
	"package_upgrade package_reboot_if_required timezone locale ntp growpart resize_rootfs mounts swap disk_setup fs_setup " +
	"repo_update repo_upgrade yum_repos apt chpasswd password final_message output manage_etc_hosts preserve_hostname " +
	"fqdn cloud_init_modules cloud_config_modules cloud_final_modules power_state phone_home merge_how ca_certs ca-certs")

// cloudConfig reads a #cloud-config document.
func (r *reader) cloudConfig(data []byte, name string) {
	var document yaml.Node
	if err := yaml.Unmarshal(data, &document); err != nil {
		r.warn("%s: failed loading yaml blob: %s", name, err)
		return
	}
	if len(document.Content) == 0 {
		return
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode {
		r.warn("%s: failed loading yaml blob: line %d must be a mapping", name, root.Line)
		return
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if err := r.key(root.Content[i].Value, root.Content[i+1]); err != nil {
			r.warn("%s: cloud-config %s: %s", name, root.Content[i].Value, err)
		}
	}
}

func (r *reader) key(key string, value *yaml.Node) error {
	switch key {
	case "write_files":
		return each(value, r.file)
	case "bootcmd":
		return each(value, func(n *yaml.Node) error { return command(n, &r.config.Boot) })
	case "runcmd":
		return each(value, func(n *yaml.Node) error { return command(n, &r.config.Run) })
	case "users":
		return each(value, r.user)
	case "hostname":
		r.config.Hostname = value.Value
		return nil
	}
	for _, known := range ignored {
		if key == known {
			r.warn("cloud-config %s has no effect on an instance of localaws", key)
			return nil
		}
	}
	return errors.New("cloud-init does not know this key")
}

// each calls f with the items of a list. null is an empty one.
func each(list *yaml.Node, f func(*yaml.Node) error) error {
	list = resolve(list)
	if list.Kind == yaml.ScalarNode && (list.Tag == "!!null" || list.Value == "") {
		return nil
	}
	if list.Kind != yaml.SequenceNode {
		return fmt.Errorf("line %d must be a list", list.Line)
	}
	var failed []error
	for _, item := range list.Content {
		failed = append(failed, f(resolve(item)))
	}
	return errors.Join(failed...)
}

// resolve follows an alias.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

// command reads an entry of runcmd or bootcmd.
func command(n *yaml.Node, list *[]Command) error {
	switch n.Kind {
	case yaml.ScalarNode:
		if n.Tag != "!!null" {
			*list = append(*list, Command{Line: n.Value})
		}
		return nil
	case yaml.SequenceNode:
		var words []string
		for _, word := range n.Content {
			if word = resolve(word); word.Kind != yaml.ScalarNode {
				return fmt.Errorf("a command's words must be scalars (line %d)", n.Line)
			}
			words = append(words, word.Value)
		}
		if len(words) > 0 {
			*list = append(*list, Command{Words: words})
		}
		return nil
	}
	return fmt.Errorf("a command must be a string or a list of strings (line %d)", n.Line)
}

// file reads an entry of write_files.
func (r *reader) file(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("line %d must be a mapping", n.Line)
	}
	f := File{Mode: 0o644}
	content, encoding := "", ""
	for i := 0; i+1 < len(n.Content); i += 2 {
		value := resolve(n.Content[i+1])
		switch key := n.Content[i].Value; key {
		case "path":
			f.Path = value.Value
		case "content":
			content = value.Value
		case "encoding":
			encoding = strings.ToLower(value.Value)
		case "append":
			f.Append = strings.EqualFold(value.Value, "true")
		case "permissions":
			mode, err := strconv.ParseUint(strings.TrimPrefix(value.Value, "0o"), 8, 12)
			if err != nil {
				return fmt.Errorf("permissions %q are not an octal number (line %d)", value.Value, value.Line)
			}
			f.Mode = fs.FileMode(mode) & fs.ModePerm
		case "owner", "defer":
		default:
			return fmt.Errorf("unknown key %q (line %d)", key, n.Content[i].Line)
		}
	}
	if !path.IsAbs(f.Path) {
		return fmt.Errorf("path %q is not absolute (line %d)", f.Path, n.Line)
	}
	var err error
	if f.Content, err = decode(content, encoding); err != nil {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	r.config.Files = append(r.config.Files, f)
	return nil
}

// decode undoes an encoding of write_files.
func decode(content, encoding string) ([]byte, error) {
	data := []byte(content)
	zipped := strings.HasPrefix(encoding, "gz")
	base := strings.HasSuffix(encoding, "b64") || strings.HasSuffix(encoding, "base64")
	if !zipped && !base && encoding != "" && encoding != "text/plain" {
		return nil, fmt.Errorf("unknown encoding %q", encoding)
	}
	if base {
		var err error
		stripped := bytes.Join(bytes.Fields(data), nil)
		if data, err = base64.StdEncoding.DecodeString(string(stripped)); err != nil {
			return nil, fmt.Errorf("decoding base64: %w", err)
		}
	}
	if zipped {
		return unzip(data)
	}
	return data, nil
}
