"""Which person, host, service or certificate behaves unlike itself and unlike its peers, and why?

In: what each entity did in a window (pairs, volumes, hours), its peer group.
Out: contributions with a probability and a reason each, and a risk per entity made of them.
"""
