package resourcepolicy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/resourcepolicy"
)

const (
	allow = `{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":["sns:Publish","sns:Get*"],"Resource":"arn:aws:sns:us-west-2:1:t"}`
	deny  = `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`
)

func TestAllows(t *testing.T) {
	t.Parallel()
	with := func(condition string) string {
		return strings.Replace(allow, `"Resource"`, `"Condition":`+condition+`,"Resource"`, 1)
	}
	tests := []struct {
		name       string
		statements string
		change     func(*resourcepolicy.Request)
		want       bool
	}{
		{"allowed", allow, nil, true},
		{"case of the action", strings.Replace(allow, "sns:Publish", "SNS:publish", 1), nil, true},
		{"wildcard in the action", allow, func(r *resourcepolicy.Request) { r.Action = "sns:GetTopicAttributes" }, true},
		{"another action", allow, func(r *resourcepolicy.Request) { r.Action = "sns:Subscribe" }, false},
		{"another principal", allow, func(r *resourcepolicy.Request) { r.Principals = []string{"lambda.amazonaws.com"} }, false},
		{"another resource", allow, func(r *resourcepolicy.Request) { r.Resource += "2" }, false},
		{"denied", allow + "," + deny, func(r *resourcepolicy.Request) { r.Context["aws:securetransport"] = "false" }, false},
		{"not denied", allow + "," + deny, nil, true},
		{"everyone", strings.Replace(allow, `{"Service":"events.amazonaws.com"}`, `"*"`, 1), nil, true},
		{"not this principal", strings.Replace(allow, "Principal", "NotPrincipal", 1), nil, false},
		{"not this action", strings.Replace(allow, `"Action"`, `"NotAction"`, 1), nil, false},
		{"condition fits", with(`{"ArnLike":{"aws:SourceArn":"arn:*:rule/*"}}`), nil, true},
		{"condition does not fit", with(`{"ArnEquals":{"aws:SourceArn":"arn:rule"}}`), nil, false},
		{"one of two values", with(`{"StringEquals":{"aws:SourceAccount":["1","2"]}}`), nil, true},
		{"key is missing", with(`{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}`), nil, false},
		{"key is missing, negated", with(`{"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}}`), nil, true},
		{"key is missing, if exists", with(`{"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}}`), nil, true},
		{"key must be missing", with(`{"Null":{"aws:PrincipalOrgID":"true"}}`), nil, true},
		{"number", with(`{"NumericGreaterThanEquals":{"s3:TlsVersion":1.2}}`), nil, true},
		{"number too low", with(`{"NumericLessThan":{"s3:TlsVersion":"1.3"}}`), nil, false},
		{"unknown operator", with(`{"Odd":{"aws:SourceAccount":"1"}}`), nil, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			policy, err := resourcepolicy.Parse([]byte(`{"Statement":[` + test.statements + `]}`))
			require.NoError(t, err)
			request := resourcepolicy.Request{
				Principals: []string{"events.amazonaws.com"}, Action: "sns:Publish", Resource: "arn:aws:sns:us-west-2:1:t",
				Context: map[string]string{"aws:securetransport": "true", "aws:sourcearn": "arn:aws:events:rule/r", "aws:sourceaccount": "1", "s3:tlsversion": "1.3"},
			}
			if test.change != nil {
				test.change(&request)
			}
			assert.Equal(t, test.want, policy.Allows(request))
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	covers := func(resource string) bool { return resourcepolicy.Like(resource, "arn:aws:sns:us-west-2:1:t") }
	tests := []struct{ name, statement, wrong string }{
		{"good", allow, ""},
		{"effect", strings.Replace(allow, "Allow", "Maybe", 1), "Invalid effect"},
		{"principal", strings.Replace(allow, `"Principal":{"Service":"events.amazonaws.com"},`, "", 1), "Principal"},
		{"action", strings.Replace(allow, "sns:Publish", "s3:PutObject", 1), "invalid action"},
		{"no action", strings.Replace(allow, `"Action":["sns:Publish","sns:Get*"],`, "", 1), "Action"},
		{"resource", strings.Replace(allow, ":t", ":other", 1), "invalid resource"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			policy, err := resourcepolicy.Parse([]byte(`{"Statement":` + test.statement + `}`))
			require.NoError(t, err)
			err = policy.Check("sns", covers)
			if test.wrong == "" {
				require.NoError(t, err)
				return
			}
			assert.ErrorContains(t, err, test.wrong)
		})
	}
	for _, body := range []string{"", "[]", "{}", `{"Statement":1}`, `{"Statement":[{"Principal":1}]}`, `{"Statement":[{"Action":{}}]}`} {
		_, err := resourcepolicy.Parse([]byte(body))
		assert.Error(t, err, body)
	}
}

func TestPublic(t *testing.T) {
	t.Parallel()
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
			policy, err := resourcepolicy.Parse([]byte(`{"Statement":[` + test.statement + `]}`))
			require.NoError(t, err)
			assert.Equal(t, test.want, policy.Public())
		})
	}
}
