"""Cloud platforms: Kubernetes, OpenStack and libvirt, as their own interfaces tell of them.

Question: which tenants, machines, volumes, images and networks are there, who can reach whom, and what is running out?
In: the platforms' APIs, read only.  Out: inventory with its changes, metrics of capacity, events that rules look for.
"""
