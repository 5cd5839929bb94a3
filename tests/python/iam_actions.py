"""Reads actions of IAM policies, a line each, and prints those that no service of AWS knows, by botocore's data. It needs an
environment with botocore: that of the emulator."""

import sys

import botocore.session

# Actions whose name is not that of the call, with the call.
OTHERWISE = {
    "s3:ListBucket": "ListObjectsV2",
    "s3:GetBucketPublicAccessBlock": "GetPublicAccessBlock",
    "s3:PutBucketPublicAccessBlock": "PutPublicAccessBlock",
    "s3:GetLifecycleConfiguration": "GetBucketLifecycleConfiguration",
    "s3:PutLifecycleConfiguration": "PutBucketLifecycleConfiguration",
}
# Those that allow no call by itself.
WITHOUT_CALL = ["iam:PassRole"]

session = botocore.session.get_session()
known = {}
for action in sorted({line.strip() for line in sys.stdin if line.strip()}):
    service, _, name = action.partition(":")
    if service not in known:
        is_there = service in session.get_available_services()
        known[service] = session.get_service_model(service).operation_names if is_there else []
    if OTHERWISE.get(action, name) not in known[service] and action not in WITHOUT_CALL:
        print(action)
