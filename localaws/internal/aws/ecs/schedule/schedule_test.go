package schedule_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/infrahouse/terraform-aws-ecs/localaws/internal/aws/ecs/schedule"
)

// seeds is how many worlds each property is looked for in. A failure names the
// seed of its world.
const seeds = 100

func eachSeed(t *testing.T, check func(t *testing.T, seed uint64)) {
	t.Helper()
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			check(t, seed)
		})
	}
}

// random is a world of a few instances and services.
func random(t *testing.T, seed uint64) *world {
	t.Helper()
	w := newWorld(t, seed)
	for range 2 + w.rng.IntN(3) {
		w.instance()
	}
	for range 1 + w.rng.IntN(3) {
		minimum := []int{0, 50, 100}[w.rng.IntN(3)]
		svc := schedule.Service{
			Daemon: w.rng.IntN(4) == 0, Desired: w.rng.IntN(6), MinimumHealthyPercent: minimum, MaximumPercent: max(100, minimum+50*w.rng.IntN(3)),
			Breaker: schedule.Breaker{Enabled: w.rng.IntN(2) == 0, Rollback: w.rng.IntN(2) == 0},
			Alarms:  schedule.Alarms{Enabled: w.rng.IntN(2) == 0, Bake: time.Duration(w.rng.IntN(10)) * time.Minute},
		}
		demand := schedule.Demand{CPU: 64 * w.rng.IntN(8), MemoryMiB: 100 * (1 + w.rng.IntN(8)), GPUs: w.rng.IntN(8) / 7}
		if w.rng.IntN(4) == 0 {
			demand.Ports = []string{"80/tcp"}
		}
		if svc.Daemon { // which has a place beside all others
			svc.MaximumPercent, svc.MinimumHealthyPercent = 100, minimum/2
			demand = schedule.Demand{CPU: 64, MemoryMiB: 100}
		}
		balanced := w.rng.IntN(2) == 0
		w.balance[w.service(svc, demand, good).Name] = balanced
	}
	return w
}

// disturb does one thing that a user, a machine or a container may do.
func (w *world) disturb() {
	svc := &w.cluster.Services[w.rng.IntN(len(w.cluster.Services))]
	at := &w.cluster.Instances[w.rng.IntN(len(w.cluster.Instances))]
	switch w.rng.IntN(8) {
	case 0:
		svc.Desired = w.rng.IntN(8)
	case 1, 2:
		w.deploy(svc, svc.Deployments[0].Work, []string{good, good, crash, sick, ailing}[w.rng.IntN(5)])
	case 3:
		at.Active = !at.Active
	case 4:
		at.Connected = !at.Connected
	case 5:
		w.instance()
	default:
		w.afflict()
	}
}

// afflict lets a running task fail, its target become unhealthy, or its owner
// protect it.
func (w *world) afflict() {
	for _, t := range slices.Clone(w.cluster.Tasks) {
		if t.Status != schedule.Running || w.rng.IntN(2) == 0 {
			continue
		}
		chance := w.rng.IntN(9)
		switch task := w.task(t.ID); {
		case chance < 3:
			w.remove(t.ID, !t.Stopped)
		case chance < 5:
			task.ProtectedUntil = w.cluster.Now.Add(time.Minute)
		case len(task.Targets) > 0 && !task.Stopped:
			task.Targets[0].Health, task.Targets[0].Description = "unhealthy", "Request timed out"
		}
		return
	}
}

// lives lets a world live, and has look look at every step.
func (w *world) lives(steps int, look func(before *world, plan schedule.Plan)) {
	for range steps {
		w.cluster.Now = w.cluster.Now.Add(time.Duration(w.rng.IntN(20)) * time.Second)
		if w.rng.IntN(4) == 0 {
			w.disturb()
		}
		before := w.copy()
		look(before, w.step())
		w.agents(0.5)
	}
}

