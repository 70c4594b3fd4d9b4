package logs_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/logs"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core/clock"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

type fixture struct {
	*wiretest.Server
	account *core.Account
	clock   *clock.Fake
	service *logs.Service
}

type object = map[string]any

// newFixture returns a CloudWatch Logs with the group "/ecs/web" and in it the
// stream "one".
func newFixture(t *testing.T) *fixture {
	t.Helper()
	a, fake := wiretest.NewAccount()
	f := &fixture{account: a, clock: fake, service: logs.New(a)}
	f.Server = wiretest.NewServer(t, a, f.service.Wire())
	f.call(t, "CreateLogGroup", object{"logGroupName": "/ecs/web", "tags": object{"a": "1"}}, nil).OK(t)
	f.account.Do(func() { require.NoError(t, f.service.CreateStream("/ecs/web", "one")) })
	return f
}

func (f *fixture) call(t *testing.T, operation string, in object, out any) *wiretest.Reply {
	t.Helper()
	return f.JSON(t, "logs", "Logs_20140328."+operation, in, out)
}

// write puts messages, a second apart from now on.
func (f *fixture) write(t *testing.T, stream string, messages ...string) {
	t.Helper()
	f.account.Do(func() {
		require.NoError(t, f.service.CreateStream("/ecs/web", stream))
		var events []logs.Event
		for i, m := range messages {
			events = append(events, logs.Event{Time: f.clock.Now().Add(time.Duration(i) * time.Second), Message: m})
		}
		require.NoError(t, f.service.Put("/ecs/web", stream, events))
	})
}

type page struct {
	Events []struct {
		LogStreamName, Message string
		Timestamp              int64
	}
	NextToken string
}

func (p page) messages() []string {
	list := []string{}
	for _, e := range p.Events {
		list = append(list, e.Message)
	}
	return list
}

func TestLogGroups(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	group := object{"logGroupName": "/ecs/web"}
	f.call(t, "CreateLogGroup", group, nil).Refused(t, "ResourceAlreadyExistsException")
	f.call(t, "CreateLogGroup", object{"logGroupName": "a b"}, nil).Refused(t, "InvalidParameterException")
	f.call(t, "CreateLogGroup", object{"logGroupName": "/ecs/web-2", "kmsKeyId": "arn:key"}, nil).OK(t)
	f.call(t, "PutRetentionPolicy", object{"logGroupName": "/ecs/web", "retentionInDays": 365}, nil).OK(t)
	f.call(t, "PutRetentionPolicy", object{"logGroupName": "/ecs/web", "retentionInDays": 2}, nil).Refused(t, "InvalidParameterException")

	var out struct {
		LogGroups []struct {
			LogGroupName, Arn, LogGroupArn, KmsKeyID, LogGroupClass string
			RetentionInDays                                         *int
		}
		NextToken string
	}
	f.call(t, "DescribeLogGroups", object{"logGroupNamePrefix": "/ecs/web"}, &out).OK(t)
	require.Len(t, out.LogGroups, 2)
	assert.Equal(t, "arn:aws:logs:us-west-2:123456789012:log-group:/ecs/web:*", out.LogGroups[0].Arn)
	assert.Equal(t, "arn:aws:logs:us-west-2:123456789012:log-group:/ecs/web", out.LogGroups[0].LogGroupArn)
	assert.Equal(t, 365, *out.LogGroups[0].RetentionInDays)
	assert.Nil(t, out.LogGroups[1].RetentionInDays)
	assert.Equal(t, "arn:key", out.LogGroups[1].KmsKeyID)
	f.call(t, "DescribeLogGroups", object{"limit": 1}, &out).OK(t)
	f.call(t, "DescribeLogGroups", object{"limit": 1, "nextToken": out.NextToken}, &out).OK(t)
	assert.Equal(t, "/ecs/web-2", out.LogGroups[0].LogGroupName)
	f.call(t, "DescribeLogGroups", object{"nextToken": "/ecs/web"}, nil).Refused(t, "InvalidParameterException")

	f.call(t, "DeleteRetentionPolicy", group, nil).OK(t)
	f.call(t, "DeleteLogGroup", group, nil).OK(t)
	f.call(t, "DeleteLogGroup", group, nil).Refused(t, "ResourceNotFoundException")
	f.account.Do(func() {
		assert.ErrorContains(t, f.service.CreateStream("/ecs/web", "x"), "ResourceNotFoundException")
		assert.ErrorContains(t, f.service.Put("/ecs/web", "x", nil), "ResourceNotFoundException")
	})
}

