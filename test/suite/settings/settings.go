// Package settings reads what the environment says of a run.
package settings

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
)

// Settings are the variables of a run. test/README.md lists them.
type Settings struct {
	Cloud            string // TEST_CLOUD: local or aws
	Region           string // TEST_REGION
	Role             string // TEST_ROLE: to assume on AWS
	Account          string // TEST_ACCOUNT: the only one in which a run on AWS may happen; it must be named
	ZoneName         string // TEST_ZONE_NAME: the parent zone on AWS
	AWS6             string // TEST_AWS6_VERSION
	Mirror           string // TEST_PROVIDER_MIRROR
	Terraform        string // TEST_TERRAFORM
	Space            string // TEST_SPACE: which work directories; runs in two spaces share nothing
	OneSpace         bool   // TEST_SPACE is set: clean this one only
	NewestOnly       bool   // TEST_PROVIDERS=newest: one case, the newest that can be had
	RequireProviders []string
	StepSummary      string // GITHUB_STEP_SUMMARY: the file of a job's summary; "" outside GitHub Actions
	skip             func(stage string) bool
}

// Clouds that the tests know.
const (
	Local = "local"
	AWS   = "aws"
)

// spaceName keeps a space's name usable in names of resources and folders.
var spaceName = regexp.MustCompile(`^[a-z][a-z0-9]{0,11}$`)

// Read reads the environment. An error is one line that names the
// variable, its value and what to do.
func Read(getenv func(string) string) (Settings, error) {
	orElse := func(name, fallback string) string {
		if value := getenv(name); value != "" {
			return value
		}
		return fallback
	}
	s := Settings{
		Cloud:     orElse("TEST_CLOUD", Local),
		Region:    orElse("TEST_REGION", "us-west-2"),
		Role:      getenv("TEST_ROLE"),
		Account:   getenv("TEST_ACCOUNT"),
		ZoneName:  getenv("TEST_ZONE_NAME"),
		AWS6:      getenv("TEST_AWS6_VERSION"),
		Mirror:    getenv("TEST_PROVIDER_MIRROR"),
		Terraform: getenv("TEST_TERRAFORM"),
		Space:     orElse("TEST_SPACE", "test"),
		OneSpace:  getenv("TEST_SPACE") != "",
		skip:      func(stage string) bool { return getenv("SKIP_"+stage) != "" },

		StepSummary: getenv("GITHUB_STEP_SUMMARY"),
	}
	s.RequireProviders = strings.FieldsFunc(getenv("REQUIRE_PROVIDERS"), func(r rune) bool { return r == ',' || r == ' ' })
	switch mode := getenv("TEST_PROVIDERS"); mode {
	case "", "all":
	case "newest":
		s.NewestOnly = true
	default:
		return s, fmt.Errorf("TEST_PROVIDERS=%s is unknown: set all or newest", mode)
	}
	// Terratest's AWS helpers, given a role, leave the local endpoint for real AWS.
	if role := getenv("TERRATEST_IAM_ROLE"); role != "" {
		return s, fmt.Errorf("TERRATEST_IAM_ROLE=%s would bypass the chosen cloud: unset it, and name a role on AWS with TEST_ROLE", role)
	}
	return s, s.check()
}

func (s Settings) check() error {
	if s.Cloud != Local && s.Cloud != AWS {
		return fmt.Errorf("TEST_CLOUD=%s is not a known cloud: set local (the embedded AWS, the default) or aws", s.Cloud)
	}
	if !spaceName.MatchString(s.Space) {
		return fmt.Errorf("TEST_SPACE=%s must be 1 to 12 lower-case letters and digits, a letter first", s.Space)
	}
	if err := s.CheckAWS(); err != nil {
		return err
	}
	if err := s.checkProviders(); err != nil {
		return err
	}
	if s.Mirror != "" {
		if info, err := os.Stat(s.Mirror); err != nil || !info.IsDir() {
			return fmt.Errorf("TEST_PROVIDER_MIRROR=%s is not a directory: name one with registry.terraform.io/hashicorp/aws below it, or unset it", s.Mirror)
		}
	}
	return nil
}

// checkProviders checks the cases of the provider, and that those required exist.
func (s Settings) checkProviders() error {
	var known []string
	for _, c := range s.Cases() {
		if err := c.Check(); err != nil {
			return err
		}
		known = append(known, c.Name)
	}
	for _, name := range s.RequireProviders {
		if !slices.Contains(known, name) {
			return fmt.Errorf("REQUIRE_PROVIDERS=%s: there is no case %q; the cases are %s", strings.Join(s.RequireProviders, ","), name, strings.Join(known, ", "))
		}
	}
	return nil
}

// Cases are the release lines of the provider.
func (s Settings) Cases() []providers.Case { return providers.Cases(s.Cloud, s.AWS6) }

// accountID and roleARN are what AWS gives out.
var (
	accountID = regexp.MustCompile(`^\d{12}$`)
	roleARN   = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/.+$`)
)

// CheckAWS refuses a run on AWS that would not know where it is.
func (s Settings) CheckAWS() error {
	switch {
	case s.Cloud != AWS:
		return nil
	case s.Account == "":
		return errors.New("TEST_ACCOUNT is not set: name the AWS account, by its 12 digits, that is the only one in which the tests may run")
	case !accountID.MatchString(s.Account):
		return fmt.Errorf("TEST_ACCOUNT=%s is not an account: an ID has 12 digits", s.Account)
	case s.ZoneName == "":
		return errors.New("TEST_ZONE_NAME is not set: on AWS the tests create their zone under an existing public zone: name that one")
	case s.Role != "" && !roleARN.MatchString(s.Role):
		return fmt.Errorf("TEST_ROLE=%s is not a role: write arn:aws:iam::<account>:role/<name>", s.Role)
	}
	return nil
}

// Skips reports whether a stage is to be left out: SKIP_<stage> is set, the
// convention of Terratest's users.
func (s Settings) Skips(stage string) bool { return s.skip != nil && s.skip(stage) }

// WithoutSkips are the settings with which every stage runs.
func (s Settings) WithoutSkips() Settings {
	s.skip = nil
	return s
}
