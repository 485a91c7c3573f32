from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import sys
from infra.local import aws
with aws.running():
    aws.create_resources("test")
    heavy = [name for name in ("moto.ec2", "moto.apigateway", "moto.sagemaker") if name in sys.modules]
    assert heavy == [], heavy
    assert len(aws.client("ec2").describe_vpcs()["Vpcs"]) == 1
"""


def test_services_left_out_stay_out_until_somebody_asks_for_them() -> None:
    result = subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
