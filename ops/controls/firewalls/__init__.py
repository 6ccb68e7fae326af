"""What do the rules of a packet filter let through?

In: the text of ``nft -j list ruleset`` or ``iptables-save -c`` as agents send it.  Out: facts for access control at the
border: default refusal, rules for everybody, covered and unused rules, stateful and five-tuple filtering.
"""
