import AWSCore
import AWSSigning
import Configuration
import Foundation
import HTTP
import Testing

@Suite struct ServiceEndpointTests {
    private static let services: [AWSService] = [.sts, .ec2, .efs, .sageMaker, .lambda, .logs, .s3, .events]

    private func resolve(
        _ service: AWSService, _ region: String = "eu-central-1", _ environment: [String: String] = [:]
    ) throws(ConfigurationError) -> ServiceEndpoint {
        try ServiceEndpoint.resolve(service: service, region: region, environment: Environment(environment))
    }

    /// `Resources/generate-endpoints.py` says how a line reads.
    @Test func everyHostIsThatOfTheSDKs() throws {
        let url = try #require(Bundle.module.url(forResource: "Resources/endpoints", withExtension: "txt"))
        let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 320)
        for line in lines {
            let fields = line.split(separator: " ").map(String.init)
            let service = try #require(Self.services.first { $0.name == fields[0] })
            let endpoint = try? resolve(
                service, fields[1], ["AWS_USE_FIPS_ENDPOINT": fields[2], "AWS_USE_DUALSTACK_ENDPOINT": fields[3]])
            #expect(endpoint?.authority ?? "-" == fields[4], "\(line)")
        }
    }

    @Test func theVariableOfTheServiceWinsOverTheCommonOne() throws {
        let environment = ["AWS_ENDPOINT_URL": "http://127.0.0.1:5000", "AWS_ENDPOINT_URL_STS": "https://sts.test/v1/"]
        let sts = try resolve(.sts, "us-east-1", environment)
        #expect(sts.request(.post).url == "https://sts.test/v1/")
        #expect(sts.region == "us-east-1")
        #expect(try resolve(.logs, "us-east-1", environment).request(.get, path: "/x").url == "http://127.0.0.1:5000/x")
        let logs = ["AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": "http://logs.test"]
        #expect(try resolve(.logs, "us-east-1", logs).authority == "logs.test")
        #expect(try resolve(.logs, "us-east-1", logs).isOverridden)
        #expect(try !resolve(.logs, "us-east-1").isOverridden)
    }

    @Test func overridesCanBeSwitchedOff() throws {
        let environment = ["AWS_ENDPOINT_URL": "http://127.0.0.1:5000", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE"]
        #expect(try resolve(.sts, "us-east-1", environment).authority == "sts.us-east-1.amazonaws.com")
    }

    @Test func theSignatureBearsTheSigningNameAndTheRegion() throws {
        let signer = try resolve(.sageMaker, "us-east-1", ["AWS_ENDPOINT_URL": "http://127.0.0.1:5000"]).signer()
        #expect(signer.service == "sagemaker")
        #expect(signer.region == "us-east-1")
    }

    @Test(arguments: [
        ["AWS_ENDPOINT_URL": "localhost:5000"], ["AWS_ENDPOINT_URL_STS": "http://user:hunter2@h"],
        ["AWS_ENDPOINT_URL": "http://h/?a=b"], ["AWS_USE_FIPS_ENDPOINT": "yes"],
    ])
    func aValueThatMakesNoSenseIsNamed(environment: [String: String]) throws {
        let error = #expect(throws: ConfigurationError.self) { try resolve(.sts, "us-east-1", environment) }
        let variable = try #require(environment.keys.first)
        #expect(error?.description.hasPrefix("\(variable) is ") == true)
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test(arguments: ["", "evil.test/", "us-east-1.evil.test", "-x", "a b"])
    func aRegionThatWouldLeadElsewhereIsRefused(region: String) {
        #expect(throws: ConfigurationError.self) { try resolve(.sts, region) }
    }
}
