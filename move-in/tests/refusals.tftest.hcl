# A state without a whole service of the predecessor is refused.

run "no_state" {
  command = plan

  variables {
    state  = "tests/moves.tftest.hcl"
    module = "module.tempo"
  }

  expect_failures = [output.file]
}

run "nothing_there" {
  command = plan

  variables {
    state  = "tests/alb-7.8.0.json"
    module = "module.loki"
  }

  expect_failures = [output.file]
}

run "another_module" {
  command = plan

  variables {
    state  = "tests/other.json"
    module = "module.web"
  }

  expect_failures = [output.file]
}

run "half_of_a_service" {
  command = plan

  variables {
    state  = "tests/other.json"
    module = "module.tempo"
  }

  expect_failures = [output.file]
}

run "moved_already" {
  command = plan

  variables {
    state  = "tests/other.json"
    module = "module.here"
  }

  expect_failures = [output.file]
}

run "an_object_that_the_table_does_not_know" {
  command = plan

  variables {
    state  = "tests/unknown.json"
    module = "module.tempo"
  }

  expect_failures = [output.file]
}

run "that_may_go" {
  command = plan

  variables {
    state   = "tests/unknown.json"
    module  = "module.tempo"
    give_up = ["module.tempo.aws_s3_bucket.mine"]
  }

  assert {
    condition     = !strcontains(output.file, "aws_s3_bucket.mine")
    error_message = "The plan is to destroy it."
  }
}

run "no_name_of_the_zone" {
  command = plan

  variables {
    state  = "tests/alb-8.3.1-keyed.json"
    module = "module.apps.module.tempo"
  }

  expect_failures = [output.file]
}

run "a_key_in_the_address" {
  command = plan

  variables {
    state  = "tests/alb-8.3.1-keyed.json"
    module = "module.apps[0].module.tempo"
  }

  expect_failures = [var.module]
}
