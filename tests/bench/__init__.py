"""`make bench`: the service beside two peers on the same tables and data, interleaved in one run."""
