"""A domain of the API's own replaces its address on AWS everywhere."""

import pytest

from local.deploy.variables import Resolver
from tests.support.template import template, variables

DOMAIN = "api.wingman.example"
NEW = ("ApiDomainName", "ApiDomainMapping")


def resolver(domain: str) -> Resolver:
    return Resolver(template(), {"ApiDomain": domain}, known={"Api": "abc", "AWS::Region": "eu"})


@pytest.mark.parametrize(("domain", "closed"), [("", "False"), (DOMAIN, "True")])
def test_the_address_on_aws_is_closed_beside_a_domain(domain: str, closed: str) -> None:
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
def test_without_a_domain_nothing_of_it_is_made(name: str) -> None:
    assert not resolver("").holds(template()["Resources"][name]["Condition"])
    assert resolver(DOMAIN).holds(template()["Resources"][name]["Condition"])


def test_a_domain_of_its_own_is_reached_by_tls_1_2_alone() -> None:
    domain = template()["Resources"]["ApiDomainName"]["Properties"]
    [configured] = domain["DomainNameConfigurations"]
    assert configured["SecurityPolicy"] == "TLS_1_2"
