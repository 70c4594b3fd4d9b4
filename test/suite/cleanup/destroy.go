// Package cleanup removes what runs made: at their end, by make test-clean from
// the states that an interrupted run left, and by make test-sweep from the tags
// of what no state knows.
package cleanup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/infrahouse/terraform-aws-ecs/test/suite/run"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/settings"
	"github.com/infrahouse/terraform-aws-ecs/test/suite/stages"
)

// destroyEverything destroys what the states of a run hold, and ends its cloud.
// What a killed Terraform was just making is in no state, and for many minutes a
// destroy would try in vain to remove what that stands on: a localaws is dropped
// with it. It is dropped as well when a destroy leaves something after an apply
// was interrupted. On AWS such things are found by their tag.
func destroyEverything(ctx context.Context, r *run.Run, dirs []string) error {
	killed, cut, err := r.Workdir.Unsure()
	if err != nil {
		return err
	}
	wasKilled := "Terraform or its provider was killed in " + strings.Join(killed, ", ") + ", and no state knows what it was just making: "
	wasCut := "Terraform was interrupted in " + strings.Join(cut, ", ") + ", and no state knows what a request made that was under way: "
	byTag := "look for it by the tag " + run.TagRun + "=" + r.Workdir.Run.ID
	dropped := "localaws is dropped with all that it holds"
	local := r.Settings.Cloud == settings.Local
	if len(killed) > 0 && local {
		r.Display.Warn(wasKilled + dropped + ", without a destroy")
		return drop(ctx, r)
	}
	if err = destroyAll(ctx, r, dirs); err == nil {
		err = endCloud(ctx, r)
	}
	switch {
	case ctx.Err() != nil:
	case len(killed) > 0:
		r.Display.Warn(wasKilled + byTag)
	case len(cut) > 0 && !local:
		r.Display.Warn(wasCut + byTag)
	case len(cut) > 0 && err != nil:
		headline, _, _ := strings.Cut(err.Error(), "\n")
		r.Display.Warn(headline)
		r.Display.Warn(wasCut + dropped)
		return drop(ctx, r)
	}
	return err
}

// destroyAll destroys deployments: first those of tests, all at the same time,
// then what they stood on.
func destroyAll(ctx context.Context, r *run.Run, dirs []string) error {
	for _, shared := range []bool{false, true} {
		var deployments []*stages.Deployment
		for _, dir := range dirs {
			if r.Workdir.IsShared(dir) != shared {
				continue
			}
			d, err := stages.Take(r, dir)
			if err != nil {
				return err
			}
			deployments = append(deployments, d)
		}
		failures := make([]error, len(deployments))
		var wait sync.WaitGroup
		for i, d := range deployments {
			wait.Go(func() { failures[i] = d.TeardownStage(ctx) })
		}
		wait.Wait()
		if err := errors.Join(failures...); err != nil {
			return err
		}
	}
	return nil
}

// endCloud looks from outside whether anything is left, stops what was
// started, and removes the work directory.
func endCloud(ctx context.Context, r *run.Run) error {
	left, err := r.Cloud.Leftovers(ctx)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("everything was destroyed, yet this is left: %s", strings.Join(left, ", "))
	}
	r.Display.Print("nothing is left")
	return drop(ctx, r)
}

// drop ends the cloud without looking at what it holds.
func drop(ctx context.Context, r *run.Run) error {
	if err := r.Cloud.Close(ctx); err != nil {
		return err
	}
	return r.Workdir.Remove()
}
