"""Prints template.yaml as CloudFormation gets it, using `sam`'s translator in .local/aws."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

from samcli.lib.translate.sam_template_validator import SamTemplateValidator
from samcli.yamlhelper import yaml_parse

# CloudFormation's limit for one stack; a function with its release has about nine.
MOST_RESOURCES = 500


def main() -> None:
    """Print the translated template, unless it has too many resources.

    AWS's managed policies stay as names, because only an account can list them.
    """
    template = yaml_parse(Path("template.yaml").read_text())
    policies = SimpleNamespace(load=dict)
    translator = SamTemplateValidator(template, policies, region="eu-central-1")
    translated = yaml_parse(translator.get_translated_template_if_valid())
    if len(translated["Resources"]) > MOST_RESOURCES:
        raise SystemExit(
            f"{len(translated['Resources'])} resources, of {MOST_RESOURCES}: divide the stack"
        )
    json.dump(translated, sys.stdout, default=str)


if __name__ == "__main__":
    main()
