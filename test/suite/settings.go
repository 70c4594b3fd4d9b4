// Package suite runs the module's integration tests: it knows the cloud in
// use, finds Terraform and its provider, keeps work directories with state and
// logs, and takes each test through its stages.
package suite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Settings are what the environment says of a run. README.md lists the
// variables.
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
	skip             func(stage string) bool
	getenv           func(string) string
}

// Clouds that the tests know.
const (
	Local = "local"
	AWS   = "aws"
)

// spaceName keeps a space's name usable in names of resources and folders.
var spaceName = regexp.MustCompile(`^[a-z][a-z0-9]{0,11}$`)

// ReadSettings reads the environment. An error is one line that names the
// variable, its value and what to do.
func ReadSettings(getenv func(string) string) (Settings, error) {
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
		getenv:    getenv,
	}
	s.RequireProviders = strings.FieldsFunc(getenv("REQUIRE_PROVIDERS"), func(r rune) bool { return r == ',' || r == ' ' })
	switch mode := getenv("TEST_PROVIDERS"); mode {
	case "", "all":
	case "newest":
		s.NewestOnly = true
	default:
		return s, fmt.Errorf("TEST_PROVIDERS=%s is unknown: set all or newest", mode)
	}
	return s, s.check()
}

func (s Settings) check() error {
	if s.Cloud != Local && s.Cloud != AWS {
		return fmt.Errorf("TEST_CLOUD=%s is no cloud that the tests know: set local (the embedded AWS, the default) or aws", s.Cloud)
	}
	if !spaceName.MatchString(s.Space) {
		return fmt.Errorf("TEST_SPACE=%s must be 1 to 12 lower-case letters and digits, a letter first", s.Space)
	}
	if err := s.checkAWS(); err != nil {
		return err
	}
	// Terratest's AWS helpers, given a role, leave the local endpoint for real AWS.
	if role := s.getenv("TERRATEST_IAM_ROLE"); role != "" {
		return fmt.Errorf("TERRATEST_IAM_ROLE=%s would lead past the chosen cloud: unset it, and name a role on AWS by TEST_ROLE", role)
	}
	for _, c := range s.cases() {
		if err := c.Check(); err != nil {
			return err
		}
	}
	var known []string
	for _, c := range s.cases() {
		known = append(known, c.Name)
	}
	for _, name := range s.RequireProviders {
		if !slices.Contains(known, name) {
			return fmt.Errorf("REQUIRE_PROVIDERS=%s: there is no case %q, the cases are %s", strings.Join(s.RequireProviders, ","), name, strings.Join(known, ", "))
		}
	}
	if s.Mirror != "" {
		if info, err := os.Stat(s.Mirror); err != nil || !info.IsDir() {
			return fmt.Errorf("TEST_PROVIDER_MIRROR=%s is no directory: name one with registry.terraform.io/hashicorp/aws below it, or unset it", s.Mirror)
		}
	}
	return nil
}

// accountID and roleARN are what AWS gives out.
var (
	accountID = regexp.MustCompile(`^\d{12}$`)
	roleARN   = regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/.+$`)
)

// checkAWS refuses a run on AWS that would not know where it is.
func (s Settings) checkAWS() error {
	switch {
	case s.Cloud != AWS:
		return nil
	case s.Account == "":
		return errors.New("TEST_ACCOUNT is not set: name the AWS account, by its 12 digits, that is the only one in which the tests may run")
	case !accountID.MatchString(s.Account):
		return fmt.Errorf("TEST_ACCOUNT=%s is no account: an id has 12 digits", s.Account)
	case s.ZoneName == "":
		return errors.New("TEST_ZONE_NAME is not set: on AWS the tests make a zone below a public one that exists, name it")
	case s.Role != "" && !roleARN.MatchString(s.Role):
		return fmt.Errorf("TEST_ROLE=%s is no role: write arn:aws:iam::<account>:role/<name>", s.Role)
	}
	return nil
}

// Skips tells whether a stage is to be left out: SKIP_<stage> is set, the
// convention of Terratest's users.
func (s Settings) Skips(stage string) bool { return s.skip(stage) }

// Root returns the repository's root: the nearest directory upwards of the
// working directory that has go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("working directory: %w", err)
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is not inside the repository: no go.mod above it", dir)
		}
	}
}
