"""What the files of runs hold, decoded within limits by a worker process; see `bench` for the door."""
