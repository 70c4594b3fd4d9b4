package test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/test/suite"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/awsapi"
)

// objects are ids by what they are the ids of. An object that only has a name has
// the time of its creation beside it, where AWS tells.
type objects map[string]string

// objectsOf looks for a service's objects by AWS's API, each from another one: no
// address of Terraform says which they are.
func objectsOf(ctx context.Context, t testing.TB, v *suite.Validation, o serviceOutputs) objects {
	t.Helper()
	found := finder{ctx: ctx, t: t, v: v, api: awsapi.New(v.Config()), o: o, objects: objects{}}
	found.service()
	found.loadBalancer()
	found.records()
	found.logGroups()
	found.topic()
	return found.objects
}

type finder struct {
	ctx context.Context //nolint:containedctx // of one look
	t   testing.TB
	v   *suite.Validation
	api *awsapi.Client
	o   serviceOutputs
	objects
}

// service, with its cluster, capacity provider and Auto Scaling group.
func (f finder) service() {
	f.t.Helper()
	client := ecs.NewFromConfig(f.v.Config())
	services, err := client.DescribeServices(f.ctx, &ecs.DescribeServicesInput{Cluster: &f.o.ClusterName, Services: []string{f.o.ServiceName}})
	require.NoError(f.t, err)
	require.Len(f.t, services.Services, 1)
	service := services.Services[0]
	f.objects["cluster"] = aws.ToString(service.ClusterArn)
	f.objects["service"] = aws.ToString(service.ServiceArn) + " of " + aws.ToTime(service.CreatedAt).UTC().Format(time.RFC3339Nano)
	require.Len(f.t, service.CapacityProviderStrategy, 1)
	name := aws.ToString(service.CapacityProviderStrategy[0].CapacityProvider)
	capacity, err := client.DescribeCapacityProviders(f.ctx, &ecs.DescribeCapacityProvidersInput{CapacityProviders: []string{name}})
	require.NoError(f.t, err)
	require.Len(f.t, capacity.CapacityProviders, 1)
	f.objects["capacity provider"] = aws.ToString(capacity.CapacityProviders[0].CapacityProviderArn)
	group := aws.ToString(capacity.CapacityProviders[0].AutoScalingGroupProvider.AutoScalingGroupArn)
	f.objects["Auto Scaling group"] = group

	var templates struct {
		Groups []string `xml:"launchTemplateVersionSet>item>launchTemplateData>securityGroupIdSet>item"`
	}
	require.NoError(f.t, f.api.Query(f.ctx, awsapi.EC2, "DescribeLaunchTemplateVersions", map[string]string{
		"LaunchTemplateId": launchTemplate(f.ctx, f.t, f.api, group), "LaunchTemplateVersion.1": "$Latest",
	}, &templates))
	f.objects["security group of the instances"] = strings.Join(templates.Groups, " ")
	for i, balancer := range service.LoadBalancers {
		if i == 0 {
			continue
		}
		f.objects[fmt.Sprintf("target group of container port %d", aws.ToInt32(balancer.ContainerPort))] = aws.ToString(balancer.TargetGroupArn)
	}
	f.objects["target group"] = aws.ToString(service.LoadBalancers[0].TargetGroupArn)
}

// launchTemplate of a group, whose ARN ends in its name.
func launchTemplate(ctx context.Context, t testing.TB, api *awsapi.Client, group string) string {
	t.Helper()
	var groups struct {
		Templates []string `xml:"DescribeAutoScalingGroupsResult>AutoScalingGroups>member>LaunchTemplate>LaunchTemplateId"`
	}
	require.NoError(t, api.Query(ctx, awsapi.AutoScaling, "DescribeAutoScalingGroups", map[string]string{"AutoScalingGroupNames.member.1": nameOfGroup(group)}, &groups))
	require.Len(t, groups.Templates, 1)
	return groups.Templates[0]
}

func nameOfGroup(arn string) string {
	_, name, _ := strings.Cut(arn, "autoScalingGroupName/")
	return name
}

// loadBalancer, with its security groups, listeners, certificate and log bucket.
func (f finder) loadBalancer() {
	f.t.Helper()
	elb := f.v.ELB()
	described, err := elb.DescribeLoadBalancers(f.ctx, &elasticloadbalancingv2.DescribeLoadBalancersInput{LoadBalancerArns: []string{f.o.LoadBalancerARN}})
	require.NoError(f.t, err)
	require.Len(f.t, described.LoadBalancers, 1)
	balancer := described.LoadBalancers[0]
	f.objects["load balancer"] = aws.ToString(balancer.LoadBalancerArn)
	f.objects["DNS name of the load balancer"] = aws.ToString(balancer.DNSName)
	f.objects["security group of the load balancer"] = f.described(balancer.SecurityGroups, "Load balancer security group")
	for name, listener := range listenersOf(f.ctx, f.t, elb, f.o.LoadBalancerARN) {
		f.objects["listener "+name] = aws.ToString(listener.ListenerArn)
		if len(listener.Certificates) > 0 {
			f.objects["certificate of "+name] = aws.ToString(listener.Certificates[0].CertificateArn)
		}
	}
	attributes, err := elb.DescribeLoadBalancerAttributes(f.ctx, &elasticloadbalancingv2.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &f.o.LoadBalancerARN})
	require.NoError(f.t, err)
	for _, attribute := range attributes.Attributes {
		if aws.ToString(attribute.Key) == "access_logs.s3.bucket" && aws.ToString(attribute.Value) != "" {
			f.objects["bucket of the access logs"] = aws.ToString(attribute.Value) // it ends in the time of its creation
		}
	}
}

