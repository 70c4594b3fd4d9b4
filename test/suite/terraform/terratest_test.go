package terraform

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPlanLoggerNotesWhatAPlanWouldChange(t *testing.T) {
	t.Parallel()
	log := &planLogger{path: filepath.Join(t.TempDir(), "log")}
	for _, line := range []string{
		"Terraform will perform the following actions:", "  # aws_vpc.this will be updated in-place", "      # (2 unchanged attributes hidden)",
		`  # module.httpd.aws_lb.this["100%"] must be replaced`, "  ~ tags = {}",
	} {
		log.Logf(t, "%s", line)
	}
	assert.Equal(t, []string{"  # aws_vpc.this will be updated in-place", `  # module.httpd.aws_lb.this["100%"] must be replaced`}, log.changes)
	text, err := os.ReadFile(log.path)
	require.NoError(t, err)
	assert.Contains(t, string(text), "  ~ tags = {}\n")
}
