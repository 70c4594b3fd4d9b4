package contract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../.." // the module

func TestModuleKeepsItsContract(t *testing.T) {
	t.Parallel()
	contract, err := Contract("interface.hcl")
	require.NoError(t, err)
	module, err := Module(root)
	require.NoError(t, err)
	require.NotEmpty(t, module.Inputs)
	require.NotEmpty(t, module.Outputs)
	assert.Empty(t, Differences(contract, module), "what callers rely on has changed: if that is meant, change tools/contract/interface.hcl, and tell them in CHANGELOG.md")
}

// The module of the rules takes the entries as the root module does.
func TestEntriesHaveOneType(t *testing.T) {
	t.Parallel()
	module, err := Module(root)
	require.NoError(t, err)
	rules, err := Module(filepath.Join(root, "modules", "extra-target-groups"))
	require.NoError(t, err)
	require.NotEmpty(t, rules.Inputs["entries"].Type)
	assert.Equal(t, module.Inputs["extra_target_groups"].Type, rules.Inputs["entries"].Type)
}

// Each change of the module that a caller would notice is noticed.
func TestDifferences(t *testing.T) {
	t.Parallel()
	contract, err := Contract("interface.hcl")
	require.NoError(t, err)
	for name, change := range map[string]struct{ file, from, to, want string }{
		"default": {"variables.tf", `default     = 8080`, `default     = 80`,
			"input container_port: the contract says number, default 8080, the module number, default 80"},
		"type": {"variables.tf", "to the policy's ARN.\"\n  type        = map(string)", "to the policy's ARN.\"\n  type        = map(any)",
			"input execution_extra_policy: the contract says map ( string ), default { }, the module map ( any ), default { }"},
		"required": {"variables.tf", "by the provider aws.dns.\"", "by the provider aws.dns.\"\n  default = null",
			"input zone_id: the contract says string, required, the module string, default null"},
		"null": {"variables.tf", "  default     = \"curl -f http://localhost/ || exit 1\"", "  default     = \"curl -f http://localhost/ || exit 1\"\n  nullable = false",
			`input container_healthcheck_command: the contract says string, default " curl -f http://localhost/ || exit 1 ", nullable, the module string, default " curl -f http://localhost/ || exit 1 "`},
		"input of an entry": {"variables.tf", `optional(number, 30)`, `optional(number, 10)`, "input extra_target_groups: the contract says map"},
		"new input":         {"variables.tf", `variable "environment"`, `variable "stage"`, "input stage: the contract does not have it"},
		"lost input":        {"variables.tf", `variable "environment"`, `variable "stage"`, "input environment: the module does not have it"},
		"lost output":       {"outputs.tf", `output "cluster_name"`, `output "cluster"`, "output cluster_name: the module does not have it"},
		"new output":        {"outputs.tf", `output "cluster_name"`, `output "cluster"`, "output cluster: the contract does not have it"},
		"lost attribute":    {"outputs.tf", "      target_group_name ", "      group_name ", "output extra_target_groups: the contract says [container_port"},
		"lost provider":     {"terraform.tf", "[aws.dns]", "[aws.zone]", "providers: the contract says [aws aws.dns], the module [aws aws.zone]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			module, err := Module(changed(t, change.file, change.from, change.to))
			require.NoError(t, err)
			lines := strings.Join(Differences(contract, module), "\n")
			assert.Contains(t, lines, change.want)
		})
	}
}

// changed copies the module's root, with one change.
func changed(t *testing.T, file, from, to string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "*.tf"))
	require.NoError(t, err)
	dir := t.TempDir()
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		if filepath.Base(path) == file {
			require.Contains(t, string(text), from, "%s has changed: change this test", file)
			text = []byte(strings.Replace(string(text), from, to, 1))
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, filepath.Base(path)), text, 0o600))
	}
	return dir
}

func TestContractSaysWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"no inputs":  {"providers = []\noutputs = []\noutput_attributes = {}\nnull_is_a_value = []\ninputs = {}\n", "inputs must be object({ ... })"},
		"no outputs": {"providers = []\noutput_attributes = {}\nnull_is_a_value = []\ninputs = object({})\n", "outputs is missing"},
		"no HCL":     {"inputs = (", "reading the interface"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "interface.hcl")
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
			_, err := Contract(path)
			assert.ErrorContains(t, err, c.want)
		})
	}
}
