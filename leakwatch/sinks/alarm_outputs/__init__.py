"""Alarms for other devices and programs: OpenIGTLink, MQTT, HTTP, a lamp. Off by default."""
