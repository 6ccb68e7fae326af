"""Sensing devices (前端感知设备): readings over MQTT, Modbus and HTTP, decoded by data, judged against the register.

Question: what do the devices in warehouses and on the road measure, and can each reading be believed?
In: payloads of brokers, registers of controllers, posts of gateways.  Out: readings with device, unit and quality;
signals: silent, out of range, stuck, drifting, replayed, forged, in two places, cold chain broken.
"""
