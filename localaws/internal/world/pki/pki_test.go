package pki_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/pki"
)

func TestIssuedCertificatesVerifyAgainstTheAuthority(t *testing.T) {
	t.Parallel()
	authority, err := pki.Open(t.TempDir())
	require.NoError(t, err)
	issued, err := authority.Issue([]string{"www.localaws.test", "*.apps.localaws.test"})
	require.NoError(t, err)

	tests := []struct {
		host string
		good bool
	}{
		{"www.localaws.test", true},
		{"a.apps.localaws.test", true},
		{"a.b.apps.localaws.test", false},
		{"apps.localaws.test", false},
		{"other.localaws.test", false},
	}
	for _, test := range tests {
		t.Run(test.host, func(t *testing.T) {
			t.Parallel()
			_, err := issued.Leaf.Verify(x509.VerifyOptions{Roots: authority.Pool(), DNSName: test.host})
			assert.Equal(t, test.good, err == nil, "verifying %s: %v", test.host, err)
		})
	}
}

func TestIssueForKeepsTheKey(t *testing.T) {
	t.Parallel()
	authority, err := pki.Open(t.TempDir())
	require.NoError(t, err)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	issued, err := authority.IssueFor([]string{"rsa.localaws.test"}, key)
	require.NoError(t, err)
	assert.True(t, key.PublicKey.Equal(issued.Leaf.PublicKey))
}

func TestIssueRefusesNoNames(t *testing.T) {
	t.Parallel()
	authority, err := pki.Open(t.TempDir())
	require.NoError(t, err)
	_, err = authority.Issue(nil)
	assert.ErrorContains(t, err, "at least one DNS name")
}

func TestTheAuthorityOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "pki")
	first, err := pki.Open(dir)
	require.NoError(t, err)
	issued, err := first.Issue([]string{"www.localaws.test"})
	require.NoError(t, err)

	second, err := pki.Open(dir)
	require.NoError(t, err)
	assert.Equal(t, first.CertificatePEM(), second.CertificatePEM())
	_, err = issued.Leaf.Verify(x509.VerifyOptions{Roots: second.Pool()})
	require.NoError(t, err)

	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 2)
	for _, file := range files {
		info, err := file.Info()
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file.Name())
	}
}

func TestOpenRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	_, err := pki.Open(dir)
	require.NoError(t, err)
	_, err = pki.Open(other)
	require.NoError(t, err)
	key, err := os.ReadFile(filepath.Join(other, "ca-key.pem"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ca-key.pem"), key, 0o600))
	_, err = pki.Open(dir)
	assert.ErrorContains(t, err, "for a new one")
}
