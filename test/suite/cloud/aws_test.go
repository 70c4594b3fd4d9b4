package cloud

import (
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/client"
	"github.com/infrahouse/terraform-aws-ecs/localaws/client/stack"
	"github.com/infrahouse/terraform-aws-ecs/test/localcloud"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
)

// asOnAWS lets TEST_CLOUD=aws find a localaws by the variables that the SDK
// reads. It has a role that may be assumed, and one that may not.
func asOnAWS(t *testing.T) *stack.Cloud {
	t.Helper()
	c := localcloud.Start(t)
	e := c.Endpoint
	for name, principal := range map[string]string{"tests": "arn:aws:iam::" + e.AccountID + ":root", "others": "arn:aws:iam::210987654321:root"} {
		c.Query(t, "iam", "CreateRole", map[string]string{"RoleName": name, "AssumeRolePolicyDocument": `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "` + principal + `"}}]}`}, nil)
	}
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
		}
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": e.Endpoint, "AWS_ACCESS_KEY_ID": e.AccessKeyID, "AWS_SECRET_ACCESS_KEY": e.SecretAccessKey,
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	return c
}

func TestOpenAWSActsAsTheRole(t *testing.T) { //nolint:paralleltest // the SDK reads the process's environment
	c := asOnAWS(t)
	account := c.AccountID
	cloud, err := openAWS(t.Context(), settings.Settings{
		Cloud: settings.AWS, Region: "us-west-2", Account: account, ZoneName: "localaws.test.", Role: "arn:aws:iam::" + account + ":role/tests",
	})
	require.NoError(t, err)
	caller, err := sts.NewFromConfig(cloud.Config()).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	require.NoError(t, err)
	assert.Equal(t, "arn:aws:sts::"+account+":assumed-role/tests/"+roleSession, aws.ToString(caller.Arn))

	require.NoError(t, c.SetFaults(t.Context(), client.Fault{Times: 2, Code: "Throttling", Message: "Rate exceeded"}))
	_, err = sts.NewFromConfig(cloud.Config()).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	require.NoError(t, err, "a call that is throttled twice")
}

func TestOpenAWSRefuses(t *testing.T) {
	account := asOnAWS(t).AccountID
	good := settings.Settings{Cloud: settings.AWS, Region: "us-west-2", Account: account, ZoneName: "localaws.test"}
	role := func(name string) string { return "arn:aws:iam::" + account + ":role/" + name }
	tests := map[string]struct {
		change func(*settings.Settings)
		want   string
	}{
		"another account": {func(s *settings.Settings) { s.Account = "210987654321" }, "is of account " + account + ", and TEST_ACCOUNT=210987654321 is the only one"},
		"another account's, as a role": {func(s *settings.Settings) { s.Account, s.Role = "210987654321", role("tests") },
			":assumed-role/tests/" + roleSession + " is of account " + account},
		"a role that trusts others": {func(s *settings.Settings) { s.Role = role("others") }, "TEST_ROLE=" + role("others") + " can't be assumed by arn:aws:"},
		"no such role":              {func(s *settings.Settings) { s.Role = role("nobody") }, "TEST_ROLE=" + role("nobody") + " can't be assumed by arn:aws:"},
		"no such zone":              {func(s *settings.Settings) { s.ZoneName = "example.com" }, "TEST_ZONE_NAME=example.com is not a public hosted zone of account " + account},
	}
	for name, test := range tests { //nolint:paralleltest // the SDK reads the process's environment
		t.Run(name, func(t *testing.T) {
			changed := good
			test.change(&changed)
			_, err := openAWS(t.Context(), changed)
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), "\n", "one line")
		})
	}
	t.Run("no credentials", func(t *testing.T) {
		t.Setenv("AWS_ACCESS_KEY_ID", "")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "")
		_, err := openAWS(t.Context(), good)
		assert.ErrorContains(t, err, "no AWS credentials that work: set AWS_PROFILE")
	})
}
