package policy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/policy"
)

const topic = "arn:aws:sns:us-west-2:123456789012:t"

// request is what the tests below ask: a rule publishes to a topic.
func request() policy.Request {
	context := policy.NewContext(map[string]string{
		"aws:SecureTransport": "true", "aws:SourceArn": "arn:aws:events:us-west-2:123456789012:rule/bus/r", "aws:SourceAccount": "123456789012",
		"s3:TlsVersion": "1.3", "aws:SourceIp": "10.1.2.3", "aws:CurrentTime": "2026-01-31T12:00:00Z", "aws:PrincipalTag/team": "red", "aws:username": "*",
	})
	context.Set("aws:TagKeys", "Name", "team")
	return policy.Request{Principals: policy.Principals{policy.Service: {"events.amazonaws.com"}}, Action: "sns:Publish", Resource: topic, Context: context}
}

func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// allow is a statement that allows the request when the condition, which may be
// "", holds.
func allow(condition string) string {
	return `{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":["sns:Publish","sns:Get*"],"Resource":"` + topic + `"` +
		map[bool]string{true: `,"Condition":{` + condition + `}`}[condition != ""] + `}`
}

func decide(t *testing.T, text string, change func(*policy.Request)) policy.Decision {
	t.Helper()
	d, err := policy.Parse(text)
	require.NoError(t, err)
	r := request()
	if change != nil {
		change(&r)
	}
	return d.Decide(r)
}

