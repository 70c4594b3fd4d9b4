package ids_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/ids"
)

func TestIDs(t *testing.T) {
	t.Parallel()
	assert.Regexp(t, regexp.MustCompile(`^i-[0-9a-f]{17}$`), ids.New("i"))
	assert.Regexp(t, regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$`), ids.UUID())
	for n := range 40 {
		assert.Len(t, ids.Hex(n), n)
	}
	seen := map[string]bool{}
	for range 1000 {
		id := ids.New("eni")
		assert.False(t, seen[id])
		seen[id] = true
	}
}