// described is the one of some security groups whose description begins so.
func (f finder) described(ids []string, prefix string) string {
	f.t.Helper()
	for _, id := range ids {
		var groups struct {
			Descriptions []string `xml:"securityGroupInfo>item>groupDescription"`
		}
		require.NoError(f.t, f.api.Query(f.ctx, awsapi.EC2, "DescribeSecurityGroups", map[string]string{"GroupId.1": id}, &groups))
		if len(groups.Descriptions) == 1 && strings.HasPrefix(groups.Descriptions[0], prefix) {
			return id
		}
	}
	return ""
}

// records of the host names: where they lead, and that of CAA there is one.
func (f finder) records() {
	f.t.Helper()
	for _, hostname := range f.o.DNSHostnames {
		var found struct {
			Sets []struct {
				Name, Type string
				Target     string `xml:"AliasTarget>DNSName"`
			} `xml:"ResourceRecordSets>ResourceRecordSet"`
		}
		require.NoError(f.t, f.api.Get(f.ctx, awsapi.Route53, "/2013-04-01/hostedzone/"+f.zone()+"/rrset?name="+hostname, &found))
		for _, set := range found.Sets {
			if set.Name == hostname+"." {
				f.objects[set.Type+" record of "+hostname] = strings.TrimSpace("of the zone " + set.Target)
			}
		}
	}
}

func (f finder) zone() string {
	f.t.Helper()
	shared, err := run.Prepare()
	require.NoError(f.t, err)
	return shared.ZoneID
}

// logGroups, each with the time of its creation.
func (f finder) logGroups() {
	f.t.Helper()
	for _, prefix := range []string{"/ecs/test/" + f.o.ServiceName, "/aws/ecs/containerinsights/" + f.o.ServiceName} {
		var list struct {
			Groups []struct {
				Name    string `json:"logGroupName"`
				Created int64  `json:"creationTime"`
			} `json:"logGroups"`
		}
		require.NoError(f.t, f.api.JSON(f.ctx, awsapi.Logs, "Logs_20140328.DescribeLogGroups", map[string]any{"logGroupNamePrefix": prefix}, &list))
		for _, group := range list.Groups {
			f.objects["log group "+group.Name] = time.UnixMilli(group.Created).UTC().Format(time.RFC3339Nano)
		}
	}
}

// topic to which the alarms go, which is named after the group, and its subscriptions:
// an ALB's.
func (f finder) topic() {
	f.t.Helper()
	group := f.objects["Auto Scaling group"]
	parts := strings.Split(group, ":")
	arn := fmt.Sprintf("arn:%s:sns:%s:%s:%s-alb-alarms", parts[1], parts[3], parts[4], nameOfGroup(group))
	var subscriptions struct {
		Members []struct{ SubscriptionArn, Endpoint string } `xml:"ListSubscriptionsByTopicResult>Subscriptions>member"`
	}
	err := f.api.Query(f.ctx, awsapi.SNS, "ListSubscriptionsByTopic", map[string]string{"TopicArn": arn}, &subscriptions)
	if awsapi.Refused(err, "NotFound") {
		return
	}
	require.NoError(f.t, err)
	f.objects["topic of the alarms"] = arn
	for _, subscription := range subscriptions.Members {
		f.objects["subscription of "+subscription.Endpoint] = subscription.SubscriptionArn
	}
}

// waitRefreshed waits until a group has replaced its instances.
func waitRefreshed(ctx context.Context, t testing.TB, v *suite.Validation, group string) {
	t.Helper()
	api := awsapi.New(v.Config())
	patience := v.Patience()
	ctx, cancel := context.WithTimeout(ctx, patience.Total)
	defer cancel()
	for {
		var refreshes struct {
			Status []string `xml:"DescribeInstanceRefreshesResult>InstanceRefreshes>member>Status"`
		}
		require.NoError(t, api.Query(ctx, awsapi.AutoScaling, "DescribeInstanceRefreshes", map[string]string{"AutoScalingGroupName": nameOfGroup(group)}, &refreshes))
		require.NotEmpty(t, refreshes.Status, "instance refreshes of the group")
		if refreshes.Status[0] == "Successful" {
			return
		}
		v.Progress("instance refresh: " + refreshes.Status[0])
		select {
		case <-ctx.Done():
			require.NoError(t, context.Cause(ctx), "instance refresh: %v", refreshes.Status)
		case <-time.After(patience.Poll):
		}
	}
}

// table shows each object's id before and after.
func (o objects) table(after objects) string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "object\tid before\tid after")
	for _, name := range slices.Sorted(maps.Keys(o)) {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", name, o[name], after[name])
	}
	_ = table.Flush()
	return text.String()
}