func (w *world) copy() *world {
	before := *w
	before.cluster = cloned(w.cluster)
	return &before
}

func cloned(c schedule.Cluster) schedule.Cluster {
	c.Instances, c.Tasks, c.Services = slices.Clone(c.Instances), slices.Clone(c.Tasks), slices.Clone(c.Services)
	for i := range c.Instances {
		free := &c.Instances[i].Free
		free.GPUs, free.Ports = slices.Clone(free.GPUs), maps.Clone(free.Ports)
	}
	for i := range c.Tasks {
		c.Tasks[i].Targets, c.Tasks[i].Wanted = slices.Clone(c.Tasks[i].Targets), slices.Clone(c.Tasks[i].Wanted)
	}
	for i := range c.Services {
		c.Services[i].Deployments = slices.Clone(c.Services[i].Deployments)
	}
	return c
}

func TestNeverAboveMaximumPercent(t *testing.T) {
	t.Parallel()
	eachSeed(t, func(t *testing.T, seed uint64) {
		w := random(t, seed)
		w.lives(60, func(_ *world, plan schedule.Plan) {
			for _, a := range plan.Actions {
				start, ok := a.(schedule.Start)
				if !ok {
					continue
				}
				svc := w.find(start.Service)
				most := svc.Desired * svc.MaximumPercent / 100
				if svc.Daemon {
					most = len(w.cluster.Instances)
				}
				require.LessOrEqual(t, w.live(svc.Name), most, "tasks of %s after a start", svc.Name)
			}
		})
	})
}

func TestNeverBelowMinimumHealthyPercent(t *testing.T) {
	t.Parallel()
	eachSeed(t, func(t *testing.T, seed uint64) {
		w := random(t, seed)
		w.lives(60, func(before *world, _ schedule.Plan) {
			for _, svc := range before.cluster.Services {
				desired, counts := svc.Desired, any
				if svc.Daemon {
					wanted := schedule.Daemons(before.cluster.Instances, svc.Deployments[0])
					desired = len(wanted)
					counts = func(t schedule.Task) bool { return slices.Contains(wanted, t.Instance) }
				}
				least := (desired*svc.MinimumHealthyPercent + 99) / 100
				had := before.healthy(svc.Name, counts)
				require.GreaterOrEqual(t, w.healthy(svc.Name, counts), min(had, least), "healthy tasks of %s, which had %d", svc.Name, had)
			}
		})
	})
}

func TestNeverOversubscribesAnInstance(t *testing.T) {
	t.Parallel()
	eachSeed(t, func(t *testing.T, seed uint64) {
		w := random(t, seed)
		w.lives(60, func(before *world, _ schedule.Plan) {
			for _, at := range w.cluster.Instances {
				var cpu, memory, gpus int
				ports := map[string]string{}
				for _, task := range w.cluster.Tasks {
					if task.Instance != at.ID {
						continue
					}
					d := task.Work.Demand
					cpu, memory, gpus = cpu+d.CPU, memory+d.MemoryMiB, gpus+d.GPUs
					for _, port := range d.Ports {
						require.Empty(t, ports[port], "port %s of %s is for %s and %s", port, at.ID, ports[port], task.ID)
						ports[port] = task.ID
					}
					known := slices.ContainsFunc(before.cluster.Tasks, func(o schedule.Task) bool { return o.ID == task.ID && o.Instance != "" })
					require.True(t, known || (at.Active && at.Connected), "%s starts on %s", task.ID, at.ID)
				}
				require.LessOrEqual(t, cpu, w.size.CPU)
				require.LessOrEqual(t, memory, w.size.MemoryMiB)
				require.LessOrEqual(t, gpus, len(w.size.GPUs))
			}
		})
	})
}

