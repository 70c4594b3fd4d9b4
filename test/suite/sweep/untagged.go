package sweep

import (
	"context"
	"slices"
	"strings"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/awsapi"
)

// untagged adds what can have no tags, and belongs to what has: it would block
// the removal, or stay for ever.
func (f *finder) untagged(ctx context.Context) error {
	for _, owner := range slices.Clone(f.found) {
		var err error
		switch owner.Type {
		case "aws_ecs_service":
			f.ofService(owner)
		case "aws_ecs_cluster":
			name := owner.attributes["name"].(string)
			f.with(owner, "aws_ecs_cluster_capacity_providers", name, map[string]any{"cluster_name": name})
		case "aws_cloudwatch_event_rule":
			err = f.targets(ctx, owner)
		case "aws_efs_file_system":
			err = f.mountTargets(ctx, owner)
		case "aws_route53_zone":
			err = f.delegation(ctx, owner)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ofService adds the scalable target, with which its policies and their alarms
// go, and the dashboard that the module names as the service. Where there is
// none, the provider's refresh says so.
func (f *finder) ofService(service Resource) {
	name := service.attributes["name"].(string)
	resource := "service/" + service.attributes["cluster"].(string) + "/" + name
	f.with(service, "aws_appautoscaling_target", resource, map[string]any{
		"resource_id": resource, "scalable_dimension": "ecs:service:DesiredCount", "service_namespace": "ecs",
	})
	f.with(service, "aws_cloudwatch_dashboard", name, map[string]any{"dashboard_name": name})
}

// targets adds what a rule sends events to: with targets it can't be deleted.
func (f *finder) targets(ctx context.Context, rule Resource) error {
	var out struct {
		Targets []struct {
			ID string `json:"Id"`
		}
	}
	err := f.client.JSON(ctx, awsapi.Events, "AWSEvents.ListTargetsByRule", map[string]string{"Rule": rule.id}, &out)
	if awsapi.Refused(err, "ResourceNotFoundException") {
		return nil
	}
	for _, target := range out.Targets {
		f.with(rule, "aws_cloudwatch_event_target", rule.id+"-"+target.ID,
			map[string]any{"rule": rule.id, "target_id": target.ID, "event_bus_name": "default"})
	}
	return err
}

// mountTargets adds those of a file system, which keep it.
func (f *finder) mountTargets(ctx context.Context, files Resource) error {
	var out struct {
		MountTargets []struct {
			ID string `json:"MountTargetId"`
		}
	}
	err := f.client.GetJSON(ctx, awsapi.EFS, "/2015-02-01/mount-targets?FileSystemId="+files.id, &out)
	if awsapi.Refused(err, "FileSystemNotFound") {
		return nil
	}
	for _, target := range out.MountTargets {
		f.with(files, "aws_efs_mount_target", target.ID, nil)
	}
	return err
}

// delegation adds the NS record of a zone in its parent zone, if that is the
// account's: it would lead to name servers that may be another's one day.
func (f *finder) delegation(ctx context.Context, zone Resource) error {
	var out struct {
		Name string `xml:"HostedZone>Name"`
	}
	err := f.client.Get(ctx, awsapi.Route53, "/2013-04-01/hostedzone/"+zone.id, &out)
	if awsapi.Refused(err, "NoSuchHostedZone") {
		return nil
	}
	if err != nil {
		return err
	}
	_, parent, _ := strings.Cut(out.Name, ".")
	var zones struct {
		Zones []struct {
			ID      string `xml:"Id"`
			Name    string
			Private bool `xml:"Config>PrivateZone"`
		} `xml:"HostedZones>HostedZone"`
	}
	if err := f.client.Get(ctx, awsapi.Route53, "/2013-04-01/hostedzonesbyname?dnsname="+parent, &zones); err != nil {
		return err
	}
	for _, z := range zones.Zones {
		if z.Name == parent && !z.Private {
			id, name := strings.TrimPrefix(z.ID, "/hostedzone/"), strings.TrimSuffix(out.Name, ".")
			f.with(zone, "aws_route53_record", id+"_"+name+"_NS", map[string]any{"zone_id": id, "name": name, "type": "NS"})
		}
	}
	return nil
}
