// Package registry serves module archives as a private Terraform registry
// does, so that a test can install the module as its callers do.
//
// Protocol: https://developer.hashicorp.com/terraform/internals/module-registry-protocol,
// found by https://developer.hashicorp.com/terraform/internals/remote-service-discovery.
package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/infrahouse/terraform-aws-ecs/tools/packaging"
)

// Module is a module's address in a registry: namespace/name/provider.
type Module struct {
	Namespace, Name, Provider string
}

// ECS is the address under which this repository's module is published.
func ECS() Module { return Module{Namespace: "infrahouse", Name: "ecs", Provider: "aws"} }

// String is the address as a source has it after the registry's host.
func (m Module) String() string { return m.Namespace + "/" + m.Name + "/" + m.Provider }

const (
	modulesRoot  = "/v1/modules/"
	archivesRoot = "/archives/"
)

// Handler serves releases of one module. It answers 404 to all that it does
// not have, in the protocol's form.
func Handler(module Module, releases []*packaging.Archive) http.Handler {
	releases = slices.Clone(releases)
	root := modulesRoot + module.String()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/terraform.json", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"modules.v1": modulesRoot})
	})
	mux.HandleFunc("GET "+root+"/versions", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, listing(module, releases))
	})
	mux.HandleFunc("GET "+root+"/{version}/download", func(w http.ResponseWriter, r *http.Request) {
		release, ok := find(releases, func(a *packaging.Archive) bool { return a.Version == r.PathValue("version") })
		if !ok {
			notFound(w, fmt.Sprintf("%s has no version %s", module, r.PathValue("version")))
			return
		}
		// https, as from a client's view; the name ends in .tar.gz, which
		// tells the client how to unpack it.
		w.Header().Set("X-Terraform-Get", "https://"+r.Host+archivesRoot+release.Name)
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET "+archivesRoot+"{name}", func(w http.ResponseWriter, r *http.Request) {
		release, ok := find(releases, func(a *packaging.Archive) bool { return a.Name == r.PathValue("name") })
		if !ok {
			notFound(w, "no archive "+r.PathValue("name"))
			return
		}
		w.Header().Set("Content-Type", "application/gzip")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(release.Content))
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { notFound(w, "nothing at "+r.URL.Path) })
	return mux
}

type version struct {
	Version string `json:"version"`
}

type versions struct {
	Source   string    `json:"source"`
	Versions []version `json:"versions"`
}

// listing is the answer to "versions": the module, with each version.
func listing(module Module, releases []*packaging.Archive) map[string][]versions {
	all := make([]version, 0, len(releases))
	for _, release := range releases {
		all = append(all, version{release.Version})
	}
	return map[string][]versions{"modules": {{Source: module.String(), Versions: all}}}
}

func find(releases []*packaging.Archive, wanted func(*packaging.Archive) bool) (*packaging.Archive, bool) {
	at := slices.IndexFunc(releases, wanted)
	if at < 0 {
		return nil, false
	}
	return releases[at], true
}

func notFound(w http.ResponseWriter, reason string) {
	writeJSON(w, http.StatusNotFound, map[string][]string{"errors": {reason}})
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// What is left to fail is the connection, which the client sees itself.
	_ = json.NewEncoder(w).Encode(value)
}
