package workdir

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTainted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := &Deployment{Dir: dir, Record: Record{Fixture: "fixture"}}
	lay(t, d.WorkDir(), map[string]string{StateFile: `{"resources": [
	  {"mode": "managed", "type": "aws_vpc", "name": "this", "instances": [{"status": "tainted"}]},
	  {"mode": "managed", "type": "aws_eip", "name": "this", "instances": [{}]},
	  {"module": "module.httpd.module.pod[0]", "mode": "managed", "type": "aws_route53_record", "name": "caa", "instances": [
	    {"index_key": "web", "status": "tainted"}, {"index_key": "web", "status": "tainted", "deposed": "1a"}, {"index_key": 1, "status": "tainted"}]}
	]}`})
	addresses, err := d.Tainted()
	require.NoError(t, err)
	assert.Equal(t, []string{
		"aws_vpc.this", `module.httpd.module.pod[0].aws_route53_record.caa["web"]`, "module.httpd.module.pod[0].aws_route53_record.caa[1]",
	}, addresses)

	addresses, err = (&Deployment{Dir: t.TempDir()}).Tainted()
	require.NoError(t, err)
	assert.Empty(t, addresses)
}
