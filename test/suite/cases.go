package suite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/gotest"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
)

// EachProvider runs a test once for each release line of the provider, as
// parallel subtests named aws-5, aws-6. One whose provider can be had from
// nowhere is skipped, with the reason; under REQUIRE_PROVIDERS it fails. With
// TEST_PROVIDERS=newest only the newest that can be had runs.
func (s *Suite) EachProvider(t *testing.T, test func(t *testing.T, c providers.Case)) {
	t.Helper()
	cases, err := s.chooseCases()
	if err != nil {
		t.Fatal(err)
	}
	s.askForCases()
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			_, err := s.sources(s.ctx, c)
			s.countCase(c, err)
			if err != nil {
				t.Skip(err)
			}
			if err := s.open(); err != nil {
				t.Fatal(err)
			}
			test(t, c)
		})
	}
}

// chooseCases lists the cases to run. Nothing is started for it but a search.
func (s *Suite) chooseCases() ([]providers.Case, error) {
	if err := s.openTools(s.ctx); err != nil {
		return nil, err
	}
	if err := s.checkRequired(); err != nil {
		return nil, err
	}
	if !s.NewestOnly {
		return s.requestedCases(), nil
	}
	newest, err := s.newestCase()
	return []providers.Case{newest}, err
}

// requestedCases are those that run by default and those that are named by
// -run or REQUIRE_PROVIDERS.
func (s *Suite) requestedCases() []providers.Case {
	pattern := gotest.Pattern()
	var cases []providers.Case
	for _, c := range s.Cases() {
		if !c.OnRequest || slices.Contains(s.RequireProviders, c.Name) || strings.Contains(pattern, c.Name) {
			cases = append(cases, c)
		}
	}
	return cases
}

// checkRequired fails when a provider named by REQUIRE_PROVIDERS is missing.
func (s *Suite) checkRequired() error {
	for _, c := range s.Cases() {
		if !slices.Contains(s.RequireProviders, c.Name) {
			continue
		}
		if _, err := s.sources(s.ctx, c); err != nil {
			return fmt.Errorf("REQUIRE_PROVIDERS=%s: %w", strings.Join(s.RequireProviders, ","), err)
		}
	}
	return nil
}

// newestCase is aws-6, or what comes next when it can't be had: said loudly,
// now and at the end.
func (s *Suite) newestCase() (providers.Case, error) {
	var reasons []string
	for _, c := range providers.ByPreference(s.requestedCases()) {
		_, err := s.sources(s.ctx, c)
		if err == nil {
			if len(reasons) > 0 {
				s.warnOnce(fmt.Sprintf("FALL-BACK to %s: %s", c.Name, strings.Join(reasons, "; ")))
			}
			return c, nil
		}
		reasons = append(reasons, err.Error())
	}
	return providers.Case{}, fmt.Errorf("no provider to test with: %s", strings.Join(reasons, "; "))
}

// sources are the places where a case's provider can be had. Each case is
// looked for once a run.
func (s *Suite) sources(ctx context.Context, c providers.Case) ([]providers.Source, error) {
	s.finding.Lock()
	defer s.finding.Unlock()
	if found, ok := s.found[c.Name]; ok {
		return found.sources, found.err
	}
	sources, err := s.finder.Find(ctx, c)
	if err != nil {
		err = fmt.Errorf("%s: %w", c.Name, err)
	}
	s.found[c.Name] = foundSources{sources, err}
	return sources, err
}

// askForCases notes that there were cases to run.
func (s *Suite) askForCases() {
	s.reporting.Lock()
	defer s.reporting.Unlock()
	s.casesAsked = true
}

// countCase keeps the figures of the final summary.
func (s *Suite) countCase(c providers.Case, err error) {
	s.reporting.Lock()
	defer s.reporting.Unlock()
	s.casesSeen++
	if err == nil {
		s.casesRan++
		return
	}
	if skip := "SKIPPED " + err.Error(); !slices.Contains(s.casesSkips, skip) {
		s.casesSkips = append(s.casesSkips, skip)
	}
}

// warnOnce says a line now and again in the summary.
func (s *Suite) warnOnce(text string) {
	s.reporting.Lock()
	known := slices.Contains(s.notes, text)
	if !known {
		s.notes = append(s.notes, text)
	}
	s.reporting.Unlock()
	if !known {
		s.display.Warn(text)
	}
}
