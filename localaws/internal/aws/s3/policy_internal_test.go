package s3

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/policy"
)

func TestPublicPolicies(t *testing.T) {
	t.Parallel()
	const (
		allow = `{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":["s3:GetObject"],"Resource":"arn:aws:s3:::logs/*"}`
		deny  = `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`
	)
	everyone := strings.Replace(allow, `{"Service":"events.amazonaws.com"}`, `{"AWS":"*"}`, 1)
	limited := func(condition string) string {
		return strings.Replace(everyone, `"Resource"`, `"Condition":`+condition+`,"Resource"`, 1)
	}
	tests := []struct {
		name, statement string
		want            bool
	}{
		{"a service", allow, false},
		{"everyone", everyone, true},
		{"everyone is denied", deny, false},
		{"everyone of a network", limited(`{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`), false},
		{"everyone of all networks", limited(`{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}`), true},
		{"everyone but one", limited(`{"StringNotEquals":{"aws:SourceVpc":"vpc-1"}}`), true},
		{"everyone over TLS", limited(`{"Bool":{"aws:SecureTransport":"true"}}`), true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d, err := policy.Parse(`{"Statement":[` + test.statement + `]}`)
			require.NoError(t, err)
			assert.Equal(t, test.want, isPublic(d))
		})
	}
}
