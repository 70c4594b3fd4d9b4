// Package pki is the certificate authority of localaws: what ACM issues is a
// real certificate, which clients verify against ca.pem.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

const (
	certificateFile = "ca.pem"
	keyFile         = "ca-key.pem"

	authorityLife = 10 * 365 * 24 * time.Hour
	// leafLife is how long certificates of ACM are valid: 13 months,
	// https://docs.aws.amazon.com/acm/latest/userguide/acm-certificate-characteristics.html.
	leafLife = 395 * 24 * time.Hour
	// backdate makes certificates good for clients whose clock is behind.
	backdate = time.Hour
)

// Authority signs certificates. It is safe for concurrent use.
type Authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
	pem         []byte
}

// Open loads the authority that the directory holds, or makes one there: the
// files ca.pem and ca-key.pem, readable by their owner only. A directory whose
// files don't fit together is an error; nothing is overwritten.
func Open(dir string) (*Authority, error) {
	certificatePEM, err := os.ReadFile(filepath.Join(dir, certificateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return create(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the authority's certificate: %w", err)
	}
	keyPEM, err := os.ReadFile(filepath.Join(dir, keyFile))
	if err != nil {
		return nil, fmt.Errorf("reading the authority's key: %w", err)
	}
	authority, err := parse(certificatePEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("the certificate authority in %s can't be used (delete %s and %s for a new one): %w",
			dir, certificateFile, keyFile, err)
	}
	return authority, nil
}

func create(dir string) (*Authority, error) {
	certificatePEM, keyPEM, err := generate()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the authority's directory: %w", err)
	}
	// The certificate comes last: where it exists, the key does too.
	if err := writeFile(filepath.Join(dir, keyFile), keyPEM); err != nil {
		return nil, fmt.Errorf("keeping the authority's key: %w", err)
	}
	if err := writeFile(filepath.Join(dir, certificateFile), certificatePEM); err != nil {
		return nil, fmt.Errorf("keeping the authority's certificate: %w", err)
	}
	return parse(certificatePEM, keyPEM)
}

func generate() (certificatePEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("generating the authority's key: %w", err)
	}
	serial, err := serialNumber()
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		// The serial number tells the authorities of two machines apart.
		Subject:               pkix.Name{CommonName: fmt.Sprintf("localaws root %x", serial.Bytes()[:4])},
		NotBefore:             time.Now().Add(-backdate),
		NotAfter:              time.Now().Add(authorityLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil, fmt.Errorf("signing the authority's certificate: %w", err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding the authority's key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), nil
}

func parse(certificatePEM, keyPEM []byte) (*Authority, error) {
	pair, err := tls.X509KeyPair(certificatePEM, keyPEM)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, err
	}
	if !certificate.IsCA {
		return nil, errors.New("its certificate is none of an authority")
	}
	if time.Now().After(certificate.NotAfter) {
		return nil, fmt.Errorf("it expired on %s", certificate.NotAfter.Format(time.DateOnly))
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("its key of type %T can't sign", pair.PrivateKey)
	}
	return &Authority{certificate: certificate, key: key, pem: certificatePEM}, nil
}

// CertificatePEM is the authority's own certificate, for clients to trust.
func (a *Authority) CertificatePEM() []byte { return append([]byte(nil), a.pem...) }

// Pool holds the authority's certificate and nothing else.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.certificate)
	return pool
}

// Issue signs a certificate for the DNS names, which may begin with "*.", and a
// new ECDSA key. The first name is the subject.
func (a *Authority) Issue(names []string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generating a key for %v: %w", names, err)
	}
	return a.IssueFor(names, key)
}

// IssueFor signs a certificate for the DNS names and the given key. The chain
// ends with the authority's certificate.
func (a *Authority) IssueFor(names []string, key crypto.Signer) (*tls.Certificate, error) {
	if len(names) == 0 {
		return nil, errors.New("a certificate needs at least one DNS name")
	}
	serial, err := serialNumber()
	if err != nil {
		return nil, err
	}
	subject := pkix.Name{}
	if len(names[0]) <= 64 { // the longest CommonName that X.509 takes
		subject.CommonName = names[0]
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               subject,
		DNSNames:              names,
		NotBefore:             time.Now().Add(-backdate),
		NotAfter:              time.Now().Add(leafLife),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return nil, fmt.Errorf("signing a certificate for %v: %w", names, err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("reading back the certificate for %v: %w", names, err)
	}
	return &tls.Certificate{
		Certificate: [][]byte{der, a.certificate.Raw},
		PrivateKey:  key,
		Leaf:        leaf,
	}, nil
}

func serialNumber() (*big.Int, error) {
	limit := new(big.Int).Lsh(big.NewInt(1), 120)
	serial, err := rand.Int(rand.Reader, limit)
	if err != nil {
		return nil, fmt.Errorf("drawing a serial number: %w", err)
	}
	// The top bit keeps the number's length, and so its first bytes, defined.
	return serial.SetBit(serial, 120, 1), nil
}

// writeFile puts a secret in place whole: never a part of it under its name.
func writeFile(path string, content []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temporary.Name()) }() // gone already when all went well
	if _, err := temporary.Write(content); err != nil {
		_ = temporary.Close() // the first error is the one to tell
		return err
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), path)
}
