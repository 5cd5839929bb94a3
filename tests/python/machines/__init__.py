"""EC2 on loopback: moto, with what it leaves out, and instances that are processes of this machine.

What moto does not do and this adds: MaxCount, want of capacity, instant fleets with several overrides, what a launch
template says of networks, markets, metadata and shutdowns, filters by client token, security groups that are in use,
requests of Spot instances that were launched by RunInstances, interruptions, states that take their time, user data,
instance metadata, and instances that shut themselves down.
"""
