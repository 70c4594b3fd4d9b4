package sts_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/iam"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/sts"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// world is STS and IAM behind their wire.
type world struct {
	*wiretest.Server
	sts     *sts.Service
	account *core.Account
	clock   *clock.Fake
}

func newWorld(t *testing.T) *world {
	t.Helper()
	a, fake := wiretest.NewAccount()
	roles := iam.New(a)
	w := &world{sts: sts.New(a, roles), account: a, clock: fake}
	w.Server = wiretest.NewServer(t, a, w.sts.Wire(), roles.Wire())
	return w
}

// role makes a role whose trust policy has that principal and action.
func (w *world) role(t *testing.T, name, principal, action string) string {
	t.Helper()
	var out struct{ Role struct{ Arn string } }
	w.Query(t, "iam", "CreateRole", url.Values{"RoleName": {name}, "AssumeRolePolicyDocument": {fmt.Sprintf(
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{%s},"Action":%q}}`, principal, action)}}, &out).OK(t)
	return out.Role.Arn
}

// reply is what an STS operation answered or refused.
type reply struct {
	status  int
	body    string
	Account string `xml:"GetCallerIdentityResult>Account"`
	Arn     string `xml:"GetCallerIdentityResult>Arn"`
	UserID  string `xml:"GetCallerIdentityResult>UserId"`
	Session struct {
		AccessKeyID string    `xml:"Credentials>AccessKeyId"`
		Expiration  time.Time `xml:"Credentials>Expiration"`
		Arn         string    `xml:"AssumedRoleUser>Arn"`
	} `xml:"AssumeRoleResult"`
	Code    string `xml:"Error>Code"`
	Message string `xml:"Error>Message"`
}

// call sends an operation signed with that key, or unsigned with "".
func (w *world) call(t *testing.T, key, action string, parameters ...string) reply {
	t.Helper()
	form := url.Values{"Action": {action}, "Version": {"2011-06-15"}}
	for i := 0; i < len(parameters); i += 2 {
		form.Set(parameters[i], parameters[i+1])
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if key != "" {
		request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+key+"/20260131/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=0")
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	r := reply{status: response.StatusCode, body: string(body)}
	require.NoError(t, xml.NewDecoder(bytes.NewReader(body)).Decode(&r))
	return r
}

func TestCallerIdentityIsStable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.call(t, "AKIA1", "GetCallerIdentity")
	assert.Equal(t, "123456789012", first.Account)
	assert.Equal(t, "arn:aws:iam::123456789012:user/localaws", first.Arn)
	second := w.call(t, "OTHER", "GetCallerIdentity")
	assert.Equal(t, first.Arn+first.UserID, second.Arn+second.UserID)
	forged := w.call(t, "ASIAFORGED", "GetCallerIdentity")
	assert.Equal(t, "InvalidClientTokenId", forged.Code)
	assert.Equal(t, http.StatusForbidden, forged.status)
	unsigned := w.call(t, "", "GetCallerIdentity")
	assert.Equal(t, "MissingAuthenticationToken", unsigned.Code)
}

func TestActingAsARole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	arn := w.role(t, "deploy", `"AWS":"arn:aws:iam::123456789012:root"`, "sts:AssumeRole")
	session := w.call(t, "AKIA1", "AssumeRole", "RoleArn", arn, "RoleSessionName", "run-1", "DurationSeconds", "900")
	require.Equal(t, http.StatusOK, session.status, session.body)
	key := session.Session.AccessKeyID
	assert.Equal(t, "arn:aws:sts::123456789012:assumed-role/deploy/run-1", session.Session.Arn)
	assert.Equal(t, wiretest.Start.Add(15*time.Minute), session.Session.Expiration)

	caller := w.call(t, key, "GetCallerIdentity")
	assert.Equal(t, session.Session.Arn, caller.Arn)
	assert.Regexp(t, `^AROA\w+:run-1$`, caller.UserID)

	w.clock.Advance(16 * time.Minute)
	assert.Equal(t, "ExpiredToken", w.call(t, key, "GetCallerIdentity").Code)
}

func TestRoleThatTrustsARole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.role(t, "first", `"AWS":"*"`, "sts:AssumeRole")
	second := w.role(t, "second", fmt.Sprintf(`"AWS":%q`, first), "sts:AssumeRole")
	assert.Equal(t, "AccessDenied", w.call(t, "AKIA1", "AssumeRole", "RoleArn", second, "RoleSessionName", "run").Code, "not for the user")
	key := w.call(t, "AKIA1", "AssumeRole", "RoleArn", first, "RoleSessionName", "run").Session.AccessKeyID
	chained := w.call(t, key, "AssumeRole", "RoleArn", second, "RoleSessionName", "run")
	assert.Equal(t, "arn:aws:sts::123456789012:assumed-role/second/run", chained.Session.Arn)
	assert.Equal(t, "ValidationError", w.call(t, key, "AssumeRole", "RoleArn", second, "RoleSessionName", "run", "DurationSeconds", "3601").Code)
}

func TestAssumeRoleRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := w.role(t, "open", `"AWS":"*"`, "sts:AssumeRole")
	machines := w.role(t, "machines", `"Service":"ec2.amazonaws.com"`, "sts:AssumeRole")
	for name, c := range map[string]struct {
		parameters []string
		code, says string
	}{
		"no such role":          {[]string{"RoleArn", open + "2", "RoleSessionName", "run"}, "AccessDenied", "open2"},
		"a role for services":   {[]string{"RoleArn", machines, "RoleSessionName", "run"}, "AccessDenied", "is not authorized to perform: sts:AssumeRole on resource: " + machines},
		"no session name":       {[]string{"RoleArn", open}, "ValidationError", "roleSessionName"},
		"a name with a space":   {[]string{"RoleArn", open, "RoleSessionName", "a b"}, "ValidationError", "a b"},
		"a session too long":    {[]string{"RoleArn", open, "RoleSessionName", "run", "DurationSeconds", "3601"}, "ValidationError", "3600"},
		"a session too short":   {[]string{"RoleArn", open, "RoleSessionName", "run", "DurationSeconds", "60"}, "ValidationError", "900"},
		"an unknown parameter":  {[]string{"RoleArn", open, "RoleSessionName", "run", "Policy", "{}"}, "UnsupportedParameter", "Policy"},
		"a duration of letters": {[]string{"RoleArn", open, "RoleSessionName", "run", "DurationSeconds", "long"}, "SerializationException", "DurationSeconds"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := w.call(t, "AKIA1", "AssumeRole", c.parameters...)
			assert.Equal(t, c.code, r.Code)
			assert.Contains(t, r.Message, c.says)
		})
	}
}

func TestSessionsOutliveARestart(t *testing.T) {
	t.Parallel()
	before, after := newWorld(t), newWorld(t)
	arn := before.role(t, "deploy", `"AWS":"*"`, "sts:AssumeRole")
	key := before.call(t, "AKIA1", "AssumeRole", "RoleArn", arn, "RoleSessionName", "run").Session.AccessKeyID
	wiretest.Revive(t, before.account, after.account)
	assert.Equal(t, "arn:aws:sts::123456789012:assumed-role/deploy/run", after.call(t, key, "GetCallerIdentity").Arn)
}