func TestBreakerTripsAtItsThreshold(t *testing.T) {
	t.Parallel()
	eachSeed(t, func(t *testing.T, seed uint64) {
		w := random(t, seed)
		w.lives(100, func(before *world, plan schedule.Plan) {
			for _, svc := range before.cluster.Services {
				d := svc.Deployments[0]
				desired := svc.Desired
				if svc.Daemon {
					desired = len(schedule.Daemons(before.cluster.Instances, d))
				}
				failed := d.Failed
				fails := false
				for _, a := range plan.Actions {
					if c, ok := a.(schedule.CountFailure); ok && c.Deployment == d.ID && !fails {
						failed++
					}
					if f, ok := a.(schedule.Fail); ok && f.Service == svc.Name {
						fails = true
					}
				}
				armed := svc.Breaker.Enabled && !d.Proven && d.Rollout == schedule.InProgress
				require.False(t, fails && (!armed || failed < schedule.Threshold(desired)), "%s failed with %d failures", d.ID, failed)
				require.True(t, fails || !armed || d.Failed < schedule.Threshold(desired), "%s goes on with %d failures", d.ID, d.Failed)
			}
		})
	})
}

// A world that is left alone comes to rest: every service with a good
// deployment and room for it is steady, and nothing is planned any more.
func TestConverges(t *testing.T) {
	t.Parallel()
	eachSeed(t, func(t *testing.T, seed uint64) {
		w := random(t, seed)
		w.lives(60, func(*world, schedule.Plan) {})
		for i := range w.cluster.Instances {
			w.cluster.Instances[i].Active, w.cluster.Instances[i].Connected = true, true
		}
		for range 40 { // room for all
			w.instance()
		}
		for i := range w.cluster.Services {
			svc := &w.cluster.Services[i]
			if !svc.Daemon {
				svc.MaximumPercent = 200 // room for one more, whatever is rounded
			}
			w.deploy(svc, svc.Deployments[0].Work, good)
		}
		for range 120 {
			w.cluster.Now = w.cluster.Now.Add(time.Minute)
			w.step()
			w.agents(1)
		}
		assert.Empty(t, w.step(), "nothing is left to do")
		for _, svc := range w.cluster.Services {
			desired := svc.Desired
			if svc.Daemon {
				desired = len(w.cluster.Instances)
			}
			assert.True(t, svc.Steady, "%s is steady", svc.Name)
			assert.Len(t, svc.Deployments, 1)
			assert.Equal(t, schedule.Completed, svc.Deployments[0].Rollout)
			assert.Equal(t, desired, w.healthy(svc.Name, any), "healthy tasks of %s", svc.Name)
			assert.Equal(t, desired, w.live(svc.Name), "tasks of %s", svc.Name)
		}
	})
}

// Services whose tasks fail, and tasks that have no place, come first and still
// take nothing from a good service that comes last.
func TestFailingTasksStarveNoOthers(t *testing.T) {
	t.Parallel()
	eachSeed(t, func(t *testing.T, seed uint64) {
		w := newWorld(t, seed)
		for range 3 {
			w.instance()
		}
		replicas := schedule.Service{Desired: 2, MinimumHealthyPercent: 100, MaximumPercent: 200}
		for range 1 + w.rng.IntN(3) {
			bad := w.service(replicas, schedule.Demand{CPU: 100}, []string{crash, sick, ailing}[w.rng.IntN(3)])
			w.balance[bad.Name] = true
		}
		w.service(replicas, schedule.Demand{CPU: 100000}, good)
		for range 20 { // they have failed for a while
			w.cluster.Now = w.cluster.Now.Add(10 * time.Second)
			w.step()
			w.agents(1)
		}
		w.cluster.Tasks = append(w.cluster.Tasks, schedule.Task{
			ID: "waits", Work: schedule.Work{Demand: schedule.Demand{MemoryMiB: 100000}, Group: "family:big"}, GiveUpAt: w.cluster.Now.Add(time.Hour),
		}, schedule.Task{ID: "fits", Work: schedule.Work{Group: "family:small"}, GiveUpAt: w.cluster.Now.Add(time.Hour)})
		name := w.service(replicas, schedule.Demand{CPU: 100}, good).Name
		for range 4 {
			w.step()
			w.agents(1)
		}
		assert.Equal(t, 2, w.healthy(name, any))
		assert.NotEmpty(t, w.task("fits").Instance, "a task behind one that has no place")
		settled := w.cluster.Tasks
		for range 60 {
			w.cluster.Now = w.cluster.Now.Add(10 * time.Second)
			w.step()
			w.agents(1)
		}
		for _, task := range settled {
			if task.Service == name {
				assert.False(t, w.task(task.ID).Stopped, "%s was well", task.ID)
			}
		}
	})
}

