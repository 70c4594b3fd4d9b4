package cleanup

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/interrupt"
)

func TestEndingKeepsOrDestroys(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		ending ending
		want   string // why it keeps; "": it destroys
	}{
		"all went well":                          {ending{deployed: 3}, ""},
		"interrupted":                            {ending{tests: interrupt.ErrInterrupted, deployed: 3}, ""},
		"interrupted before anything was made":   {ending{tests: interrupt.ErrInterrupted}, ""},
		"interrupted twice":                      {ending{tests: interrupt.ErrInterrupted, teardown: interrupt.ErrTwice, deployed: 3}, "interrupted twice"},
		"interrupted twice, so a destroy failed": {ending{tests: interrupt.ErrInterrupted, teardown: interrupt.ErrTwice, failed: true, deployed: 3}, "interrupted twice"},
		"asked to keep":                          {ending{asked: true, deployed: 3}, "SKIP_teardown is set"},
		"asked to keep, interrupted":             {ending{tests: interrupt.ErrInterrupted, asked: true, deployed: 3}, "interrupted, and SKIP_teardown is set"},
		"asked to keep, but nothing is there":    {ending{asked: true}, ""},
		"the timeout is near":                    {ending{tests: interrupt.ErrTime, teardown: interrupt.ErrTime, deployed: 3}, interrupt.ErrTime.Error()},
		"a destroy failed":                       {ending{failed: true, deployed: 3}, "a destroy failed"},
		"a destroy failed, interrupted":          {ending{tests: interrupt.ErrInterrupted, failed: true, deployed: 3}, "a destroy failed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, test.ending.keep())
		})
	}
}
