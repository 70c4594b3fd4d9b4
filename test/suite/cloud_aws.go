package suite

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/infrahouse/terraform-aws-ecs/test/targethealth"
)

// realAWS is the cloud of TEST_CLOUD=aws.
type realAWS struct {
	settings Settings
	config   aws.Config
}

func openAWS(ctx context.Context, s Settings) (*realAWS, error) {
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(s.Region))
	if err != nil {
		return nil, fmt.Errorf("AWS configuration: %w", err)
	}
	if s.Role != "" {
		provider := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), s.Role)
		cfg.Credentials = aws.NewCredentialsCache(provider)
	}
	identity, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, fmt.Errorf("no AWS credentials that work (TEST_ROLE=%q): %w", s.Role, err)
	}
	if account := aws.ToString(identity.Account); s.Account != "" && account != s.Account {
		return nil, fmt.Errorf("the credentials are of account %s, and TEST_ACCOUNT=%s is the only one in which the tests may run", account, s.Account)
	}
	return &realAWS{settings: s, config: cfg}, nil
}

// Environment leaves the credentials to the user's environment; a role is
// assumed by the fixtures (variable role_arn).
func (c *realAWS) Environment() []string {
	return []string{"AWS_REGION=" + c.settings.Region, "AWS_DEFAULT_REGION=" + c.settings.Region}
}

func (c *realAWS) Config() aws.Config { return c.config.Copy() }

func (c *realAWS) Client() *http.Client {
	return &http.Client{Timeout: 10 * time.Second, CheckRedirect: noRedirect}
}

func (c *realAWS) ParentZone() string { return c.settings.ZoneName }

func (c *realAWS) CurlOptions(context.Context, string, int) ([]string, error) { return nil, nil }

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

func (c *realAWS) Close(context.Context, bool) error { return nil }

// noRedirect shows a redirect as the answer that it is.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
