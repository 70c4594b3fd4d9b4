package cloudinit_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/machines/cloudinit"
)

func zip(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.String()
}

const ecsConfig = `#cloud-config
"runcmd": []
"write_files":
- "content": |
    ECS_CLUSTER=web
  "path": "/etc/ecs/ecs.config"
  "permissions": "0644"
`

func TestParse(t *testing.T) {
	t.Parallel()
	clusterFile := cloudinit.File{Path: "/etc/ecs/ecs.config", Content: []byte("ECS_CLUSTER=web\n"), Mode: 0o644}
	for name, test := range map[string]struct {
		data string
		want cloudinit.Config
	}{
		"nothing":        {"", cloudinit.Config{}},
		"cloud-config":   {ecsConfig, cloudinit.Config{Files: []cloudinit.File{clusterFile}}},
		"gzip":           {zip(t, ecsConfig), cloudinit.Config{Files: []cloudinit.File{clusterFile}}},
		"shell script":   {"#!/bin/bash\necho hi\n", cloudinit.Config{Scripts: []cloudinit.Script{{Name: "part-001", Content: []byte("#!/bin/bash\necho hi\n")}}}},
		"boot hook":      {"#cloud-boothook\ntouch /a\n", cloudinit.Config{Boot: []cloudinit.Command{{Line: "\ntouch /a\n"}}}},
		"no kind at all": {"hello", cloudinit.Config{Warnings: []string{`part-001: unhandled non-multipart (text/x-not-multipart) userdata: "hello"`}}},
		"commands": {
			"#cloud-config\nbootcmd:\n- echo early\nruncmd:\n- [ls, -l, 7]\n- echo late\nhostname: box\n",
			cloudinit.Config{
				Hostname: "box", Boot: []cloudinit.Command{{Line: "echo early"}},
				Run: []cloudinit.Command{{Words: []string{"ls", "-l", "7"}}, {Line: "echo late"}},
			},
		},
		"encodings and modes": {
			"#cloud-config\nwrite_files:\n- {path: /a, content: " + base64.StdEncoding.EncodeToString([]byte("plain")) + ", encoding: b64, permissions: 0600}\n" +
				"- {path: /b, append: true, content: " + base64.StdEncoding.EncodeToString([]byte(zip(t, "zipped"))) + ", encoding: gz+b64}\n",
			cloudinit.Config{Files: []cloudinit.File{
				{Path: "/a", Content: []byte("plain"), Mode: 0o600}, {Path: "/b", Content: []byte("zipped"), Mode: 0o644, Append: true},
			}},
		},
		"broken YAML": {
			"#cloud-config\nwrite_files: [\n",
			cloudinit.Config{Warnings: []string{"part-001: failed loading yaml blob: yaml: line 2: did not find expected node content"}},
		},
		"a key without effect and an unknown one": {
			"#cloud-config\npackages: [vim]\nwrit_files: []\n",
			cloudinit.Config{Warnings: []string{
				"cloud-config packages has no effect on an instance of localaws",
				"part-001: cloud-config writ_files: cloud-init does not know this key",
			}},
		},
		"a swap file, and what comes after it": {
			"#cloud-config\nswap: {filename: /swapfile, size: 2048M}\nruncmd: [echo late]\n",
			cloudinit.Config{
				Run:      []cloudinit.Command{{Line: "echo late"}},
				Warnings: []string{"cloud-config swap has no effect on an instance of localaws"},
			},
		},
		"a file without a path": {
			"#cloud-config\nwrite_files:\n- content: x\n",
			cloudinit.Config{Warnings: []string{`part-001: cloud-config write_files: path "" is not absolute (line 3)`}},
		},
		"multipart": {
			"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"XX\"\n\n--XX\nContent-Type: text/cloud-config\n\n" + ecsConfig +
				"\n--XX\nContent-Type: text/x-shellscript\nContent-Disposition: attachment; filename=\"go.sh\"\nContent-Transfer-Encoding: base64\n\n" +
				base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\ntrue\n")) + "\n--XX--\n",
			cloudinit.Config{Files: []cloudinit.File{clusterFile}, Scripts: []cloudinit.Script{{Name: "go.sh", Content: []byte("#!/bin/sh\ntrue\n")}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, &test.want, cloudinit.Parse([]byte(test.data)))
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(ecsConfig))
	f.Add([]byte("#cloud-config\nruncmd:\n- &a [x]\n- *a\n"))
	f.Add([]byte("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\n#!/bin/sh\n--x--"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c := cloudinit.Parse(data)
		for _, file := range c.Files {
			assert.NotEmpty(t, file.Path)
		}
	})
}

func TestUsers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		data string
		want cloudinit.Config
	}{
		"names and the image's own": {
			"#cloud-config\nusers:\n- default\n- eve\n- name: bob\n  uid: 2000\n  gecos: Bob\n  homedir: /srv/bob\n  shell: /bin/sh\n  sudo: ALL\n  ssh_authorized_keys: [ssh-ed25519 AAAA]\n",
			cloudinit.Config{Users: []cloudinit.User{
				{Name: "eve", Home: "/home/eve", Shell: "/bin/bash"},
				{Name: "bob", UID: 2000, Comment: "Bob", Home: "/srv/bob", Shell: "/bin/sh", AuthorizedKeys: []string{"ssh-ed25519 AAAA"}},
			}},
		},
		"a wrong one does not keep others away": {
			"#cloud-config\nusers:\n- name: bob\n  sshkeys: []\n- name: Eve!\n- [x]\n- name: mia\n  no_create_home: true\n- name: tim\n  uid: first\n",
			cloudinit.Config{
				Users: []cloudinit.User{{Name: "mia", Home: "/home/mia", NoHome: true, Shell: "/bin/bash"}},
				Warnings: []string{"part-001: cloud-config users: unknown key \"sshkeys\" (line 4)\n" +
					"\"Eve!\" is not a valid user name (line 5)\n" +
					"a user must be a name or a mapping (line 6)\n" +
					"uid \"first\" is not a valid user number (line 10)"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, *cloudinit.Parse([]byte(test.data)))
		})
	}
}
