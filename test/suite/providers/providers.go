// Package providers finds where a release of the AWS provider can be had: the
// registry, a mirror on this machine, or what the user's own Terraform
// configuration names.
package providers

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-version"
)

// Namespace and type of the one provider that the module uses.
const (
	Namespace = "hashicorp"
	Type      = "aws"
)

// Case is one release line of the provider that the tests run with.
type Case struct {
	Name       string // as in TestExtraTargetGroups/<Name>
	Constraint string // as in required_providers
	OnRequest  bool   // runs only when it is named
}

// Names of the cases.
const (
	AWS5       = "aws-5"
	AWS6       = "aws-6"
	AWS6Latest = "aws-6-latest"
)

// Cases lists the release lines for a cloud, oldest first.
//
// On localaws aws-6 is a release whose calls are known, so that a release of
// tomorrow does not break a first run; aws-6-latest is the newest, and runs when
// it is asked for. On AWS they are the same. aws6 overrides the constraint of
// aws-6; a plain version number is taken as it is.
func Cases(cloud, aws6 string) []Case {
	pinned := "~> 6.22.0"
	if cloud == "aws" {
		pinned = "~> 6.0"
	}
	if aws6 != "" {
		pinned = aws6
	}
	return []Case{
		{Name: AWS5, Constraint: "~> 5.100"},
		{Name: AWS6, Constraint: pinned},
		{Name: AWS6Latest, Constraint: "~> 6.0", OnRequest: true},
	}
}

// ByPreference orders cases for a run with one of them: aws-6, then aws-5,
// then the rest.
func ByPreference(cases []Case) []Case {
	rank := map[string]int{AWS6: 0, AWS5: 1, AWS6Latest: 2}
	sorted := slices.Clone(cases)
	slices.SortStableFunc(sorted, func(a, b Case) int { return rank[a.Name] - rank[b.Name] })
	return sorted
}

// Check returns an error of one line when the constraint can't be read.
func (c Case) Check() error {
	if _, err := version.NewConstraint(c.Constraint); err != nil {
		return fmt.Errorf("provider case %s: %q is not a version constraint such as \"~> 6.22.0\": correct TEST_AWS6_VERSION or unset it", c.Name, c.Constraint)
	}
	return nil
}

// newest returns the newest version that the constraint admits, "" if none
// does. Prereleases don't count.
func newest(constraint string, versions []string) string {
	want, err := version.NewConstraint(constraint)
	if err != nil {
		return ""
	}
	var best *version.Version
	for _, text := range versions {
		v, err := version.NewSemver(text)
		if err != nil || v.Prerelease() != "" || !want.Check(v) {
			continue
		}
		if best == nil || v.GreaterThan(best) {
			best = v
		}
	}
	if best == nil {
		return ""
	}
	return best.Original()
}

// Kind is what a source is.
type Kind int

// The kinds of source, in the order in which they are tried.
const (
	Configured Kind = iota // the user's own Terraform CLI configuration decides
	Registry
	Mirror
)

// Source is a place where a case's provider can be had.
type Source struct {
	Kind    Kind
	Path    string // of the mirror or of the configuration file
	Version string // newest that fits; "" where only Terraform knows
	Packed  bool   // the mirror holds zip archives
}

// String says where the provider comes from.
func (s Source) String() string {
	switch s.Kind {
	case Configured:
		return "as " + s.Path + " says"
	case Registry:
		return "the registry"
	default:
		return "mirror " + s.Path
	}
}

// Reasons joins why the places that were asked don't have a provider.
func Reasons(c Case, reasons []string) string {
	return fmt.Sprintf("hashicorp/aws %s is not available anywhere: %s", c.Constraint, strings.Join(reasons, "; "))
}
