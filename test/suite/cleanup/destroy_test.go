package cleanup

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/stages"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/suitetest"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/workdir"
)

// What a killed Terraform was making is in no state, nor what a request made
// that an interrupt cut.
func TestWhatNoStateKnowsGoesWithItsLocalaws(t *testing.T) {
	t.Parallel()
	note := func(change func(*workdir.Record)) func(*testing.T, *stages.Deployment) {
		return func(t *testing.T, d *stages.Deployment) {
			t.Helper()
			change(&d.Record)
			require.NoError(t, d.Save())
		}
	}
	half := func(path func(*stages.Deployment) string) func(*testing.T, *stages.Deployment) {
		return func(t *testing.T, d *stages.Deployment) {
			t.Helper()
			require.NoError(t, os.WriteFile(path(d), []byte(`{"res`), 0o600))
		}
	}
	tests := map[string]struct {
		change   func(t *testing.T, d *stages.Deployment)
		drops    string // what is said of it
		destroys bool   // before it drops
	}{
		"all is known":         {func(*testing.T, *stages.Deployment) {}, "", true},
		"Terraform was killed": {note(func(r *workdir.Record) { r.Killed = true }), "Terraform or its provider was killed in", false},
		"in the middle of writing the state": {
			half(func(d *stages.Deployment) string { return d.StatePath() }), "Terraform or its provider was killed in", false,
		},
		"the record is half written": {
			half(func(d *stages.Deployment) string { return filepath.Join(d.Dir, "deployment.json") }), "Terraform or its provider was killed in", false,
		},
		"the record is half written, and nothing else is there": {
			func(t *testing.T, d *stages.Deployment) {
				t.Helper()
				require.NoError(t, os.RemoveAll(d.Dir))
				suitetest.Lay(t, d.Dir, map[string]string{"deployment.json": `{"fixt`})
			}, "Terraform or its provider was killed in", false,
		},
		"an apply was interrupted": {note(func(r *workdir.Record) { r.Cut = true }), "Terraform was interrupted in", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, out := suitetest.NewRun(t, nil)
			cloud := &suitetest.Nowhere{Left: []string{"ec2: 1 launch templates"}}
			r.Cloud = cloud
			d := suitetest.Network(t, r)
			suitetest.Deploy(t, d)
			test.change(t, d)
			dirs, err := r.Workdir.Deployments()
			require.NoError(t, err)
			assert.Equal(t, []string{d.Dir}, dirs)
			err = destroyEverything(t.Context(), r, dirs)
			assert.Equal(t, test.drops != "", cloud.Closed)
			assert.Equal(t, test.destroys, strings.Contains(out.String(), "1 resources destroyed"))
			if test.drops == "" {
				assert.ErrorContains(t, err, "this is left: ec2: 1 launch templates", "a destroy that forgets something is a failure")
				return
			}
			require.NoError(t, err)
			assert.NoDirExists(t, r.Workdir.Path)
			assert.Contains(t, out.String(), test.drops+" "+d.Dir)
			assert.Contains(t, out.String(), "localaws is dropped with all that it holds")
		})
	}
}

// An interrupted apply that left nothing but what its state has is destroyed as
// any other.
func TestAnInterruptedApplyIsRemembered(t *testing.T) {
	t.Parallel()
	r, d, out := suitetest.Interrupted(t, map[string]string{"SKIP_teardown": "1"}, 1)
	kept, err := End(r)
	require.NoError(t, err)
	assert.Contains(t, kept, "interrupted, and SKIP_teardown is set")
	record, err := workdir.ReadRecord(d.Dir)
	require.NoError(t, err)
	assert.Equal(t, []bool{true, true, false}, []bool{record.Interrupted, record.Cut, record.Killed})
	r.Settings = r.Settings.WithoutSkips()
	require.NoError(t, destroyEverything(t.Context(), r, []string{d.Dir}))
	assert.Contains(t, out.String(), "1 resources destroyed")
	assert.Contains(t, out.String(), "nothing is left")
	assert.NotContains(t, out.String(), "dropped")
}

func TestOnAWSATagFindsWhatAKilledTerraformLeft(t *testing.T) {
	t.Parallel()
	r, out := suitetest.NewRun(t, nil)
	d := suitetest.Network(t, r)
	suitetest.Deploy(t, d)
	d.Record.Killed, r.Settings.Cloud = true, settings.AWS
	require.NoError(t, d.Save())
	require.NoError(t, destroyEverything(t.Context(), r, []string{d.Dir}))
	assert.Contains(t, out.String(), "look for it by the tag test-run="+r.Workdir.Run.ID)
	assert.Contains(t, out.String(), "1 resources destroyed")
}

// It takes the cloud from the work directory, whatever TEST_CLOUD is.
func TestACleanUpOnAWSNeedsItsSettings(t *testing.T) {
	t.Parallel()
	r, _ := suitetest.NewRun(t, map[string]string{"TEST_CLOUD": "aws", "TEST_ACCOUNT": "123456789012", "TEST_ZONE_NAME": "a.example"})
	d := suitetest.Network(t, r)
	suitetest.Deploy(t, d)
	r.Workdir.Close()
	r.Settings.Account, r.Settings.ZoneName = "", ""
	assert.ErrorContains(t, clean(r), "TEST_ACCOUNT is not set")
	assert.DirExists(t, d.Dir)
}
