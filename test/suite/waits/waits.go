// Package waits computes how long Terraform takes at least: the AWS provider
// waits a fixed time after some calls, whatever the cloud does, and
// these waits add up along the dependencies between resources.
package waits

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Seconds that provider 5.100 waits before it first looks, or in which it
// wants several looks, at creation and at deletion of a resource. They were
// measured against servers that answer at once.
var (
	creation = map[string]float64{
		"aws_lb":                                60, // 30 s after creation, 30 s after its attributes
		"aws_s3_bucket_lifecycle_configuration": 55, // ten equal reads, 5 s apart
		"aws_route53_zone":                      15,
		"aws_route53_record":                    15,
		"aws_ecs_cluster":                       10,
		"aws_ecs_cluster_capacity_providers":    10,
		"aws_launch_template":                   5.2,
		"aws_iam_instance_profile":              5.2,
		"aws_efs_file_system":                   2,
		"aws_efs_mount_target":                  2,
		"aws_s3_bucket_versioning":              1.2,
	}
	deletion = map[string]float64{
		"aws_route53_zone":                   15,
		"aws_route53_record":                 15,
		"aws_ecs_cluster_capacity_providers": 10,
		"aws_nat_gateway":                    10,
		"aws_efs_file_system":                2,
		"aws_efs_mount_target":               2,
	}
	// attributes that the provider sets by a call of their own, each with a wait.
	attributes = map[string]map[string]float64{
		"aws_vpc":    {"enable_dns_hostnames": 10},
		"aws_subnet": {"map_public_ip_on_launch": 10},
	}
)

// Path is the chain of resources whose waits add up to most.
type Path struct {
	Seconds   float64
	Resources []string // in order, those with a wait only
}

// Compute returns the shortest times of making and of destroying what a state holds.
// graph is the output of `terraform graph`, state the content of the state
// file.
func Compute(graph string, state []byte) (create, destroy Path, err error) {
	makes, unmakes, err := weights(state)
	if err != nil {
		return Path{}, Path{}, err
	}
	needs := Dependencies(graph)
	neededBy := map[string][]string{}
	for from, tos := range needs {
		for _, to := range tos {
			neededBy[to] = append(neededBy[to], from)
		}
	}
	return longest(needs, makes), longest(neededBy, unmakes), nil
}

var (
	edge  = regexp.MustCompile(`^\s*"([^"]+)" -> "([^"]+)";?$`)
	index = regexp.MustCompile(`\[[^\]]*\]`)
)

// Dependencies reads the output of `terraform graph`: what each resource depends
// on, without what only that depends on.
func Dependencies(graph string) map[string][]string {
	needs := map[string][]string{}
	for _, line := range strings.Split(graph, "\n") {
		if match := edge.FindStringSubmatch(line); match != nil {
			needs[match[1]] = append(needs[match[1]], match[2])
		}
	}
	return needs
}

// weights reads the waits of each resource of a state, by its address without
// indices, as graphs have it. Instances of one resource wait side by side.
func weights(state []byte) (makes, unmakes map[string]float64, err error) {
	var s struct {
		Resources []struct {
			Module    string `json:"module"`
			Mode      string `json:"mode"`
			Type      string `json:"type"`
			Name      string `json:"name"`
			Instances []struct {
				Attributes map[string]any `json:"attributes"`
			} `json:"instances"`
		} `json:"resources"`
	}
	if err := json.Unmarshal(state, &s); err != nil {
		return nil, nil, fmt.Errorf("reading the state: %w", err)
	}
	makes, unmakes = map[string]float64{}, map[string]float64{}
	for _, resource := range s.Resources {
		if resource.Mode != "managed" || len(resource.Instances) == 0 {
			continue
		}
		address := strings.TrimPrefix(index.ReplaceAllString(resource.Module, "")+"."+resource.Type+"."+resource.Name, ".")
		makes[address] = creation[resource.Type]
		unmakes[address] = deletion[resource.Type]
		for attribute, seconds := range attributes[resource.Type] {
			if resource.Instances[0].Attributes[attribute] == true {
				makes[address] += seconds
			}
		}
	}
	return makes, unmakes, nil
}

// longest finds the path of the greatest weight. Terraform's graphs have no
// cycles; one would be cut.
func longest(next map[string][]string, weight map[string]float64) Path {
	known := map[string]Path{}
	var from func(node string) Path
	from = func(node string) Path {
		if path, ok := known[node]; ok {
			return path
		}
		known[node] = Path{} // cuts cycles
		var best Path
		for _, to := range next[node] {
			if path := from(to); path.Seconds > best.Seconds {
				best = path
			}
		}
		if weight[node] > 0 {
			best = Path{best.Seconds + weight[node], append(append([]string{}, best.Resources...), node)}
		}
		known[node] = best
		return best
	}
	var best Path
	nodes := map[string]bool{}
	for node, tos := range next {
		nodes[node] = true
		for _, to := range tos {
			nodes[to] = true
		}
	}
	for node := range weight {
		nodes[node] = true
	}
	for node := range nodes {
		if path := from(node); path.Seconds > best.Seconds {
			best = path
		}
	}
	return best
}
