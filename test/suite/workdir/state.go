package workdir

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Resources counts the resources in the state of the deployment in a directory.
// No state is none.
func Resources(dir string) (int, error) {
	record, err := ReadRecord(dir)
	if err != nil {
		return 0, err
	}
	var state struct {
		Resources []struct {
			Mode      string            `json:"mode"`
			Instances []json.RawMessage `json:"instances"`
		} `json:"resources"`
	}
	err = ReadJSON((&Deployment{Dir: dir, Record: record}).StatePath(), &state)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	managed := 0
	for _, resource := range state.Resources {
		if resource.Mode == "managed" {
			managed += len(resource.Instances)
		}
	}
	return managed, err
}

// instance is one instance of a resource in the state.
type instance struct {
	Index   json.RawMessage `json:"index_key"`
	Status  string          `json:"status"`
	Deposed string          `json:"deposed"`
}

// Tainted lists the addresses of the resource instances that Terraform would
// replace because their creation did not end.
func (d *Deployment) Tainted() ([]string, error) {
	return d.addresses(func(i instance) bool { return i.Status == "tainted" && i.Deposed == "" })
}

// Managed lists the addresses of the resource instances that Terraform has created.
func (d *Deployment) Managed() ([]string, error) {
	return d.addresses(func(i instance) bool { return i.Deposed == "" })
}

// addresses lists the addresses of managed resource instances, but for those that
// are left out. No state is none.
func (d *Deployment) addresses(keep func(instance) bool) ([]string, error) {
	var state struct {
		Resources []struct {
			Mode      string     `json:"mode"`
			Module    string     `json:"module"`
			Type      string     `json:"type"`
			Name      string     `json:"name"`
			Instances []instance `json:"instances"`
		} `json:"resources"`
	}
	if err := ReadJSON(d.StatePath(), &state); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		return nil, err
	}
	var addresses []string
	for _, resource := range state.Resources {
		for _, i := range resource.Instances {
			if resource.Mode != "managed" || !keep(i) {
				continue
			}
			address := strings.TrimPrefix(resource.Module+"."+resource.Type+"."+resource.Name, ".")
			if len(i.Index) > 0 {
				address += "[" + string(i.Index) + "]"
			}
			addresses = append(addresses, address)
		}
	}
	return addresses, nil
}

// VPCs lists the IDs of the VPCs in the state.
func (d *Deployment) VPCs() ([]string, error) {
	var ids []string
	var vpc struct {
		ID string `json:"id"`
	}
	err := d.eachOf("aws_vpc", &vpc, func() { ids = append(ids, vpc.ID) })
	return ids, err
}

// Service is an ECS service as Terraform has applied it.
type Service struct {
	Name           string `json:"name"`
	Cluster        string `json:"cluster"`         // ARN
	TaskDefinition string `json:"task_definition"` // ARN
	LoadBalancers  []struct {
		TargetGroupARN string `json:"target_group_arn"`
		ContainerName  string `json:"container_name"`
		ContainerPort  int32  `json:"container_port"`
	} `json:"load_balancer"`
}

// Service finds an ECS service in the state by the names of its cluster and its own.
func (d *Deployment) Service(cluster, name string) (Service, error) {
	var found []Service
	var service Service
	err := d.eachOf("aws_ecs_service", &service, func() {
		if service.Name == name && strings.HasSuffix(service.Cluster, ":cluster/"+cluster) {
			found = append(found, service)
		}
		service = Service{}
	})
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("%s has %d services %s of cluster %s, not one", Short(d.StatePath()), len(found), name, cluster)
	}
	if err != nil {
		return Service{}, err
	}
	return found[0], nil
}

// eachOf reads the attributes of each managed resource instance of a type, one
// after the other. No state is none.
func (d *Deployment) eachOf(kind string, attributes any, do func()) error {
	var state struct {
		Resources []struct {
			Mode      string `json:"mode"`
			Type      string `json:"type"`
			Instances []struct {
				Attributes json.RawMessage `json:"attributes"`
			} `json:"instances"`
		} `json:"resources"`
	}
	if err := ReadJSON(d.StatePath(), &state); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, resource := range state.Resources {
		if resource.Mode != "managed" || resource.Type != kind {
			continue
		}
		for _, instance := range resource.Instances {
			if err := json.Unmarshal(instance.Attributes, attributes); err != nil {
				return fmt.Errorf("%s is damaged: %w", Short(d.StatePath()), err)
			}
			do()
		}
	}
	return nil
}

// stateSerial is the number of a state's version: each later one has a higher.
// Without a whole state there is none.
func stateSerial(path string) (serial int64, whole bool) {
	var state struct {
		Serial int64 `json:"serial"`
	}
	err := ReadJSON(path, &state)
	return state.Serial, err == nil
}