func TestTagsByEitherARN(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const arn = "arn:aws:logs:us-west-2:123456789012:log-group:/ecs/web"
	for _, form := range []string{arn, arn + ":*"} {
		f.call(t, "TagResource", object{"resourceArn": form, "tags": object{"b": "2"}}, nil).OK(t)
		var out struct{ Tags map[string]string }
		f.call(t, "ListTagsForResource", object{"resourceArn": form}, &out).OK(t)
		assert.Equal(t, map[string]string{"a": "1", "b": "2"}, out.Tags)
		f.call(t, "UntagResource", object{"resourceArn": form, "tagKeys": []string{"b"}}, nil).OK(t)
	}
}

func TestGetLogEventsReadsFromEitherEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.write(t, "one", "a", "b", "c")
	get := func(more object) (p page) {
		in := object{"logGroupName": "/ecs/web", "logStreamName": "one"}
		for k, v := range more {
			in[k] = v
		}
		f.call(t, "GetLogEvents", in, &p).OK(t)
		return p
	}
	assert.Equal(t, []string{"b", "c"}, get(object{"limit": 2}).messages())
	assert.Equal(t, []string{"a", "b"}, get(object{"limit": 2, "startFromHead": true}).messages())
	start := wiretest.Start.UnixMilli()
	assert.Equal(t, []string{"b"}, get(object{"startTime": start + 1000, "endTime": start + 2000}).messages())
	f.call(t, "GetLogEvents", object{"logGroupName": "/ecs/web", "logStreamName": "one", "nextToken": "x"}, nil).Refused(t, "UnsupportedParameter")
}

func TestFilterLogEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.write(t, "one", "GET /a 200", "ERROR disk full")
	f.write(t, "two", "GET /b 500", "all fine")
	tests := []struct {
		name string
		in   object
		want []string
	}{
		{"everything", object{}, []string{"GET /a 200", "GET /b 500", "ERROR disk full", "all fine"}},
		{"a term", object{"filterPattern": "GET"}, []string{"GET /a 200", "GET /b 500"}},
		{"two terms", object{"filterPattern": "GET 500"}, []string{"GET /b 500"}},
		{"a phrase", object{"filterPattern": `"disk full"`}, []string{"ERROR disk full"}},
		{"one stream", object{"logStreamNames": []string{"two"}}, []string{"GET /b 500", "all fine"}},
		{"prefix", object{"logStreamNamePrefix": "o"}, []string{"GET /a 200", "ERROR disk full"}},
		{"until a time", object{"endTime": wiretest.Start.UnixMilli()}, []string{"GET /a 200", "GET /b 500"}},
		{"limit", object{"limit": 1}, []string{"GET /a 200"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := object{"logGroupName": "/ecs/web"}
			for k, v := range test.in {
				in[k] = v
			}
			var out page
			f.call(t, "FilterLogEvents", in, &out).OK(t)
			assert.Equal(t, test.want, out.messages())
		})
	}
	for _, pattern := range []string{"{ $.a = 1 }", "GET -500", "?ERROR ?fine", `"open`} {
		f.call(t, "FilterLogEvents", object{"logGroupName": "/ecs/web", "filterPattern": pattern}, nil).Refused(t, "InvalidParameterException")
	}
	var all []string
	in := object{"logGroupName": "/ecs/web", "limit": 1}
	for range 4 {
		var out page
		f.call(t, "FilterLogEvents", in, &out).OK(t)
		all, in["nextToken"] = append(all, out.messages()...), out.NextToken
	}
	assert.Equal(t, tests[0].want, all, "page by page")
}

func TestStreamsKeepTheNewestEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 51 {
		var messages []string
		for j := range 100 {
			messages = append(messages, fmt.Sprint(i*100+j))
		}
		f.write(t, "one", messages...)
		f.clock.Advance(100 * time.Second)
	}
	var out page
	f.call(t, "GetLogEvents", object{"logGroupName": "/ecs/web", "logStreamName": "one", "startFromHead": true, "limit": 1}, &out).OK(t)
	assert.Equal(t, []string{"100"}, out.messages())
}

// A container may write long lines without end.
func TestStreamsKeepTwoMegabytes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for i := range 40 {
		f.write(t, "one", fmt.Sprint(i)+strings.Repeat("x", 200_000))
		f.clock.Advance(time.Second)
	}
	var out page
	f.call(t, "GetLogEvents", object{"logGroupName": "/ecs/web", "logStreamName": "one", "startFromHead": true}, &out).OK(t)
	messages := out.messages()
	assert.Len(t, messages, 10)
	assert.Equal(t, "39x", messages[len(messages)-1][:3])
}

func TestRetentionHidesOldEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.write(t, "one", "old")
	f.call(t, "PutRetentionPolicy", object{"logGroupName": "/ecs/web", "retentionInDays": 1}, nil).OK(t)
	f.clock.Advance(36 * time.Hour)
	f.write(t, "one", "new")
	var out page
	f.call(t, "GetLogEvents", object{"logGroupName": "/ecs/web", "logStreamName": "one"}, &out).OK(t)
	assert.Equal(t, []string{"new"}, out.messages())
}

func TestStateOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.write(t, "one", "a")
	f.write(t, "one", strings.Split(strings.Repeat("x", 299), "")...)
	revived, _ := wiretest.NewAccount()
	next := logs.New(revived)
	wiretest.Revive(t, f.account, revived)
	server := wiretest.NewServer(t, revived, next.Wire())
	var out page
	server.JSON(t, "logs", "Logs_20140328.GetLogEvents", object{"logGroupName": "/ecs/web", "logStreamName": "one"}, &out).OK(t)
	assert.Len(t, out.Events, 300)
	assert.Equal(t, "a", out.Events[0].Message)
	revived.Do(func() {
		require.NoError(t, next.Put("/ecs/web", "one", []logs.Event{{Time: wiretest.Start, Message: "b"}}))
	})
}

func TestARefusedPutLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.write(t, "one", "a")
	failed := errors.New("what comes after fails")
	err := f.account.Update(t.Context(), func() error {
		if err := f.service.CreateStream("/ecs/web", "two"); err != nil {
			return err
		}
		if err := f.service.Put("/ecs/web", "one", []logs.Event{{Time: wiretest.Start, Message: "b"}}); err != nil {
			return err
		}
		return failed
	})
	require.ErrorIs(t, err, failed)
	var out page
	f.call(t, "FilterLogEvents", object{"logGroupName": "/ecs/web"}, &out).OK(t)
	assert.Equal(t, []string{"a"}, out.messages())
	f.call(t, "GetLogEvents", object{"logGroupName": "/ecs/web", "logStreamName": "two"}, nil).Refused(t, "ResourceNotFoundException")
}

func TestADeletedGroupTakesItsEventsAlong(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.write(t, "one", "a")
	f.call(t, "DeleteLogGroup", object{"logGroupName": "/ecs/web"}, nil).OK(t)
	f.call(t, "CreateLogGroup", object{"logGroupName": "/ecs/web"}, nil).OK(t)
	f.write(t, "one", "b")
	var out page
	f.call(t, "FilterLogEvents", object{"logGroupName": "/ecs/web"}, &out).OK(t)
	assert.Equal(t, []string{"b"}, out.messages())
}

// keys is KMS with one key that CloudWatch Logs may use for one group.
type keys struct{}

func (keys) Usable(keyARN, service string, encryptionContext map[string]string) error {
	if keyARN == "arn:key" && service == "logs.us-west-2.amazonaws.com" &&
		encryptionContext["aws:logs:arn"] == "arn:aws:logs:us-west-2:123456789012:log-group:/ecs/web" {
		return nil
	}
	return errors.New("no such key")
}

func TestKeysThatCannotBeUsedAreRefused(t *testing.T) {
	t.Parallel()
	a, _ := wiretest.NewAccount()
	server := wiretest.NewServer(t, a, logs.New(a, logs.WithKeys(keys{})).Wire())
	call := func(operation string, in object) *wiretest.Reply {
		return server.JSON(t, "logs", "Logs_20140328."+operation, in, nil)
	}
	call("CreateLogGroup", object{"logGroupName": "/ecs/web", "kmsKeyId": "arn:none"}).Refused(t, "InvalidParameterException")
	call("CreateLogGroup", object{"logGroupName": "/ecs/other", "kmsKeyId": "arn:key"}).Refused(t, "InvalidParameterException")
	call("CreateLogGroup", object{"logGroupName": "/ecs/web", "kmsKeyId": "arn:key"}).OK(t)
	call("AssociateKmsKey", object{"logGroupName": "/ecs/web", "kmsKeyId": "arn:none"}).Refused(t, "InvalidParameterException")
	call("DisassociateKmsKey", object{"logGroupName": "/ecs/web"}).OK(t)
}
