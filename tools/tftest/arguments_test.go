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
		_, err := WithoutArgument([]byte(resources), a)
		assert.NoError(t, err, "%s", a)
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

func TestWithoutArgument(t *testing.T) {
	t.Parallel()
	rest, err := WithoutArgument([]byte("a {\n  b = [\n    1,\n  ]\n  c = 2\n}\n"), Argument{Address: "a.b", File: "main.tf", First: 2, Last: 4})
	require.NoError(t, err)
	assert.Equal(t, "a {\n  c = 2\n}\n", string(rest))
	_, err = WithoutArgument([]byte("a {\n  b = 1\n}\n"), Argument{Address: "a.b", File: "main.tf", First: 2, Last: 3})
	assert.ErrorContains(t, err, "a.b")
}
