"""Network devices by SNMP v2c and v3: polled values, tables of neighbours, traps and informs.

Question: how are interfaces, processors, memory and temperature of the network gear, and who is attached to it?
In: agents of devices (RFC 3416, RFC 3414), notifications.  Out: metrics, inventory, events; each time-out is a datum.
"""
