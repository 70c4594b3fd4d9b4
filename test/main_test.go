package test

import (
	"os"
	"testing"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
)

// run is the run of the suite that these tests are part of.
var run *suite.Suite

func TestMain(m *testing.M) {
	os.Exit(suite.Main(m, func(s *suite.Suite) { run = s }))
}