// One task of a service that fails again and again costs the others nothing.
func TestFailingTaskLeavesItsSiblingsAlone(t *testing.T) {
	t.Parallel()
	eachSeed(t, func(t *testing.T, seed uint64) {
		w := newWorld(t, seed)
		w.instance()
		svc := schedule.Service{Desired: 3, MinimumHealthyPercent: 50 * w.rng.IntN(3), MaximumPercent: 100 + 100*w.rng.IntN(2)}
		if svc.MinimumHealthyPercent == 100 {
			svc.MaximumPercent = 200
		}
		name := w.service(svc, schedule.Demand{CPU: 100}, good).Name
		for range 6 {
			w.step()
			w.agents(1)
		}
		require.True(t, w.find(name).Steady)
		siblings := []string{w.cluster.Tasks[0].ID, w.cluster.Tasks[1].ID}
		for range 100 {
			w.cluster.Now = w.cluster.Now.Add(15 * time.Second)
			for i := range w.cluster.Tasks {
				if task := &w.cluster.Tasks[i]; !slices.Contains(siblings, task.ID) && task.Status == schedule.Running {
					task.Health = schedule.Unhealthy
				}
			}
			w.step()
			w.agents(0.7)
			for _, id := range siblings {
				require.False(t, w.task(id).Stopped, "%s was well", id)
			}
		}
	})
}

func TestPlanDependsOnTheClusterAlone(t *testing.T) {
	t.Parallel()
	eachSeed(t, func(t *testing.T, seed uint64) {
		w := random(t, seed)
		w.lives(20, func(then *world, plan schedule.Plan) {
			then.account()
			before := cloned(then.cluster)
			require.Equal(t, plan, schedule.Next(then.cluster), "the same again")
			require.Equal(t, before, then.cluster)
		})
	})
}

// An alarm ends a deployment once one of its tasks runs, and not one that began while
// it was in ALARM.
func TestAlarmEndsWhatRuns(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		unwatched bool
		status    schedule.Status
		fails     bool
	}{
		"no task runs":         {status: schedule.Pending},
		"a task runs":          {status: schedule.Running, fails: true},
		"in ALARM from before": {status: schedule.Running, unwatched: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1)
			w.instance()
			svc := w.service(schedule.Service{
				Desired: 1, MinimumHealthyPercent: 100, MaximumPercent: 200,
				Alarms: schedule.Alarms{Enabled: true, Rollback: true, Ringing: true},
			}, schedule.Demand{CPU: 64, MemoryMiB: 100}, good)
			svc.Deployments[0].Unwatched = test.unwatched
			w.step()
			w.cluster.Tasks[0].Status = test.status
			fail := schedule.Fail{Service: svc.Name, Deployment: svc.Deployments[0].ID, ByAlarm: true, RollBack: true}
			assert.Equal(t, test.fails, slices.Contains(schedule.Next(w.cluster).Actions, schedule.Action(fail)))

			svc.Alarms.Ringing = false
			next := schedule.Next(w.cluster).Next
			assert.Equal(t, !test.unwatched, next.Equal(w.cluster.Now.Add(15*time.Second)), "the alarms are looked at again, at %v", next)
		})
	}
}
