"""What only `./run` needs: the launcher, the servers that it starts, the demo world, the tour. Production has none."""
