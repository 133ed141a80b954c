"""The API's own domain replaces its AWS address everywhere."""

import pytest

from local.deploy.variables import Resolver
from tests.support.template import template, variables

DOMAIN = "api.wingman.example"
NEW = ("ApiDomainName", "ApiDomainMapping")


def resolver(domain: str) -> Resolver:
    return Resolver(template(), {"ApiDomain": domain}, known={"Api": "abc", "AWS::Region": "eu"})


@pytest.mark.parametrize(("domain", "closed"), [("", "False"), (DOMAIN, "True")])
def test_the_aws_address_is_closed_if_there_is_a_domain(domain: str, closed: str) -> None:
    api = template()["Resources"]["Api"]["Properties"]
    assert resolver(domain).value(api["DisableExecuteApiEndpoint"]) == closed


@pytest.mark.parametrize(
    ("domain", "address"), [("", "https://abc.execute-api.eu."), (DOMAIN, f"https://{DOMAIN}")]
)
def test_links_and_outputs_have_the_address_that_is_open(domain: str, address: str) -> None:
    found = resolver(domain)
    assert found.value(template()["Outputs"]["ApiUrl"]["Value"]) == address
    assert found.value(variables("email_sender")["API_URL"]) == address


@pytest.mark.parametrize("name", NEW)
def test_without_a_domain_its_resources_are_not_created(name: str) -> None:
    assert not resolver("").holds(template()["Resources"][name]["Condition"])
    assert resolver(DOMAIN).holds(template()["Resources"][name]["Condition"])


def test_the_apis_own_domain_accepts_only_tls_1_2() -> None:
    domain = template()["Resources"]["ApiDomainName"]["Properties"]
    [configured] = domain["DomainNameConfigurations"]
    assert configured["SecurityPolicy"] == "TLS_1_2"