func TestStatements(t *testing.T) {
	t.Parallel()
	everyoneDenied := `{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`
	replaced := func(old, with string) string { return strings.Replace(allow(""), old, with, 1) }
	principal := func(p string) string { return replaced(`{"Service":"events.amazonaws.com"}`, p) }
	for name, c := range map[string]struct {
		text   string
		change func(*policy.Request)
		want   policy.Decision
	}{
		"allowed":                        {document(allow("")), nil, policy.Allowed},
		"one statement, no list":         {`{"Statement":` + allow("") + `}`, nil, policy.Allowed},
		"the case of the action":         {document(replaced("sns:Publish", "SNS:publish")), nil, policy.Allowed},
		"a wildcard in the action":       {document(allow("")), func(r *policy.Request) { r.Action = "sns:GetTopicAttributes" }, policy.Allowed},
		"another action":                 {document(allow("")), func(r *policy.Request) { r.Action = "sns:Subscribe" }, policy.Unmentioned},
		"not this action":                {document(replaced(`"Action"`, `"NotAction"`)), nil, policy.Unmentioned},
		"another resource":               {document(allow("")), func(r *policy.Request) { r.Resource += "2" }, policy.Unmentioned},
		"not this resource":              {document(replaced(`"Resource"`, `"NotResource"`)), nil, policy.Unmentioned},
		"another than that resource":     {document(replaced(`"Resource":"`+topic, `"NotResource":"`+topic+"2")), nil, policy.Allowed},
		"another service":                {document(principal(`{"Service":"lambda.amazonaws.com"}`)), nil, policy.Unmentioned},
		"a name of another kind":         {document(principal(`{"AWS":"events.amazonaws.com"}`)), nil, policy.Unmentioned},
		"everyone":                       {document(principal(`"*"`)), nil, policy.Allowed},
		"everyone, written out":          {document(principal(`{"AWS":"*"}`)), nil, policy.Allowed},
		"every service":                  {document(principal(`{"Service":"*"}`)), nil, policy.Allowed},
		"every user of a provider":       {document(principal(`{"Federated":"*"}`)), nil, policy.Unmentioned},
		"not this principal":             {document(replaced("Principal", "NotPrincipal")), nil, policy.Unmentioned},
		"not another principal":          {document(strings.Replace(principal(`{"Service":"lambda.amazonaws.com"}`), "Principal", "NotPrincipal", 1)), nil, policy.Allowed},
		"a deny beside it":               {document(allow(""), everyoneDenied), func(r *policy.Request) { r.Context.Set("aws:securetransport", "false") }, policy.Denied},
		"a deny before it":               {document(everyoneDenied, allow("")), func(r *policy.Request) { r.Context.Set("aws:securetransport", "false") }, policy.Denied},
		"a deny that does not apply":     {document(allow(""), everyoneDenied), nil, policy.Allowed},
		"a policy of who asks":           {document(`{"Effect":"Allow","Action":"sns:*","Resource":"*"}`), nil, policy.Allowed},
		"a policy that trusts":           {document(`{"Effect":"Allow","Action":"sns:*","Principal":"*"}`), nil, policy.Allowed},
		"conditions of one operator":     {document(allow(`"StringEquals":{"aws:SourceAccount":"123456789012","s3:TlsVersion":"1.2"}`)), nil, policy.Unmentioned},
		"conditions of two operators":    {document(allow(`"Bool":{"aws:SecureTransport":true},"StringEquals":{"s3:TlsVersion":"1.2"}`)), nil, policy.Unmentioned},
		"conditions that hold, all both": {document(allow(`"Bool":{"aws:SecureTransport":true},"StringEquals":{"s3:TlsVersion":"1.3"}`)), nil, policy.Allowed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, c.want, decide(t, c.text, c.change))
		})
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	for condition, want := range map[string]bool{
		`"StringEquals":{"aws:SourceAccount":["1","123456789012"]}`:                                   true,
		`"StringEquals":{"AWS:SOURCEACCOUNT":"123456789012"}`:                                         true, // case doesn't count in keys
		`"StringEquals":{"aws:PrincipalTag/team":"Red"}`:                                              false,
		`"StringEquals":{"aws:PrincipalTag/team":"r*"}`:                                               false,
		`"StringEqualsIgnoreCase":{"aws:PrincipalTag/team":"Red"}`:                                    true,
		`"StringNotEquals":{"aws:PrincipalTag/team":["red","blue"]}`:                                  false,
		`"StringNotEquals":{"aws:PrincipalTag/team":["green","blue"]}`:                                true,
		`"StringNotEqualsIgnoreCase":{"aws:PrincipalTag/team":"RED"}`:                                 false,
		`"StringLike":{"aws:PrincipalTag/team":"r?d"}`:                                                true,
		`"StringNotLike":{"aws:PrincipalTag/team":"r*"}`:                                              false,
		`"StringEquals":{"aws:PrincipalOrgID":"o-1"}`:                                                 false, // the key is missing
		`"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}`:                                              true,
		`"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-1"}`:                                         true,
		`"StringEqualsIfExists":{"aws:SourceAccount":"1"}`:                                            false,
		`"Null":{"aws:PrincipalOrgID":"true"}`:                                                        true,
		`"Null":{"aws:PrincipalOrgID":false}`:                                                         false,
		`"Null":{"aws:SourceAccount":"false"}`:                                                        true,
		`"ArnLike":{"aws:SourceArn":"arn:*:events:*:*:rule/*"}`:                                       true,
		`"ArnEquals":{"aws:SourceArn":"arn:aws:events:us-west-2:123456789012:rule/bus/?"}`:            true,
		`"ArnLike":{"aws:SourceArn":"arn:aws:*:rule/bus/r"}`:                                          false, // * stays in its part
		`"ArnLike":{"aws:SourceArn":"arn:aws:events:us-west-2:*"}`:                                    false, // an ARN has six parts
		`"ArnLike":{"aws:SourceArn":"*"}`:                                                             true,
		`"ArnLike":{"aws:PrincipalTag/team":"arn:*:*:*:*:*"}`:                                         false,
		`"ArnNotLike":{"aws:SourceArn":"arn:aws:events:*:*:*"}`:                                       false,
		`"ArnNotEquals":{"aws:SourceArn":"arn:aws:sns:*:*:*"}`:                                        true,
		`"Bool":{"aws:SecureTransport":"True"}`:                                                       true,
		`"Bool":{"aws:SecureTransport":false}`:                                                        false,
		`"BinaryEquals":{"aws:PrincipalTag/team":"red"}`:                                              true,
		`"NumericEquals":{"s3:TlsVersion":1.30}`:                                                      true,
		`"NumericNotEquals":{"s3:TlsVersion":1.3}`:                                                    false,
		`"NumericLessThan":{"s3:TlsVersion":"1.3"}`:                                                   false,
		`"NumericLessThanEquals":{"s3:TlsVersion":"1.3"}`:                                             true,
		`"NumericGreaterThan":{"s3:TlsVersion":1.2}`:                                                  true,
		`"NumericGreaterThanEquals":{"s3:TlsVersion":1.4}`:                                            false,
		`"NumericEquals":{"aws:PrincipalTag/team":1}`:                                                 false, // it is not a number
		`"DateGreaterThan":{"aws:CurrentTime":"2026-01-31"}`:                                          true,
		`"DateLessThan":{"aws:CurrentTime":"2026-01-31T13:00:00+02:00"}`:                              false,
		`"DateEquals":{"aws:CurrentTime":1769860800}`:                                                 true, // seconds since 1970
		`"DateNotEquals":{"aws:CurrentTime":"2026-01-31T12:00Z"}`:                                     false,
		`"DateLessThanEquals":{"aws:CurrentTime":"2026"}`:                                             false,
		`"DateGreaterThanEquals":{"aws:CurrentTime":"soon"}`:                                          false,
		`"IpAddress":{"aws:SourceIp":["192.168.0.0/16","10.0.0.0/8"]}`:                                true,
		`"IpAddress":{"aws:SourceIp":"10.1.2.3"}`:                                                     true,
		`"IpAddress":{"aws:SourceIp":"2001:db8::/32"}`:                                                false,
		`"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"}`:                                                false,
		`"NotIpAddress":{"aws:SourceIp":["10.9.0.0/16"]}`:                                             true,
		`"NotIpAddress":{"aws:VpcSourceIp":"10.0.0.0/8"}`:                                             true,
		`"IpAddressIfExists":{"aws:VpcSourceIp":"10.0.0.0/8"}`:                                        true,
		`"ForAllValues:StringEquals":{"aws:TagKeys":["Name","team","cost"]}`:                          true,
		`"ForAllValues:StringEquals":{"aws:TagKeys":["Name"]}`:                                        false,
		`"ForAllValues:StringEquals":{"aws:NoKeys":["Name"]}`:                                         true, // as none breaks it
		`"ForAllValues:StringNotEquals":{"aws:TagKeys":["cost"]}`:                                     true,
		`"ForAllValues:StringNotEquals":{"aws:TagKeys":["team"]}`:                                     false,
		`"ForAnyValue:StringEquals":{"aws:TagKeys":["team","cost"]}`:                                  true,
		`"ForAnyValue:StringLike":{"aws:TagKeys":["cost*"]}`:                                          false,
		`"ForAnyValue:StringEquals":{"aws:NoKeys":["Name"]}`:                                          false,
		`"ForAnyValue:StringNotEquals":{"aws:NoKeys":["Name"]}`:                                       false,
		`"ForAnyValue:StringNotEquals":{"aws:TagKeys":["Name"]}`:                                      true,
		`"StringEquals":{"aws:SourceArn":"arn:aws:events:us-west-2:${aws:SourceAccount}:rule/bus/r"}`: true,
		`"StringEquals":{"aws:PrincipalTag/team":"${aws:PrincipalTag/missing}"}`:                      false,
		`"StringNotEquals":{"aws:PrincipalTag/team":"${aws:PrincipalTag/missing}"}`:                   true,
		`"StringEquals":{"aws:PrincipalTag/team":"${aws:PrincipalTag/missing, 'red'}"}`:               true,
		`"StringLike":{"aws:PrincipalTag/team":"${aws:username}"}`:                                    false, // a value has no wildcards
		`"StringEquals":{"aws:username":"${*}"}`:                                                      true,
		`"StringLike":{"aws:PrincipalTag/team":"${*}"}`:                                               false,
		`"StringLike":{"aws:PrincipalTag/team":"r${?}d"}`:                                             false,
		`"StringLike":{"aws:PrincipalTag/team":"${"}`:                                                 false,
		`"ArnLike":{"aws:SourceArn":"arn:aws:events:*:${aws:SourceAccount}:rule/*"}`:                  true,
		`"StringEqualsIgnoreCase":{"aws:PrincipalTag/team":"${aws:PrincipalTag/TEAM}"}`:               true,
	} {
		t.Run(condition, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, map[bool]policy.Decision{true: policy.Allowed}[want], decide(t, document(allow(condition)), nil))
		})
	}
}

