package providers

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The registry has to answer the first, small request within probeTimeout; a
// registry that answers may take answerTimeout for the rest.
const (
	probeTimeout  = 3 * time.Second
	answerTimeout = 20 * time.Second
)

// registry asks a provider registry by its protocol.
// https://developer.hashicorp.com/terraform/internals/provider-registry-protocol
type registry struct {
	base   string // https://HOST
	client *http.Client
}

// newest returns the newest version of the provider that fits and whose
// archive for the platform can be downloaded.
func (r registry) newest(ctx context.Context, c Case, goos, goarch string) (string, error) {
	var services struct {
		Providers string `json:"providers.v1"`
	}
	if err := r.get(ctx, probeTimeout, r.base+"/.well-known/terraform.json", &services); err != nil {
		return "", fmt.Errorf("the registry %s does not answer: %w", r.base, err)
	}
	base, err := url.Parse(r.base + "/.well-known/terraform.json")
	if err != nil {
		return "", fmt.Errorf("registry address %q: %w", r.base, err)
	}
	root, err := base.Parse(strings.TrimSuffix(services.Providers, "/") + "/")
	if err != nil || services.Providers == "" {
		return "", fmt.Errorf("the registry %s names no address for providers", r.base)
	}
	provider := root.JoinPath(Namespace, Type)

	var listed struct {
		Versions []struct {
			Version   string `json:"version"`
			Platforms []struct {
				OS   string `json:"os"`
				Arch string `json:"arch"`
			} `json:"platforms"`
		} `json:"versions"`
	}
	if err := r.get(ctx, answerTimeout, provider.JoinPath("versions").String(), &listed); err != nil {
		return "", fmt.Errorf("asking the registry for versions: %w", err)
	}
	var versions []string
	for _, v := range listed.Versions {
		for _, platform := range v.Platforms {
			if platform.OS == goos && platform.Arch == goarch {
				versions = append(versions, v.Version)
			}
		}
	}
	best := newest(c.Constraint, versions)
	if best == "" {
		return "", fmt.Errorf("the registry %s has no such version for %s_%s", r.base, goos, goarch)
	}
	return best, r.downloadable(ctx, provider.JoinPath(best, "download", goos, goarch).String())
}

// downloadable reports whether the archive's own host answers too: it is
// another one, which a firewall may treat otherwise.
func (r registry) downloadable(ctx context.Context, address string) error {
	var archive struct {
		URL string `json:"download_url"`
	}
	if err := r.get(ctx, answerTimeout, address, &archive); err != nil {
		return fmt.Errorf("asking the registry for the archive: %w", err)
	}
	where, err := url.Parse(address)
	if err != nil {
		return fmt.Errorf("archive's address: %w", err)
	}
	if where, err = where.Parse(archive.URL); err != nil {
		return fmt.Errorf("archive's address %q: %w", archive.URL, err)
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, where.String(), nil)
	if err != nil {
		return fmt.Errorf("archive's address %q: %w", archive.URL, err)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return fmt.Errorf("the archive can't be downloaded: %w", err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the archive can't be downloaded: %s answers %s", where.Host, response.Status)
	}
	return nil
}

func (r registry) get(ctx context.Context, timeout time.Duration, address string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("address %q: %w", address, err)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, response.Status)
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 64<<20)).Decode(into); err != nil {
		return fmt.Errorf("%s does not answer with JSON: %w", address, err)
	}
	return nil
}
