import AWSSigning
import ArgumentParser
import Foundation
import HTTP
import LambdaEmulator
import Timestamps

/// `lambda-local sign`: the stages of a signature, to find where two signers part.
struct SignCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Signs a request with SigV4 and prints every stage.",
        discussion: """
            The file holds METHOD /path?query, header lines (Host: is required), an empty line and the body. The \
            credentials are those of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; the secret is never \
            printed.
            """)

    @Argument(help: "The file with the request.")
    var request: String
    @Option(help: "The region of the credential scope.")
    var region: String
    @Option(help: "The service of the credential scope, e.g. sagemaker-mlflow.")
    var service: String
    @Option(help: "Puts the signature in the query of a URL that holds for so many seconds.")
    var presign: Int?
    @Flag(name: .customLong("s3"), help: "Signs as S3 wants it.")
    var forS3 = false
    @Option(help: "The time of signing, e.g. 20150830T123600Z; now when left out.")
    var date: String?
    @Flag(help: "Leaves the body out of the signature.")
    var unsignedPayload = false

    func run() throws {
        let file = try RequestFile(parsing: try Files.read(request))
        let credentials = try credentials()
        let time = try time()
        var settings = forS3 ? SigningSettings.s3 : .standard
        if unsignedPayload {
            settings.payload = .unsigned
            settings.presignedPayload = .unsigned
        }
        let signer = SigV4Signer(region: region, service: service, settings: settings)
        let stages: SigningStages
        let signed: HTTPRequest
        if let presign {
            stages = signer.presignedStages(
                for: file.request, with: credentials, at: time, expiresIn: .seconds(presign))
            signed = signer.presign(file.request, with: credentials, at: time, expiresIn: .seconds(presign))
        } else {
            stages = signer.stages(for: file.request, with: credentials, at: time)
            signed = signer.sign(file.request, with: credentials, at: time)
        }
        Console.print("Canonical request:\n\(stages.canonicalRequest.text)\n")
        Console.print("String to sign:\n\(stages.stringToSign.text)\n")
        Console.print("Signature:\n\(stages.signature)\n")
        if presign != nil { Console.print("URL:\n\(signed.url)\n") }
        Console.print("Headers:\nHost: \(signed.authority)")
        for field in signed.headers { Console.print("\(field.name): \(field.value)") }
    }

    private func credentials() throws(LocalError) -> Credentials {
        let environment = ProcessInfo.processInfo.environment
        guard let id = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"],
            !id.isEmpty, !secret.isEmpty
        else { throw LocalError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY must be set in the environment.") }
        let token = environment["AWS_SESSION_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
        return Credentials(accessKeyID: id, secretAccessKey: secret, sessionToken: token)
    }

    private func time() throws(LocalError) -> Timestamp {
        guard let date else { return .now() }
        guard let time = Timestamp(iso8601: date) else {
            throw LocalError("--date \(date) is not a time like 20150830T123600Z.")
        }
        return time
    }
}
