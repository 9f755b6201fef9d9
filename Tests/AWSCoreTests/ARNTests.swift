import AWSCore
import Testing

@Suite struct ARNTests {
    @Test(arguments: [
        "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-tracking-server/my-server",
        "arn:aws-cn:iam::123456789012:role/path/name",
        "arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:mlflow-app/app-ABC",
        "arn:aws:s3:::bucket/key:with:colons", "arn:aws:iam::aws:policy/ReadOnlyAccess",
    ])
    func anARNComesBackAsItWas(text: String) throws {
        #expect(try ARN(parsing: text).description == text)
    }

    @Test func thePartsAreThoseBetweenTheColons() throws {
        let arn = try ARN(parsing: "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-app/app:1")
        #expect(arn.partition == .aws)
        #expect(arn.service == "sagemaker")
        #expect(arn.region == "eu-central-1")
        #expect(arn.accountID == "123456789012")
        #expect(arn.resource == "mlflow-app/app:1")
    }

    @Test(arguments: [
        ("", "it does not start with \"arn:\""),
        ("https://x", "it does not start with \"arn:\""),
        ("arn:aws:s3", "it has 3 parts instead of arn:partition:service:region:account:resource"),
        ("arn:azure:s3:::b", "there is no partition \"azure\""),
        ("arn:aws:::1:b", "\"\" is not a service"),
        ("arn:aws:s3:eu/1::b", "\"eu/1\" is not a region"),
        ("arn:aws:sagemaker:cn-north-1:123456789012:x", "region cn-north-1 is in partition aws-cn, not in aws"),
        (
            "arn:aws:sagemaker:us-gov-west-1:123456789012:x",
            "region us-gov-west-1 is in partition aws-us-gov, not in aws"
        ),
        ("arn:aws:iam::12:role/x", "the account \"12\" is not twelve digits"),
        ("arn:aws:iam::123456789012:", "the resource is missing"),
        ("arn:aws:iam::123456789012:role/x\r\n", "the resource has a space or a control character in it"),
    ])
    func theErrorSaysWhichPartIsWrong(text: String, reason: String) {
        let error = #expect(throws: ARNError.self) { try ARN(parsing: text) }
        #expect(error?.description == "\"\(text)\" is not an ARN: \(reason)")
    }

    @Test(arguments: [
        ("us-east-1", "aws"), ("mx-central-1", "aws"), ("cn-northwest-1", "aws-cn"), ("us-gov-east-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"), ("us-iso-west-1", "aws-iso"), ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"), ("us-isof-south-1", "aws-iso-f"),
        // Of no known form, so commercial.
        ("us-gov-", "aws"), ("us-gov-west-1-x", "aws"), ("cn-north", "aws"), ("cn-north-x", "aws"),
    ])
    func aRegionTellsItsPartition(region: String, partition: String) {
        #expect(AWSPartition(region: region).id == partition)
    }
}
