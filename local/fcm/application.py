"""The routes of the sandbox, which the email sandbox serves under /fcm.

It has no process of its own, because a stack has no free port.
"""

from starlette.routing import Mount

from local.credentials import credentials
from local.fcm.account import account
from local.fcm.api import Api
from local.fcm.control import Control
from local.fcm.faults import Faults
from local.fcm.phones import Phones
from local.stack import Stack

PATH = "/fcm"


def url(stack: Stack) -> str:
    return f"{stack.url('resend')}{PATH}"


def service_account(stack: Stack) -> str:
    return account(credentials(stack).fcm_private_key, url(stack))


def mounted(service_account: str) -> Mount:
    phones, faults = Phones(), Faults()
    api = Api(service_account, phones, faults)
    return Mount(PATH, routes=[*Control(api, phones, faults).routes(), *api.routes()])
