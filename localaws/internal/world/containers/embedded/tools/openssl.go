package tools

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/world/containers/embedded/kernel"
)

// openssl makes self-signed certificates, as containers do that encrypt what
// only their load balancer reads; it does nothing else.
// https://docs.openssl.org/3.0/man1/openssl-req/
func openssl(_ context.Context, p *kernel.Process) int {
	if len(p.Args) < 2 || p.Args[1] != "req" {
		p.Errorf("openssl: the embedded runtime knows openssl req -x509 -newkey only")
		return 1
	}
	request, err := readCertificateRequest(p.Args[2:])
	if err == nil {
		err = request.make(p)
	}
	if err != nil {
		p.Errorf("req: %s", err)
		return 1
	}
	return 0
}

// certificateRequest is the command line of openssl req.
type certificateRequest struct {
	selfSigned, plainKey bool
	newKey, curve        string
	keyFile, file        string
	days                 int
	subject              pkix.Name
	names                []string // of subjectAltName: DNS:name or IP:address
}

func readCertificateRequest(args []string) (*certificateRequest, error) {
	r := &certificateRequest{days: 30}
	for len(args) > 0 {
		option := args[0]
		args = args[1:]
		switch option {
		case "-x509":
			r.selfSigned = true
		case "-nodes", "-noenc":
			r.plainKey = true
		case "-batch", "-sha256", "-new":
		default:
			if len(args) == 0 {
				return nil, fmt.Errorf("unknown option or missing argument: %s", option)
			}
			if err := r.set(option, args[0]); err != nil {
				return nil, err
			}
			args = args[1:]
		}
	}
	switch {
	case !r.selfSigned || r.newKey == "":
		return nil, errors.New("the embedded runtime makes self-signed certificates with a new key only: -x509 -newkey")
	case !r.plainKey:
		return nil, errors.New("the embedded runtime asks for no pass phrase: -noenc")
	case r.keyFile == "" || r.file == "":
		return nil, errors.New("the embedded runtime needs -keyout and -out")
	}
	return r, nil
}

func (r *certificateRequest) set(option, value string) (err error) {
	switch option {
	case "-newkey":
		r.newKey = value
	case "-pkeyopt":
		r.curve = strings.TrimPrefix(value, "ec_paramgen_curve:")
	case "-keyout":
		r.keyFile = value
	case "-out":
		r.file = value
	case "-days":
		if r.days, err = strconv.Atoi(value); err != nil {
			return fmt.Errorf("non-positive or invalid number of days: %s", value)
		}
	case "-subj":
		r.subject, err = subject(value)
	case "-addext":
		names, ok := strings.CutPrefix(value, "subjectAltName=")
		if !ok {
			return fmt.Errorf("the embedded runtime knows the extension subjectAltName only, not %s", value)
		}
		r.names = strings.Split(names, ",")
	default:
		return fmt.Errorf("unknown option: %s (the embedded runtime knows -x509 -newkey -noenc -keyout -out -days -subj -addext)", option)
	}
	return err
}

// subject reads /CN=name/O=organization.
func subject(text string) (pkix.Name, error) {
	var name pkix.Name
	if !strings.HasPrefix(text, "/") {
		return name, fmt.Errorf("subject name is expected to be in the format /type0=value0/type1=value1/...: %s", text)
	}
	for _, part := range strings.Split(text[1:], "/") {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "CN":
			name.CommonName = value
		case "O":
			name.Organization = append(name.Organization, value)
		case "OU":
			name.OrganizationalUnit = append(name.OrganizationalUnit, value)
		case "C":
			name.Country = append(name.Country, value)
		case "ST":
			name.Province = append(name.Province, value)
		case "L":
			name.Locality = append(name.Locality, value)
		default:
			return name, fmt.Errorf("the embedded runtime knows no %q in a subject", key)
		}
	}
	return name, nil
}

// key makes the key: rsa, rsa:BITS or ec.
func (r *certificateRequest) key() (crypto.Signer, error) {
	kind, size, _ := strings.Cut(r.newKey, ":")
	switch kind {
	case "rsa":
		bits := 2048
		if size != "" {
			var err error
			if bits, err = strconv.Atoi(size); err != nil || !slices.Contains([]int{2048, 3072, 4096}, bits) {
				return nil, fmt.Errorf("-newkey %s: the embedded runtime makes RSA keys of 2048, 3072 or 4096 bits", r.newKey)
			}
		}
		return rsa.GenerateKey(rand.Reader, bits)
	case "ec":
		curves := map[string]elliptic.Curve{"": elliptic.P256(), "prime256v1": elliptic.P256(), "P-256": elliptic.P256(), "secp384r1": elliptic.P384(), "P-384": elliptic.P384()}
		curve, ok := curves[r.curve]
		if !ok {
			return nil, fmt.Errorf("unknown curve name (%s)", r.curve)
		}
		return ecdsa.GenerateKey(curve, rand.Reader)
	}
	return nil, fmt.Errorf("-newkey %s: the embedded runtime makes rsa and ec keys", r.newKey)
}

// make writes the key and the certificate.
func (r *certificateRequest) make(p *kernel.Process) error {
	key, err := r.key()
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 159))
	if err != nil {
		return fmt.Errorf("making a serial number: %w", err)
	}
	now := p.Kernel.Clock.Now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: r.subject, NotBefore: now, NotAfter: now.Add(time.Duration(r.days) * 24 * time.Hour),
		BasicConstraintsValid: true, IsCA: true,
	}
	for _, name := range r.names {
		kind, value, _ := strings.Cut(strings.TrimSpace(name), ":")
		address := net.ParseIP(value)
		switch {
		case kind == "DNS":
			template.DNSNames = append(template.DNSNames, value)
		case kind == "IP" && address != nil:
			template.IPAddresses = append(template.IPAddresses, address)
		default:
			return fmt.Errorf("error loading extension subjectAltName: %s", name)
		}
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return fmt.Errorf("making the certificate: %w", err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encoding the key: %w", err)
	}
	for _, file := range []struct {
		name, kind string
		content    []byte
	}{{r.keyFile, "PRIVATE KEY", encoded}, {r.file, "CERTIFICATE", certificate}} {
		text := pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: file.content})
		if err := p.Kernel.Files.WriteFile(p.Path(file.name), text, 0o600); err != nil {
			return fmt.Errorf("can't open \"%s\" for writing, %s", file.name, kernel.Reason(err))
		}
	}
	return nil
}
