"""Runs for the editor: a process beside the server that proves and explains, with a warm server of its own.

The server has to answer while somebody types, so nothing is executed, or read through again and again, in it. Each
project has one such process. It is started when it is first needed, and ends when its input does.
"""