// Without the newer version a policy has no variables.
func TestVariablesNeedTheVersion(t *testing.T) {
	t.Parallel()
	condition := allow(`"StringEquals":{"aws:SourceAccount":"${aws:SourceAccount}"}`)
	assert.Equal(t, policy.Allowed, decide(t, document(condition), nil))
	assert.Equal(t, policy.Unmentioned, decide(t, strings.Replace(document(condition), "2012-10-17", "2008-10-17", 1), nil))
	assert.Equal(t, policy.Unmentioned, decide(t, `{"Statement":`+condition+`}`, nil))
}

func TestResources(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, arn string
		want      bool
	}{
		{"*", topic, true},
		{"*", "*", true},
		{topic, topic, true},
		{topic, "*", false},
		{"arn:aws:sns:*:*:t", topic, true},
		{"arn:aws:sns:us-*-2:123456789012:?", topic, true},
		{"arn:aws:sns:*", topic, true},               // at its end a part reaches over colons
		{"arn:aws:*:t", topic, true},                 // also here
		{"arn:aws:s*s:123456789012:t", topic, false}, // but not from its middle
		{"arn:aws:sns:us-west-2:123456789012", topic, false},
		{"arn:aws:sns:us-west-2:123456789012:t:*", topic, false},
		{"arn:aws:s3:::b/*/x", "arn:aws:s3:::b/a:b/x", true},
		{"arn:aws:s3:::b", "arn:aws:s3:::b/x", false},
		{"arn:aws:logs:*:*:log-group:/ecs/*:log-stream:*", "arn:aws:logs:us-west-2:1:log-group:/ecs/web:log-stream:a/b", true},
		{"arn:aws:logs:*:*:log-group:/ecs/*", "arn:aws:logs:us-west-2:1:log-group:/ecs/web:log-stream:a", true},
	} {
		assert.Equal(t, c.want, policy.Covers(c.name, c.arn), "%s %s", c.name, c.arn)
	}
	variable := strings.Replace(allow(""), topic, "arn:aws:sns:*:${aws:SourceAccount}:t", 1)
	assert.Equal(t, policy.Allowed, decide(t, document(variable), nil))
	star := strings.Replace(allow(""), topic, "arn:aws:sns:*:*:${aws:username}", 1)
	assert.Equal(t, policy.Unmentioned, decide(t, document(star), nil), "the value is a * and not a wildcard")
}

