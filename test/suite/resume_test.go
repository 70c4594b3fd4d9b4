package suite

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTaintedAddresses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	lay(t, dir, map[string]string{"terraform.tfstate": `{"resources": [
	  {"mode": "managed", "type": "aws_vpc", "name": "this", "instances": [{"status": "tainted"}]},
	  {"mode": "managed", "type": "aws_eip", "name": "this", "instances": [{}]},
	  {"module": "module.httpd.module.pod[0]", "mode": "managed", "type": "aws_route53_record", "name": "caa", "instances": [
	    {"index_key": "web", "status": "tainted"}, {"index_key": "web", "status": "tainted", "deposed": "1a"}, {"index_key": 1, "status": "tainted"}]}
	]}`})
	addresses, err := taintedAddresses(filepath.Join(dir, "terraform.tfstate"))
	require.NoError(t, err)
	assert.Equal(t, []string{
		"aws_vpc.this", `module.httpd.module.pod[0].aws_route53_record.caa["web"]`, "module.httpd.module.pod[0].aws_route53_record.caa[1]",
	}, addresses)

	addresses, err = taintedAddresses(filepath.Join(dir, "none"))
	require.NoError(t, err)
	assert.Empty(t, addresses)
}
