package providers

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// installation is what a CLI configuration says of where the AWS provider comes
// from.
type installation struct {
	mirrors []string // filesystem mirrors
	direct  bool     // also from the registry
	opaque  bool     // also from where only Terraform can look, or it can't be read
}

// readInstallation reads the provider_installation of a CLI configuration.
// https://developer.hashicorp.com/terraform/cli/config/config-file#provider-installation
func readInstallation(text []byte, host string) installation {
	file, problems := hclsyntax.ParseConfig(text, "", hcl.InitialPos)
	if problems.HasErrors() {
		file, problems = hclsyntax.ParseConfig(spread(text), "", hcl.InitialPos)
	}
	if problems.HasErrors() {
		return installation{opaque: true} // dev_overrides, for example, is none of HCL 2
	}
	var found installation
	for _, block := range file.Body.(*hclsyntax.Body).Blocks {
		switch block.Type {
		case "host": // says where a registry really is
			found.opaque = true
		case "provider_installation":
			for _, method := range block.Body.Blocks {
				found.add(method, host)
			}
		}
	}
	return found
}

// spread begins a line inside of each pair of braces: HCL 1, which Terraform
// reads here, has blocks in blocks on one line, and HCL 2 has not.
func spread(text []byte) []byte {
	var lines []byte
	quoted := false
	for _, c := range text {
		if c == '"' {
			quoted = !quoted
		}
		if c == '}' && !quoted {
			lines = append(lines, '\n')
		}
		lines = append(lines, c)
		if (c == '{' || c == '}') && !quoted {
			lines = append(lines, '\n')
		}
	}
	return lines
}

// add takes up one of the methods, if it is for the AWS provider.
func (i *installation) add(method *hclsyntax.Block, host string) {
	include, exclude := texts(method, "include"), texts(method, "exclude")
	if len(include) > 0 && !forAWS(include, host) || forAWS(exclude, host) {
		return
	}
	paths := texts(method, "path")
	switch {
	case method.Type == "direct":
		i.direct = true
	case method.Type == "filesystem_mirror" && len(paths) == 1:
		i.mirrors = append(i.mirrors, paths[0])
	default:
		i.opaque = true
	}
}

// texts are an attribute's value, a text or several.
func texts(block *hclsyntax.Block, name string) []string {
	attribute, ok := block.Body.Attributes[name]
	if !ok {
		return nil
	}
	value, problems := attribute.Expr.Value(nil)
	if problems.HasErrors() || !value.IsWhollyKnown() || value.IsNull() {
		return nil
	}
	elements := []cty.Value{value}
	if value.CanIterateElements() {
		elements = value.AsValueSlice()
	}
	var all []string
	for _, element := range elements {
		if element.Type() == cty.String && !element.IsNull() {
			all = append(all, element.AsString())
		}
	}
	return all
}

// forAWS reports whether one of the patterns, such as registry.terraform.io/*/* or
// hashicorp/aws, is for the AWS provider.
func forAWS(patterns []string, host string) bool {
	for _, pattern := range patterns {
		parts := strings.Split(pattern, "/")
		if len(parts) == 2 {
			parts = append([]string{host}, parts...)
		}
		matches := len(parts) == 3
		for i, part := range []string{host, Namespace, Type} {
			matches = matches && (parts[i] == "*" || strings.EqualFold(parts[i], part))
		}
		if matches {
			return true
		}
	}
	return false
}

// configured is the user's own configuration as the source of a case. It is an
// error when nothing that it names has the case's provider, as far as that can be
// told without Terraform.
func (f *Finder) configured(ctx context.Context, c Case, text []byte) (Source, error) {
	source := Source{Kind: Configured, Path: f.UserConfig}
	says := readInstallation(text, f.Host)
	if says.opaque || says.direct && f.RegistryURL == "" {
		return source, nil
	}
	var reasons []string
	for _, mirror := range says.mirrors {
		if _, ok := inMirror(mirror, f.Host, f.platform(), c); ok {
			return source, nil
		}
		reasons = append(reasons, fmt.Sprintf("mirror %s of %s has %s", mirror, f.UserConfig, f.versionsIn(mirror)))
	}
	if says.direct {
		_, err := registry{f.RegistryURL, f.Client}.newest(ctx, c, f.OS, f.Arch)
		if err == nil {
			return source, nil
		}
		reasons = append(reasons, plain(err))
	}
	if len(reasons) == 0 {
		reasons = append(reasons, f.UserConfig+" names no place for it")
	}
	return Source{}, errors.New(Reasons(c, reasons))
}
