"""Prints template.yaml as CloudFormation gets it, by the translator of `sam` in .local/aws."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

from samcli.lib.translate.sam_template_validator import SamTemplateValidator
from samcli.yamlhelper import yaml_parse


def main() -> None:
    """Print it. The managed policies of AWS, which only an account can list, are left by name."""
    template = yaml_parse(Path("template.yaml").read_text())
    policies = SimpleNamespace(load=dict)
    translator = SamTemplateValidator(template, policies, region="eu-central-1")
    json.dump(yaml_parse(translator.get_translated_template_if_valid()), sys.stdout, default=str)


if __name__ == "__main__":
    main()