func TestDocumentsThatAreRefused(t *testing.T) {
	t.Parallel()
	for text, words := range map[string]string{
		"":                  "first byte must be '{'",
		"[]":                "first byte must be '{'",
		"{":                 "Syntax errors",
		"{}":                "no statement",
		`{"Statement":[]}`:  "no statement",
		`{"Statement":1}`:   "Syntax errors",
		document("") + "{}": "goes on after",
		`{"Statements":[]}`: "Statements",
		`{"Version":"2020-01-01","Statement":[]}`:                                                          "2020-01-01",
		document(`{"Action":"s3:*"}`):                                                                      "effect",
		document(`{"Effect":"allow","Action":"s3:*"}`):                                                     "effect",
		document(`{"Effect":"Allow"}`):                                                                     "must contain actions",
		document(`{"Effect":"Allow","Action":"*","NotAction":"s3:*"}`):                                     "NotAction",
		document(`{"Effect":"Allow","Action":"*","Resource":"*","NotResource":"*"}`):                       "NotResource",
		document(`{"Effect":"Allow","Action":"*","Principal":"*","NotPrincipal":"*"}`):                     "NotPrincipal",
		document(`{"Effect":"Allow","Action":"GetObject"}`):                                                "GetObject",
		document(`{"Effect":"Allow","Action":{}}`):                                                         "list of strings",
		document(`{"Effect":"Allow","Action":[[]]}`):                                                       "list of strings",
		document(`{"Effect":"Allow","Actions":"*"}`):                                                       "Actions",
		document(`{"Effect":"Allow","Action":"*","Principal":"events.amazonaws.com"}`):                     "Invalid principal",
		document(`{"Effect":"Allow","Action":"*","Principal":{}}`):                                         "Invalid principal",
		document(`{"Effect":"Allow","Action":"*","Principal":{"User":"bob"}}`):                             "User",
		document(`{"Sid":"a","Effect":"Allow","Action":"*"}`, `{"Sid":"a","Effect":"Allow","Action":"*"}`): "unique",
		document(allow(`"StringIs":{"a":"b"}`)):                                                            "StringIs",
		document(allow(`"stringequals":{"a":"b"}`)):                                                        "stringequals",
		document(allow(`"NullIfExists":{"a":"true"}`)):                                                     "NullIfExists",
		document(allow(`"ForSomeValues:StringEquals":{"a":"b"}`)):                                          "ForSomeValues",
		document(allow(`"Null":{"a":"maybe"}`)):                                                            "maybe",
		document(allow(`"StringEquals":{"":"b"}`)):                                                         "no key",
		document(allow(`"StringEquals":"b"`)):                                                              "Syntax errors",
	} {
		_, err := policy.Parse(text)
		assert.ErrorContains(t, err, words, text)
	}
}

