package terraform

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadChanges(t *testing.T) {
	t.Parallel()
	changes, err := readChanges([]byte(`{"format_version": "1.2", "resource_changes": [
		{"address": "module.web.aws_lb.this", "mode": "managed", "change": {"actions": ["no-op"]}},
		{"address": "module.web.aws_ecs_service.this", "mode": "managed", "change": {"actions": ["update"]}},
		{"address": "module.web.aws_lb_target_group.this", "mode": "managed", "change": {"actions": ["create", "delete"]}},
		{"address": "module.web.data.aws_ami.this", "mode": "data", "change": {"actions": ["read"]}}
	]}`))
	require.NoError(t, err)
	assert.Equal(t, Changes{
		"module.web.aws_ecs_service.this":     {"update"},
		"module.web.aws_lb_target_group.this": {"create", "delete"},
	}, changes)
}
