package test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/providers"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/tffiles"
)

// example is a configuration that callers copy, with the commands of its README.
type example struct {
	name     string
	files    map[string]string
	commands []command
}

// firstExample is the one that README.md shows whole.
const firstExample = "tempo-grpc"

// readExamples reads those of examples/.
func readExamples(t *testing.T) []example {
	t.Helper()
	var examples []example
	general := readmes(t)[:2]
	for _, readme := range readmes(t)[2:] {
		dir := filepath.Dir(readme)
		e := example{name: filepath.Base(dir), files: map[string]string{}}
		paths, err := fs.Glob(os.DirFS(".."), dir+"/*.tf")
		require.NoError(t, err)
		for _, path := range paths {
			e.files[filepath.Base(path)] = read(t, path)
		}
		documents := []string{readme}
		if e.name == firstExample {
			documents = append(documents, general...)
		}
		for _, document := range documents {
			for _, b := range blocksOf(t, document) {
				if b.language == "sh" {
					e.commands = append(e.commands, b.commands(t)...)
				}
			}
		}
		examples = append(examples, e)
	}
	return examples
}

var (
	variableBlock = regexp.MustCompile(`(?m)^variable "(\w+)"`)
	providerBlock = regexp.MustCompile(`(?m)^provider "aws" \{\n(?:.*\n)*?\}\n`)
	moduleSource  = regexp.MustCompile(`(?m)^  source +=.*\n(?:  version +=.*\n)?`)
	serviceName   = regexp.MustCompile(`(?m)^(  service_name +)= "(.*)"$`)
	hostNames     = regexp.MustCompile(`(?m)^(  dns_names +)= \[(.*)\]$`)
	otherRegion   = regexp.MustCompile(`(?m)^  replication_region .*\n`)
	quoted        = regexp.MustCompile(`"([^"]*)"`)
)

// variables are the names of those that the example has.
func (e example) variables() []string {
	var names []string
	for _, match := range variableBlock.FindAllStringSubmatch(e.files["variables.tf"], -1) {
		names = append(names, match[1])
	}
	return names
}

// service is the name of the example's service.
func (e example) service() string { return serviceName.FindStringSubmatch(e.files["main.tf"])[2] }

// deployed is an example with the name of its service in a run, which is also the label
// of the zone below which its host names are.
type deployed struct {
	example
	name string
}

// file is one of the example's as it is applied: with names that no other run has, and
// the test's provider. What localaws does not have is left out;
// tests/examples.tftest.hcl plans it.
func (e deployed) file(text string) []byte {
	text = providerBlock.ReplaceAllString(text, "")
	text = serviceName.ReplaceAllString(text, fmt.Sprintf("$1= %q\n  access_log_force_destroy = true", e.name))
	text = hostNames.ReplaceAllStringFunc(text, func(line string) string {
		match := hostNames.FindStringSubmatch(line)
		names := quoted.ReplaceAllStringFunc(match[2], func(name string) string {
			return fmt.Sprintf("%q", strings.TrimPrefix(strings.Trim(name, `"`)+"."+e.name, "."))
		})
		return match[1] + "= [" + names + "]"
	})
	if run.Cloud == suite.Local {
		text = otherRegion.ReplaceAllString(text, "") // replicas are made by CloudFormation
	}
	return []byte(text)
}

// call is a call of the example as a module, with the variables that only it needs.
func (e example) call() string {
	values := map[string]string{
		"zone_id":            "var.zone_id",
		"public_subnet_ids":  "var.subnet_public_ids",
		"private_subnet_ids": "var.subnet_private_ids",
		"certificate_arn":    "aws_acm_certificate_validation.nlb.certificate_arn",
		"database_password":  `"worth nothing"`,
	}
	call := `variable "subnet_public_ids" {
  type = list(string)
}
variable "subnet_private_ids" {
  type = list(string)
}
module "example" {
  source    = "../../examples/` + e.name + `"
  providers = { aws = aws, aws.dns = aws }
`
	for _, name := range e.variables() {
		call += fmt.Sprintf("  %s = %s\n", name, values[name])
	}
	return call + "}\n"
}

// alias lets an example get the test's provider twice, instead of its own two.
const alias = `terraform {
  required_providers {
    aws = {
      source                = "hashicorp/aws"
      version               = ">= 5.100, < 7.0"
      configuration_aliases = [aws.dns]
    }
  }
}
`

// TestExamples applies each example, waits until its service runs, and runs the
// commands that its README shows.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, e := range readExamples(t) {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			run.EachProvider(t, e.test)
		})
	}
}

func (e example) test(t *testing.T, provider providers.Case) {
	d := run.Deployment(t, "examples", provider)
	defer d.Teardown(t)
	as := deployed{e, d.ServiceName(e.name)}
	d.Mutate = func(files map[string][]byte) {
		require.NoError(t, tffiles.AddModule(run.Root, files))
		for name, text := range e.files {
			files[filepath.Join("examples", e.name, name)] = as.file(text)
		}
		files[filepath.Join("examples", e.name, "alias_override.tf")] = []byte(alias)
		files[filepath.Join("test_data", "examples", "call.tf")] = []byte(e.call())
	}
	d.Deploy(t, func(shared suite.Prepared) map[string]any {
		return map[string]any{
			"zone_id": shared.ZoneID, "certificate_name": "site." + as.name,
			"subnet_public_ids": shared.SubnetPublicIDs, "subnet_private_ids": shared.SubnetPrivateIDs,
		}
	})
	d.Validate(t, func(ctx context.Context, t testing.TB, v *suite.Validation) {
		var outputs struct {
			ZoneName string `json:"zone_name"`
		}
		require.NoError(t, d.Outputs(&outputs))
		v.WaitHealthy(ctx, t, as.name, as.name, nil)
		v.Result(fmt.Sprintf("it runs, as do %d commands of READMEs", as.run(ctx, t, v, outputs.ZoneName)))
	})
}

// run runs the commands of an example's README, with its names in their place, and
// returns how many.
func (e deployed) run(ctx context.Context, t testing.TB, v *suite.Validation, zone string) int {
	t.Helper()
	ran := 0
	service := regexp.MustCompile(`(--cluster|--services) ` + e.service() + `\b`)
	for _, c := range e.commands {
		if !slices.Contains(shown, c.program()) || c.fromVPC {
			continue
		}
		if _, err := exec.LookPath(c.program()); err != nil {
			t.Logf("%s: not run, as %s is not installed: %s", c.at, c.program(), c.script)
			continue
		}
		script := strings.ReplaceAll(c.script, "example.com", e.name+"."+zone)
		script = service.ReplaceAllString(script, "$1 "+e.name)
		out, err := v.Shell(ctx, t, script)
		if assert.NoError(t, err, "%s: %s", c.at, script) {
			assert.Contains(t, out, c.prints, "%s: what %s prints", c.at, script)
			ran++
		}
	}
	return ran
}

// TestExamplesTakeTheirVariables: terraform.tfvars.example has a value for each
// variable, and the README's table a line.
func TestExamplesTakeTheirVariables(t *testing.T) {
	t.Parallel()
	for _, e := range readExamples(t) {
		dir := filepath.Join("examples", e.name)
		values := parseHCL(t, dir, read(t, dir, "terraform.tfvars.example"))
		assert.ElementsMatch(t, e.variables(), slices.Collect(maps.Keys(values.Attributes)), "%s/terraform.tfvars.example", dir)
		for _, name := range e.variables() {
			assert.Contains(t, read(t, dir, "README.md"), "| `"+name+"` |", "%s/README.md", dir)
		}
	}
}