func TestWhatEachKindOfPolicyMustHave(t *testing.T) {
	t.Parallel()
	identity := (*policy.Document).CheckIdentity
	attached := func(d *policy.Document) error {
		return d.CheckResource("sns", func(resource string) bool { return policy.Covers(resource, topic) })
	}
	for name, c := range map[string]struct {
		statement string
		check     func(*policy.Document) error
		words     string
	}{
		"of a role":                       {`{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::a/*","arn:aws:s3*","*"]}`, identity, ""},
		"of a role, with a principal":     {allow(""), identity, "should not specify a principal"},
		"of a role, without resources":    {`{"Effect":"Allow","Action":"s3:*"}`, identity, "must contain resources"},
		"of a role, for a name":           {`{"Effect":"Allow","Action":"s3:*","NotResource":"my-bucket"}`, identity, "my-bucket must be in ARN format"},
		"of a role, for a short ARN":      {`{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3"}`, identity, "must be in ARN format"},
		"attached":                        {allow(""), attached, ""},
		"attached, without a principal":   {`{"Effect":"Allow","Action":"sns:*","Resource":"*"}`, attached, "Principal"},
		"attached, without a resource":    {`{"Effect":"Allow","Action":"sns:*","Principal":"*"}`, attached, "Resource"},
		"attached, for another service":   {strings.Replace(allow(""), "sns:Publish", "s3:PutObject", 1), attached, "invalid action"},
		"attached, for another resource":  {strings.Replace(allow(""), ":t", ":other", 1), attached, "invalid resource"},
		"attached, for all of everything": {`{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}`, attached, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := policy.Parse(document(c.statement))
			require.NoError(t, err)
			if err := c.check(d); c.words != "" {
				assert.ErrorContains(t, err, c.words)
			} else {
				assert.NoError(t, err)
			}
		})
	}
}

// Whatever a document says, it is refused or can be evaluated, and a deny of
// everything beside it wins.
func FuzzParse(f *testing.F) {
	f.Add(document(allow(`"StringLike":{"aws:PrincipalTag/team":"${aws:username}*"}`)))
	f.Add(document(allow(`"ForAllValues:ArnLike":{"aws:SourceArn":["arn:*:*:*:*:*"]}`)))
	f.Add(`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"*"},"NotAction":"*","Condition":{"DateEquals":{"a":[1,true,"b"]}}}}`)
	deny, err := policy.Parse(document(`{"Effect":"Deny","Action":"*","Resource":"*"}`))
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, text string) {
		d, err := policy.Parse(text)
		if err != nil {
			return
		}
		d.Decide(request())
		_ = d.CheckIdentity()
		assert.Equal(t, policy.Denied, policy.Decide([]*policy.Document{d, deny}, request()))
	})
}
