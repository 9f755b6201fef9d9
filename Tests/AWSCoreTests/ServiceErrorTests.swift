import AWSCore
import HTTP
import Testing

@Suite struct ServiceErrorTests {
    private func json(_ status: Int, _ body: String, _ headers: HTTPHeaders = [:]) -> ServiceError {
        ServiceError(
            service: "s", operation: "O",
            json: HTTPResponse(status: status, headers: headers, body: Array(body.utf8)))
    }

    private func xml(_ status: Int, _ body: String, _ headers: HTTPHeaders = [:]) -> ServiceError {
        ServiceError(
            service: "s", operation: "O", xml: HTTPResponse(status: status, headers: headers, body: Array(body.utf8)))
    }

    @Test(
        arguments: [
            (#"{"__type":"ResourceNotFound","message":"gone"}"#, [:], "ResourceNotFound", "gone"),
            (
                #"{"__type":"com.amazon.coral.validate#ValidationException","Message":"bad"}"#, [:],
                "ValidationException", "bad"
            ),
            (
                #"{"__type":"ns#A:http://internal.amazon.com/coral/","message":"m"}"#, [:], "A", "m"
            ),
            (
                #"{"Type":"User","Message":"no such function"}"#,
                ["X-Amzn-ErrorType": "ResourceNotFoundException:http://internal.amazon.com/coral/"],
                "ResourceNotFoundException", "no such function"
            ),
            (#"{"ErrorCode":"FileSystemInUse","Message":"in use"}"#, [:], "FileSystemInUse", "in use"),
            (#"{"code":"A","message":"m"}"#, [:], "A", "m"), (#"{"Code":"A","errorMessage":"m"}"#, [:], "A", "m"),
            (#"{"message":null,"__type":7}"#, [:], "HTTP 400", ""), ("[]", [:], "HTTP 400", ""),
            ("", [:], "HTTP 400", ""), ("<html>Bad Request</html>", [:], "HTTP 400", ""),
        ] as [(String, HTTPHeaders, String, String)])
    func anErrorInJSONIsRead(body: String, headers: HTTPHeaders, code: String, message: String) {
        let error = json(400, body, headers)
        #expect(error.code == code)
        #expect(error.message == message)
    }

    @Test(arguments: [
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type><Code>A</Code>"
            + "<Message>m &lt;x&gt;</Message></Error><RequestId>r</RequestId></ErrorResponse>",
        "<?xml version=\"1.0\"?>\n<Response><Errors><Error><Code>A</Code><Message>m &lt;x&gt;</Message></Error></Errors>"
            + "<RequestID>r</RequestID></Response>",
        "<Error><Code>A</Code><Message>m &lt;x&gt;</Message><RequestId>r</RequestId><HostId>h</HostId></Error>",
    ])
    func anErrorInXMLIsRead(body: String) {
        #expect(
            xml(400, body)
                == ServiceError(
                    service: "s", operation: "O", code: "A", message: "m <x>", status: 400, requestID: "r"))
    }

    @Test func whatIsNotXMLHasItsStatusForACode() {
        for body in ["", "<html><br></html>", "{}", "<a/>"] {
            #expect(xml(502, body).description == "s O failed: HTTP 502 (502)")
            #expect(xml(502, body).isTransient)
        }
    }

    @Test func s3TellsTheRegionOfABucketInAHeaderOrInTheBody() {
        #expect(xml(301, "", ["x-amz-bucket-region": "us-west-2", "x-amz-request-id": "r"]).region == "us-west-2")
        #expect(xml(301, "", ["x-amz-request-id": "r"]).requestID == "r")
        #expect(xml(400, "<Error><Code>A</Code><Region>us-west-2</Region></Error>").region == "us-west-2")
    }

    @Test(arguments: [
        (503, "RequestLimitExceeded", true, true), (400, "Throttling", true, false), (503, "SlowDown", true, true),
        (429, "x", true, false), (509, "x", true, false), (500, "InternalServerError", false, true),
        (504, "DependencyTimeout", false, true), (400, "RequestTimeout", false, true),
        (400, "ValidationException", false, false), (403, "UnauthorizedOperation", false, false),
    ])
    func errorsAreToldApart(status: Int, code: String, isThrottling: Bool, isTransient: Bool) {
        let error = ServiceError(service: "s", operation: "O", code: code, message: "", status: status)
        #expect(error.isThrottling == isThrottling)
        #expect(error.isTransient == isTransient)
    }
}
