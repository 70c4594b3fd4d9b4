package sweep

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// stateFile is a Terraform state, format 4, of managed resources. See
// "Format Version Details" in the manual's page on state.
type stateFile struct {
	Version          int             `json:"version"`
	TerraformVersion string          `json:"terraform_version"`
	Serial           int             `json:"serial"`
	Lineage          string          `json:"lineage"`
	Outputs          map[string]any  `json:"outputs"`
	Resources        []stateResource `json:"resources"`
}

type stateResource struct {
	Mode      string          `json:"mode"`
	Type      string          `json:"type"`
	Name      string          `json:"name"`
	Provider  string          `json:"provider"`
	Instances []stateInstance `json:"instances"`
}

type stateInstance struct {
	Key           string         `json:"index_key"`
	SchemaVersion int            `json:"schema_version"`
	Attributes    map[string]any `json:"attributes"`
	// Dependencies are addresses of what this one is destroyed before.
	Dependencies []string `json:"dependencies"`
}

// resourceName is the name of all resources in the state.
const resourceName = "left"

// State makes a state that holds the resources which the sweep can remove, with
// no more attributes than the provider needs to read and delete them. The
// registry's host is part of the provider's name.
func State(resources []Resource, registryHost string) ([]byte, error) {
	byType := map[string][]Resource{}
	for _, r := range resources {
		byType[r.Type] = append(byType[r.Type], r)
	}
	state := stateFile{
		Version: 4, TerraformVersion: "1.5.0", Serial: 1, Lineage: rand.Text(),
		Outputs: map[string]any{}, Resources: []stateResource{},
	}
	later := []string{}
	for _, wave := range slices.Backward(waves) {
		var addresses []string
		for _, terraform := range wave {
			if len(byType[terraform]) == 0 {
				continue
			}
			one := stateResource{
				Mode: "managed", Type: terraform, Name: resourceName,
				Provider: fmt.Sprintf("provider[%q]", registryHost+"/hashicorp/aws"),
			}
			for _, r := range byType[terraform] {
				one.Instances = append(one.Instances, r.instance(later))
			}
			state.Resources = append(state.Resources, one)
			addresses = append(addresses, terraform+"."+resourceName)
		}
		later = slices.Concat(later, addresses)
	}
	text, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing the state of what was found: %w", err)
	}
	return text, nil
}

func (r Resource) instance(later []string) stateInstance {
	attributes := map[string]any{"id": r.id}
	maps.Copy(attributes, r.attributes)
	maps.Copy(attributes, thorough[r.Type])
	return stateInstance{Key: r.Key, SchemaVersion: schemaVersions[r.Type], Attributes: attributes, Dependencies: later}
}

// Existing returns those of the resources that a state still holds after
// Terraform has refreshed it: what is gone, it drops.
func Existing(resources []Resource, state []byte) ([]Resource, error) {
	var held stateFile
	if err := json.Unmarshal(state, &held); err != nil {
		return nil, fmt.Errorf("reading the state of what was found: %w", err)
	}
	there := map[[2]string]bool{}
	for _, resource := range held.Resources {
		for _, instance := range resource.Instances {
			there[[2]string{resource.Type, instance.Key}] = true
		}
	}
	var existing []Resource
	for _, r := range resources {
		if there[[2]string{r.Type, r.Key}] {
			existing = append(existing, r)
		}
	}
	return existing, nil
}
