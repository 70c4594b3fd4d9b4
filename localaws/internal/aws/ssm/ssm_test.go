package ssm_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ec2"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ssm"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/core"
	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/wiretest"
)

// world is the Parameter Store behind its wire, with EC2's images.
type world struct {
	*wiretest.Server
	ssm     *ssm.Service
	images  []ec2.Image
	account *core.Account
}

func newWorld(t *testing.T) *world {
	t.Helper()
	a, _ := wiretest.NewAccount()
	machines := ec2.New(a, nil, nil)
	w := &world{ssm: ssm.New(a, machines), images: machines.Images(), account: a}
	w.Server = wiretest.NewServer(t, a, w.ssm.Wire())
	return w
}

type in = map[string]any

// answer holds the members of all answers that the tests read.
type answer struct {
	Parameter  parameter
	Parameters []parameter
	TagList    []core.Tag
	Version    int
	NextToken  string
}

type parameter struct {
	Name, Type, Value, ARN, DataType, Selector, Description, Tier, KeyID string
	Version                                                              int
}

func (w *world) call(t *testing.T, operation string, request in) (answer, *wiretest.Reply) {
	t.Helper()
	var out answer
	reply := w.JSON(t, "ssm", "AmazonSSM."+operation, request, &out)
	return out, reply
}

func (w *world) ok(t *testing.T, operation string, request in) answer {
	t.Helper()
	out, reply := w.call(t, operation, request)
	reply.OK(t)
	return out
}

// TestPublicParametersNameTheNewestImages: what a launch template takes from a
// parameter is the image that a search for the most recent one finds.
func TestPublicParametersNameTheNewestImages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, c := range map[string]struct {
		name, architecture string
		gpu                bool
	}{
		"amazon-linux-2023":           {"al2023-ami-ecs-hvm-", "x86_64", false},
		"amazon-linux-2023/arm64":     {"al2023-ami-ecs-hvm-", "arm64", false},
		"amazon-linux-2023/gpu":       {"al2023-ami-ecs-gpu-hvm-", "x86_64", true},
		"amazon-linux-2023/arm64/gpu": {"al2023-ami-ecs-gpu-hvm-", "arm64", true},
		"amazon-linux-2":              {"amzn2-ami-ecs-hvm-", "x86_64", false},
		"amazon-linux-2/arm64":        {"amzn2-ami-ecs-hvm-", "arm64", false},
		"amazon-linux-2/gpu":          {"amzn2-ami-ecs-gpu-hvm-", "x86_64", true},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			newest := ec2.Image{}
			for _, image := range w.images {
				if strings.HasPrefix(image.Name, c.name) && image.Architecture == c.architecture && image.Created.After(newest.Created) {
					newest = image
				}
			}
			require.NotEmpty(t, newest.ID)
			assert.Equal(t, c.gpu, newest.GPU)
			name := "/aws/service/ecs/optimized-ami/" + path + "/recommended"
			assert.Equal(t, newest.ID, w.ok(t, "GetParameter", in{"Name": name + "/image_id"}).Parameter.Value)
			var recommended struct {
				ImageID      string `json:"image_id"`
				ImageName    string `json:"image_name"`
				ImageVersion string `json:"image_version"`
			}
			whole := w.ok(t, "GetParameter", in{"Name": name}).Parameter
			require.NoError(t, json.Unmarshal([]byte(whole.Value), &recommended))
			assert.Equal(t, newest.ID, recommended.ImageID)
			assert.Equal(t, newest.Name, recommended.ImageName)
			assert.Regexp(t, `^(2023|2)\.0\.`+newest.Created.Format("20060102")+"$", recommended.ImageVersion)
			assert.Equal(t, "arn:aws:ssm:us-west-2::parameter"+name, whole.ARN)
			w.account.Do(func() {
				value, ok := w.ssm.Parameter(name + "/image_id")
				assert.True(t, ok)
				assert.Equal(t, newest.ID, value)
			})
		})
	}
	t.Run("plain Linux", func(t *testing.T) {
		t.Parallel()
		id := w.ok(t, "GetParameter", in{"Name": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}).Parameter.Value
		assert.True(t, strings.HasPrefix(id, "ami-"))
	})
	t.Run("they can't be changed", func(t *testing.T) {
		t.Parallel()
		_, reply := w.call(t, "PutParameter", in{"Name": "/aws/service/mine", "Value": "x", "Type": "String"})
		reply.Refused(t, "AccessDeniedException")
		_, reply = w.call(t, "DeleteParameter", in{"Name": "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended"})
		reply.Refused(t, "ParameterNotFound")
	})
}

func TestParameterLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	put := in{"Name": "/web/token", "Value": "one", "Type": "SecureString", "Description": "d", "Tags": []core.Tag{{Key: "a", Value: "b"}}}
	assert.Equal(t, 1, w.ok(t, "PutParameter", put).Version)
	_, reply := w.call(t, "PutParameter", put)
	reply.Refused(t, "ParameterAlreadyExists")
	assert.Equal(t, 2, w.ok(t, "PutParameter", in{"Name": "/web/token", "Value": "two", "Overwrite": true}).Version)

	got := w.ok(t, "GetParameter", in{"Name": "/web/token", "WithDecryption": true}).Parameter
	assert.Equal(t, parameter{
		Name: "/web/token", Type: "SecureString", Value: "two", ARN: "arn:aws:ssm:us-west-2:123456789012:parameter/web/token", DataType: "text", Version: 2,
	}, got)
	assert.NotContains(t, w.ok(t, "GetParameter", in{"Name": "/web/token"}).Parameter.Value, "two", "it is encrypted")
	latest := w.ok(t, "GetParameter", in{"Name": "/web/token:2", "WithDecryption": true}).Parameter
	assert.Equal(t, "two", latest.Value)
	assert.Equal(t, ":2", latest.Selector)
	_, reply = w.call(t, "GetParameter", in{"Name": "/web/token:1"})
	reply.Refused(t, "ParameterVersionNotFound")
	byARN := w.ok(t, "GetParameter", in{"Name": got.ARN, "WithDecryption": true}).Parameter
	assert.Equal(t, got, byARN)

	described := w.ok(t, "DescribeParameters", in{"ParameterFilters": []in{{"Key": "Name", "Option": "Equals", "Values": []string{"/web/token"}}}}).Parameters
	require.Len(t, described, 1)
	assert.Equal(t, "d", described[0].Description)
	assert.Equal(t, "Standard", described[0].Tier)
	assert.Equal(t, "alias/aws/ssm", described[0].KeyID)

	tags := in{"ResourceType": "Parameter", "ResourceId": "/web/token"}
	w.ok(t, "AddTagsToResource", in{"ResourceType": "Parameter", "ResourceId": "/web/token", "Tags": []core.Tag{{Key: "c", Value: "d"}}})
	w.ok(t, "RemoveTagsFromResource", in{"ResourceType": "Parameter", "ResourceId": "/web/token", "TagKeys": []string{"a"}})
	assert.Equal(t, []core.Tag{{Key: "c", Value: "d"}}, w.ok(t, "ListTagsForResource", tags).TagList)

	w.ok(t, "DeleteParameter", in{"Name": "/web/token"})
	_, reply = w.call(t, "GetParameter", in{"Name": "/web/token"})
	reply.Refused(t, "ParameterNotFound")
	_, reply = w.call(t, "ListTagsForResource", tags)
	reply.Refused(t, "InvalidResourceId")
}

func TestParameterRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok(t, "PutParameter", in{"Name": "has", "Value": "1", "Type": "String", "AllowedPattern": `^\d$`})
	for name, c := range map[string]struct {
		operation  string
		request    in
		code, says string
	}{
		"a name with a space":      {"PutParameter", in{"Name": "a b", "Value": "x", "Type": "String"}, "ValidationException", "a b"},
		"too deep":                 {"PutParameter", in{"Name": strings.Repeat("/a", 16), "Value": "x", "Type": "String"}, "HierarchyLevelLimitExceededException", "15 levels"},
		"no type":                  {"PutParameter", in{"Name": "a", "Value": "x"}, "ValidationException", "type is required"},
		"an unknown type":          {"PutParameter", in{"Name": "a", "Value": "x", "Type": "Number"}, "ValidationException", "Number"},
		"an empty value":           {"PutParameter", in{"Name": "a", "Type": "String"}, "ValidationException", "empty"},
		"a value too long":         {"PutParameter", in{"Name": "a", "Value": strings.Repeat("x", 4097), "Type": "String"}, "ValidationException", "4096"},
		"another type":             {"PutParameter", in{"Name": "has", "Value": "2", "Type": "SecureString", "Overwrite": true}, "HierarchyTypeMismatch", "SecureString"},
		"a value of other letters": {"PutParameter", in{"Name": "has", "Value": "x", "Overwrite": true}, "ParameterPatternMismatchException", `^\d$`},
		"a bad pattern":            {"PutParameter", in{"Name": "a", "Value": "x", "Type": "String", "AllowedPattern": "("}, "InvalidAllowedPatternException", "a"},
		"policies":                 {"PutParameter", in{"Name": "a", "Value": "x", "Type": "String", "Policies": "[]"}, "UnsupportedParameter", "Policies"},
		"an unknown version":       {"GetParameter", in{"Name": "has:9"}, "ParameterVersionNotFound", "version 9"},
		"an unknown filter":        {"DescribeParameters", in{"ParameterFilters": []in{{"Key": "Colour", "Values": []string{"red"}}}}, "InvalidFilterKey", "Colour"},
		"an unknown option":        {"DescribeParameters", in{"ParameterFilters": []in{{"Key": "Name", "Option": "Near", "Values": []string{"a"}}}}, "InvalidFilterOption", "Near"},
		"too large a page":         {"DescribeParameters", in{"MaxResults": 51}, "ValidationException", "51"},
		"a page of nothing known":  {"DescribeParameters", in{"NextToken": "§"}, "InvalidNextToken", "§"},
		"tags of a document":       {"ListTagsForResource", in{"ResourceType": "Document", "ResourceId": "x"}, "InvalidResourceType", "Document"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, reply := w.call(t, c.operation, c.request)
			assert.Contains(t, reply.Refused(t, c.code).Message, c.says)
		})
	}
}

func TestStateOutlivesARestart(t *testing.T) {
	t.Parallel()
	before, after := newWorld(t), newWorld(t)
	for i := range 3 {
		before.ok(t, "PutParameter", in{"Name": "a", "Value": fmt.Sprint(i), "Type": "String", "Overwrite": i > 0})
	}
	wiretest.Revive(t, before.account, after.account)
	got := after.ok(t, "GetParameter", in{"Name": "a"}).Parameter
	assert.Equal(t, "2", got.Value)
	assert.Equal(t, 3, got.Version)
	after.ok(t, "AddTagsToResource", in{"ResourceType": "Parameter", "ResourceId": "a", "Tags": []core.Tag{{Key: "a"}}})
	var read struct {
		Parameter struct{ LastModifiedDate float64 }
	}
	after.JSON(t, "ssm", "AmazonSSM.GetParameter", in{"Name": "a"}, &read).OK(t)
	assert.InDelta(t, float64(wiretest.Start.UnixMilli())/1000, read.Parameter.LastModifiedDate, time.Millisecond.Seconds())
}

func TestRefusedTagsLeaveNoParameter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, reply := w.call(t, "PutParameter", in{"Name": "a", "Value": "x", "Type": "String", "Tags": []core.Tag{{Key: "aws:x"}}})
	reply.Refused(t, "ValidationException")
	_, reply = w.call(t, "GetParameter", in{"Name": "a"})
	reply.Refused(t, "ParameterNotFound")
}
