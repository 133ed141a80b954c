"""The photo bucket is private, keeps no deleted objects, and is read only by the CDN."""

from typing import Any

from tests.support.template import template

RESOURCES: dict[str, Any] = template()["Resources"]
BUCKET = RESOURCES["PhotosBucket"]["Properties"]
STATEMENTS = RESOURCES["PhotosBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
CDN = RESOURCES["PhotosDistribution"]["Properties"]["DistributionConfig"]


def test_nothing_makes_the_bucket_public() -> None:
    assert set(BUCKET["PublicAccessBlockConfiguration"].values()) == {True}
    assert BUCKET["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    allowed = [each for each in STATEMENTS if each.get("Effect") == "Allow"]
    assert [each["Principal"] for each in allowed] == [{"Service": "cloudfront.amazonaws.com"}]
    assert allowed[0]["Action"] == "s3:GetObject"
    assert allowed[0]["Resource"]["Fn::Sub"].endswith("/public/*")
    assert "${PhotosDistribution}" in str(allowed[0]["Condition"])


def test_the_bucket_refuses_requests_without_tls_on_aws() -> None:
    [condition, denied, _] = next(each["Fn::If"] for each in STATEMENTS if "Fn::If" in each)
    assert (condition, denied["Effect"], denied["Principal"]) == ("HasTls", "Deny", "*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_objects_are_encrypted() -> None:
    [rule] = BUCKET["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_a_deleted_object_is_gone() -> None:
    assert "VersioningConfiguration" not in BUCKET
    assert "ReplicationConfiguration" not in BUCKET


def test_uploads_expire_after_a_day() -> None:
    [rule] = BUCKET["LifecycleConfiguration"]["Rules"]
    assert (rule["Status"], rule["Prefix"], rule["ExpirationInDays"]) == ("Enabled", "incoming/", 1)


def test_browsers_may_upload_only_from_the_origins_of_the_api() -> None:
    [rule] = BUCKET["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedMethods"] == ["POST"]
    assert rule["AllowedOrigins"] == {"Ref": "AllowedOrigins"}


def test_the_queue_gets_only_uploads_and_has_its_policy_before_the_bucket() -> None:
    [queue] = BUCKET["NotificationConfiguration"]["QueueConfigurations"]
    assert queue["Queue"] == {"Fn::GetAtt": ["PhotoQueue", "Arn"]}
    assert queue["Filter"]["S3Key"]["Rules"] == [{"Name": "prefix", "Value": "incoming/"}]
    assert RESOURCES["PhotosBucket"]["DependsOn"] == "PhotoQueuePolicy"


def test_the_cdn_signs_its_requests_and_speaks_tls() -> None:
    access = RESOURCES["PhotosAccess"]["Properties"]["OriginAccessControlConfig"]
    assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")
    assert CDN["Origins"][0]["OriginAccessControlId"] == {"Fn::GetAtt": ["PhotosAccess", "Id"]}
    behaviour = CDN["DefaultCacheBehavior"]
    assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
    assert behaviour["AllowedMethods"] == ["GET", "HEAD"]
