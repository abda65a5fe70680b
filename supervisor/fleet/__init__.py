"""Several tenants on one machine: their files, their numbers, what they share, and the commands over all of them."""
