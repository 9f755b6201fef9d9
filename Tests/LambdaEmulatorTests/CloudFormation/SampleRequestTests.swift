import CloudFormation
import JSON
import LambdaEmulator
import Testing

@Suite struct SampleRequestTests {
    @Test(arguments: ["Create", "Update", "Delete"])
    func `Of a type and a resource a whole request is made, which the kit can read`(type: String) throws {
        let event = try JSONValue(parsing: sampleRequest(type).encoded(responseURL: "http://127.0.0.1:1/a?b"))
        let address = try ReplyAddress(event)
        let request = try CustomResourceRequest(event, address: address)
        #expect(request.type.rawValue == type)
        #expect(address.responseURL == "http://127.0.0.1:1/a?b")
        #expect(address.stackName == "local")
        #expect(address.logicalResourceID == "Thing")
        #expect((request.oldProperties != nil) == (type == "Update"))
        #expect(request.serviceToken == functionARN)
        #expect(request.properties["ServiceToken"]?.string == functionARN)
    }

    @Test func `An id that is missing is made up as CloudFormation does for a Create that never answered`() throws {
        let id = try #require(try sampleRequest("Delete").physicalResourceID)
        #expect(PhysicalID.isMadeUp(id, stackName: "local", logicalResourceID: "Thing"))
        #expect(try sampleRequest("Create", ["PhysicalResourceId": "thing/1"]).physicalResourceID == nil)
        #expect(try sampleRequest("Create").stackID == sampleRequest("Delete").stackID)
    }

    @Test func `What is given stays, placeholders are filled in`() throws {
        let given: [String: JSONValue] = [
            "StackId": "arn:aws:cloudformation:eu-west-1:1:stack/s/1", "RequestId": "r-1", "LogicalResourceId": "Vpc",
            "PhysicalResourceId": "vpc-1", "ServiceToken": "arn:aws:sns:eu-west-1:1:topic",
        ]
        let request = try sampleRequest("Delete", given)
        #expect(request.stackID == "arn:aws:cloudformation:eu-west-1:1:stack/s/1")
        #expect([request.requestID, request.logicalResourceID, request.physicalResourceID] == ["r-1", "Vpc", "vpc-1"])
        let event = try JSONValue(parsing: request.encoded(responseURL: "u"))
        #expect(event["ServiceToken"]?.string == "arn:aws:sns:eu-west-1:1:topic")
        for placeholder in ["", "<fill in>", "${Value}", "unique id for this request"] {
            let filled = try sampleRequest(
                "Delete", given.mapValues { _ in .string(placeholder) })
            #expect(filled.stackID.hasPrefix("arn:aws:cloudformation:us-east-1:123456789012:stack/local/"))
            #expect(filled.requestID.count == 36)
            #expect(filled.logicalResourceID == "Thing")
            #expect(filled.physicalResourceID?.hasPrefix("local-Thing-") == true)
        }
    }

    @Test func `ServiceTimeout shortens the hour, wherever it stands`() throws {
        #expect(try sampleRequest().serviceTimeout == 3_600)
        #expect(try sampleRequest(serviceTimeout: 40).serviceTimeout == 40)
        #expect(try sampleRequest("Create", ["ResourceProperties": ["ServiceTimeout": "90"]]).serviceTimeout == 90)
        #expect(try sampleRequest("Create", ["ResourceProperties": ["ServiceTimeout": "9000"]]).serviceTimeout == 3_600)
        let event = try JSONValue(parsing: sampleRequest(serviceTimeout: 40).encoded(responseURL: "u"))
        #expect(event["ResourceProperties"]?["ServiceTimeout"] == "40")
    }

    @Test(arguments: [
        "{}", "[]", #"{"RequestType":"Create"}"#, #"{"RequestType":"create","ResourceType":"Custom::A"}"#,
        #"{"RequestType":"Create","ResourceType":"Custom::A","ResourceProperties":[]}"#,
    ])
    func `What is no request of a custom resource is refused with a sentence`(event: String) throws {
        let value = try JSONValue(parsing: Array(event.utf8))
        #expect(throws: LocalError.self) { try SampleRequest(value, for: configuration) }
    }

    @Test(arguments: [
        ("", true), ("<filled in>", true), ("http://pre-signed-S3-url-for-response", true),
        ("https://bucket.s3.amazonaws.com/key?X-Amz-Date=1&X-Amz-Signature=ab12", false),
        ("https://bucket.s3.amazonaws.com/key?AWSAccessKeyId=1&Signature=ab12", false),
    ])
    func `Only a presigned URL is one that somebody waits behind`(url: String, isMissing: Bool) {
        #expect(SampleRequest.lacksResponseURL(["ResponseURL": .string(url)]) == isMissing)
    }
}
