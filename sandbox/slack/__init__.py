"""A Slack workspace that lives on this machine and speaks Slack's wire formats.

`Workspace` is the state, `build_slack` its Web API and Socket Mode as an ASGI app, `Client` a person at their screen.
"""

from sandbox.slack.client import Client
from sandbox.slack.model import Channel, Json, Message, Notice, View
from sandbox.slack.web import build_slack
from sandbox.slack.workspace import Workspace

__all__ = ["Channel", "Client", "Json", "Message", "Notice", "View", "Workspace", "build_slack"]
