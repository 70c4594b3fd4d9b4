package tftest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const resources = `locals {
  port = 80
}

resource "aws_lb_target_group" "extra" {
  for_each = var.ports

  port = each.value
  tags = {
    Name = each.key
  }

  health_check {
    path = "/"
  }

  dynamic "stickiness" {
    for_each = [1]

    content {
      type = "lb_cookie"
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}
`

func TestArguments(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(root, "main.tf"), []byte(resources), 0o600))
	arguments, err := Arguments(root, "*.tf")
	require.NoError(t, err)
	var found []string
	for _, a := range arguments {
		found = append(found, a.String())
	}
	assert.Equal(t, []string{
		"main.tf:8: aws_lb_target_group.extra.port",
		"main.tf:9: aws_lb_target_group.extra.tags",
		"main.tf:13: aws_lb_target_group.extra.health_check",
		"main.tf:14: aws_lb_target_group.extra.health_check.path",
		"main.tf:17: aws_lb_target_group.extra.stickiness",
		"main.tf:21: aws_lb_target_group.extra.stickiness.type",
	}, found)
}

func TestModules(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "modules", "pod"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(root, "modules", "pod", "main.tf"), []byte("module \"bucket\" {\n  source = \"../bucket\"\n}\n"), 0o600))
	modules, err := Modules(root, "modules/pod")
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"bucket": "modules/bucket"}, modules)
}
