package server_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/localawstest"
)

// BenchmarkStore registers a task definition where there are many, while a client
// reads: what a change costs must not depend on how much there is.
//
//	go -C localaws test ./internal/server -run '^$' -bench Store -benchtime 1000x
func BenchmarkStore(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := localawstest.Start(b, localawstest.Options{})
			registerMany(b, c, n)
			stop := make(chan struct{})
			var reads []time.Duration
			var reading sync.WaitGroup
			reading.Go(func() { reads = measureReads(b, c, n, stop) })
			var writes []time.Duration
			for b.Loop() {
				at := time.Now()
				require.NoError(b, register(b.Context(), c, "written"))
				writes = append(writes, time.Since(at))
			}
			close(stop)
			reading.Wait()
			slices.Sort(writes)
			b.ReportMetric(milliseconds(writes[len(writes)/2]), "ms/write-p50")
			b.ReportMetric(milliseconds(slices.Max(reads)), "ms/read-worst")
			b.ReportMetric(0, "ns/op") // would be the mean
		})
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func register(ctx context.Context, c *localawstest.Cloud, family string) error {
	_, err := c.ECS.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: &family,
		ContainerDefinitions: []ecstypes.ContainerDefinition{{
			Name: aws.String("web"), Image: aws.String("httpd"), Cpu: 32, Memory: aws.Int32(64),
			PortMappings: []ecstypes.PortMapping{{ContainerPort: aws.Int32(80)}},
			Environment:  []ecstypes.KeyValuePair{{Name: aws.String("WHAT"), Value: aws.String("a container of a benchmark")}},
		}},
	})
	return err
}

// registerMany registers n definitions, in families of ten.
func registerMany(b *testing.B, c *localawstest.Cloud, n int) {
	b.Helper()
	var clients sync.WaitGroup
	for i := range 10 {
		clients.Go(func() {
			for j := i; j < n; j += 10 {
				if err := register(b.Context(), c, fmt.Sprintf("family-%d", j/10)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	clients.Wait()
}

// measureReads describes one definition after the other until stop is closed.
func measureReads(b *testing.B, c *localawstest.Cloud, n int, stop <-chan struct{}) (all []time.Duration) {
	b.Helper()
	for i := 0; ; i++ {
		select {
		case <-stop:
			return all
		default:
		}
		at := time.Now()
		_, err := c.ECS.DescribeTaskDefinition(b.Context(), &ecs.DescribeTaskDefinitionInput{
			TaskDefinition: aws.String(fmt.Sprintf("family-%d", i%(n/10))),
		})
		if err != nil {
			b.Error(err)
			return all
		}
		all = append(all, time.Since(at))
	}
}
