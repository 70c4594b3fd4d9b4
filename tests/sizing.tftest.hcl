# How many instances, without a cloud.

variables {
  subnet_count    = 2
  instance_vcpus  = 2
  instance_memory = 1024
  task_max_count  = 10
  task_cpu        = 200
  task_memory     = 128
}

run "t3_micro" {
  command = plan

  module {
    source = "./modules/sizing"
  }

  # 1024 MiB less 7 % and 64 MiB leave 888: six tasks of 128 MiB.
  assert {
    condition     = output.tasks_per_instance == 6 && output.min_size == 2 && output.max_size == 3
    error_message = "${output.tasks_per_instance} tasks an instance, ${output.min_size} to ${output.max_size} instances"
  }
}

run "cpu_is_short" {
  command = plan

  module {
    source = "./modules/sizing"
  }

  variables {
    task_cpu = 1024
  }

  assert {
    condition     = output.tasks_per_instance == 2 && output.max_size == 5
    error_message = "${output.tasks_per_instance} tasks an instance, at most ${output.max_size} instances"
  }
}

run "daemons_take_room" {
  command = plan

  module {
    source = "./modules/sizing"
  }

  variables {
    daemon_memory = 128
  }

  assert {
    condition     = output.tasks_per_instance == 5
    error_message = "${output.tasks_per_instance} tasks an instance"
  }
}

run "gpus_are_short" {
  command = plan

  module {
    source = "./modules/sizing"
  }

  variables {
    instance_memory = 16384
    instance_vcpus  = 8
    instance_gpus   = 1
    task_gpus       = 1
  }

  assert {
    condition     = output.tasks_per_instance == 1 && output.max_size == 10
    error_message = "${output.tasks_per_instance} tasks an instance, at most ${output.max_size} instances"
  }
}

run "at_least_one_more_than_the_lowest" {
  command = plan

  module {
    source = "./modules/sizing"
  }

  variables {
    task_max_count = 1
    min_size       = 4
  }

  assert {
    condition     = output.min_size == 4 && output.max_size == 5
    error_message = "${output.min_size} to ${output.max_size} instances"
  }
}

run "given_sizes_stay" {
  command = plan

  module {
    source = "./modules/sizing"
  }

  variables {
    min_size = 0
    max_size = 1
  }

  assert {
    condition     = output.min_size == 0 && output.max_size == 1
    error_message = "${output.min_size} to ${output.max_size} instances"
  }
}

run "what_only_nearly_fits_is_left_to_ecs" {
  command = plan

  module {
    source = "./modules/sizing"
  }

  variables {
    task_memory = 1000
  }

  assert {
    condition     = output.fits && output.tasks_per_instance == 1
    error_message = "A task of 1000 MiB is refused on 1024 MiB."
  }
}

run "too_much_memory" {
  command = plan

  module {
    source = "./modules/sizing"
  }

  variables {
    task_memory   = 1000
    daemon_memory = 64
  }

  assert {
    condition     = !output.fits
    error_message = "1000 MiB and 64 MiB fit on 1024 MiB."
  }
}

run "too_much_cpu" {
  command = plan

  module {
    source = "./modules/sizing"
  }

  variables {
    task_cpu = 2049
  }

  assert {
    condition     = !output.fits
    error_message = "2049 CPU units fit on 2 vCPUs."
  }
}

run "too_many_gpus" {
  command = plan

  module {
    source = "./modules/sizing"
  }

  variables {
    task_gpus = 1
  }

  assert {
    condition     = !output.fits
    error_message = "A GPU fits where there is none."
  }
}

run "fixed_host_ports_keep_tasks_apart" {
  command = plan

  module {
    source = "./modules/sizing"
  }

  variables {
    fixed_host_ports = true
    task_count       = 4
  }

  assert {
    condition     = output.tasks_per_instance == 1 && output.max_size == 11 && output.instances_to_deploy == 5 && output.room_for_deployments
    error_message = "${output.tasks_per_instance} tasks an instance, at most ${output.max_size} instances, ${output.instances_to_deploy} to deploy"
  }
}

run "a_deployment_that_stops_a_task_first_needs_no_room" {
  command = plan

  module {
    source = "./modules/sizing"
  }

  variables {
    fixed_host_ports        = true
    task_count              = 4
    minimum_healthy_percent = 75
    max_size                = 4
  }

  assert {
    condition     = output.room_for_deployments && output.instances_to_deploy == 4
    error_message = "${output.instances_to_deploy} instances to deploy"
  }
}
