package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestREADME runs the commands with which the README begins. This test is the localaws
// that the first of them builds.
func TestREADME(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(readme), "```sh\n")
	require.True(t, found)
	block, _, _ := strings.Cut(rest, "```")
	build, commands, _ := strings.Cut(block, "\n")
	require.Equal(t, "go -C localaws build -o ../.bin/localaws ./cmd/localaws", build)
	if _, err := exec.LookPath("aws"); err != nil {
		t.Log("the AWS CLI is not installed: its commands are left out")
		commands = strings.ReplaceAll(commands, "\naws ", "\n: aws ")
	}

	dir := t.TempDir()
	self, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(dir, ".bin"), 0o700))
	require.NoError(t, os.Symlink(self, filepath.Join(dir, ".bin", "localaws")))
	shell := exec.CommandContext(t.Context(), "sh", "-e")
	shell.Dir, shell.Stdin = dir, strings.NewReader("trap '.bin/localaws stop' EXIT\n"+commands)
	said, err := shell.CombinedOutput()
	t.Cleanup(func() { assert.False(t, serverOf(t, dir), "a localaws still runs after the test") })
	require.NoError(t, err, "%s", said)
	assert.Contains(t, string(said), "localaws started in ")
	assert.Contains(t, string(said), "localaws ended")
	assert.NoDirExists(t, filepath.Join(dir, ".localaws"))
}
