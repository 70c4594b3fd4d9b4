package cloud

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/awsapi"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// realAWS is the cloud of TEST_CLOUD=aws.
type realAWS struct {
	settings settings.Settings
	config   aws.Config
}

// roleSession names the sessions of TEST_ROLE, in AWS's own logs of calls.
const roleSession = "terraform-aws-ecs-tests"

// sdkAttempts is how often the SDK makes a call that AWS throttles: a run makes
// thousands, beside the account's others.
const sdkAttempts = 10

// openAWS looks for credentials, acts as TEST_ROLE, and refuses to go on when
// that is not in TEST_ACCOUNT, or has no zone for the tests. Nothing has been
// made then.
func openAWS(ctx context.Context, s settings.Settings) (*realAWS, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(s.Region), config.WithRetryMaxAttempts(sdkAttempts))
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", err)
	}
	c := &realAWS{settings: s, config: cfg}
	caller, err := c.caller(ctx)
	if err != nil {
		return nil, fmt.Errorf("no AWS credentials that work: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: %w", err)
	}
	if s.Role != "" {
		provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), s.Role, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = roleSession
		})
		c.config.Credentials = aws.NewCredentialsCache(provider)
		was := aws.ToString(caller.Arn)
		if caller, err = c.caller(ctx); err != nil {
			return nil, fmt.Errorf("TEST_ROLE=%s can't be assumed by %s: its trust policy must allow that: %w", s.Role, was, err)
		}
	}
	if account := aws.ToString(caller.Account); account != s.Account {
		return nil, fmt.Errorf("%s is of account %s, and TEST_ACCOUNT=%s is the only one in which the tests may run: use its credentials, or name a role in it with TEST_ROLE",
			aws.ToString(caller.Arn), account, s.Account)
	}
	return c, c.checkZone(ctx)
}

func (c *realAWS) caller(ctx context.Context) (*sts.GetCallerIdentityOutput, error) {
	return sts.NewFromConfig(c.config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
}

// checkZone makes sure that the zone is there below which the tests make one.
func (c *realAWS) checkZone(ctx context.Context) error {
	var out struct {
		Zones []struct {
			Name    string
			Private bool `xml:"Config>PrivateZone"`
		} `xml:"HostedZones>HostedZone"`
	}
	name := strings.TrimSuffix(c.settings.ZoneName, ".") + "."
	if err := awsapi.New(c.config).Get(ctx, awsapi.Route53, "/2013-04-01/hostedzonesbyname?dnsname="+url.QueryEscape(name), &out); err != nil {
		return fmt.Errorf("looking for TEST_ZONE_NAME=%s: %w", c.settings.ZoneName, err)
	}
	for _, zone := range out.Zones {
		if zone.Name == name && !zone.Private {
			return nil
		}
	}
	return fmt.Errorf("TEST_ZONE_NAME=%s is not a public hosted zone of account %s: name one that is", c.settings.ZoneName, c.settings.Account)
}

// Environment leaves the credentials to the user's environment; the role is
// assumed by the fixtures' providers (variable role_arn), which renew it.
func (c *realAWS) Environment() []string {
	return []string{"AWS_REGION=" + c.settings.Region, "AWS_DEFAULT_REGION=" + c.settings.Region}
}

func (c *realAWS) Config() aws.Config { return c.config.Copy() }

func (c *realAWS) Client() *http.Client {
	return &http.Client{Timeout: 10 * time.Second, CheckRedirect: noRedirect}
}

func (c *realAWS) ParentZone() string { return c.settings.ZoneName }

func (c *realAWS) CurlOptions(context.Context, string, int) ([]string, string, error) {
	return nil, "", nil
}

func (c *realAWS) Patience() targethealth.Patience {
	return targethealth.Patience{
		Poll:        3 * time.Second,
		Total:       15 * time.Minute,
		NoInstances: 6 * time.Minute,
		Unhealthy:   5 * time.Minute,
		Stopped:     4,
	}
}

// Leftovers trusts Terraform: AWS holds more than the tests' own.
func (c *realAWS) Leftovers(context.Context) ([]string, error) { return nil, nil }

func (c *realAWS) Close(context.Context) error { return nil }

// noRedirect shows a redirect as the answer that it is.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
