// swift-tools-version:6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library module in `Sources/NAME`.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A Lambda function in `lambda/NAME`: a thin main that composes modules.
func function(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: "lambda/\(name)", exclude: exclude, swiftSettings: settings)
}

/// The tests of `NAME`, in `Tests/NAMETests`.
func tests(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, resources: resources,
        swiftSettings: settings)
}

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

func nio(_ name: String) -> Target.Dependency {
    .product(name: name, package: "swift-nio")
}

let package = Package(
    name: "sagemaker-mlflow-lambda",
    dependencies: [
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        // Of the local tool alone; no function links them.
        .package(url: "https://github.com/apple/swift-nio", from: "2.86.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    ],
    targets: [
        // C libraries.
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CLinux"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CStack"),
        .systemLibrary(name: "CSpawn"),

        // Values: no I/O, no dependencies.
        module("HTTP"),
        module("JSON"),
        module("Encoding"),
        module("XML"),
        module("Timestamps"),
        module("Configuration"),
        module("Waiting"),

        // The event loop and the HTTP client on libcurl.
        module("CurlHTTP", ["CCurl", "CLinux", "HTTP"]),

        // The Lambda runtime. `LambdaBootstrap` is the one module that joins it to libcurl.
        module("Lambda", ["CStack", "Encoding", "HTTP", "JSON", "Timestamps", "Configuration", logging]),
        module("LambdaCodable", ["Lambda"]),
        module("LambdaBootstrap", ["CLinux", "Lambda", "CurlHTTP", "HTTP", "Configuration", logging]),
        module("LambdaEvents", ["Encoding", "HTTP", "JSON"]),

        // OpenSSL and zlib.
        module("Compression", ["CZlib"]),

        // AWS.
        module("Cryptography", ["COpenSSL"]),
        module("AWSSigning", ["HTTP", "Cryptography", "Timestamps"]),
        module("AWSCore", ["AWSSigning", "HTTP", "JSON", "XML", "Timestamps", "Configuration", "Waiting", logging]),

        module("AWSServices", ["AWSCore", "AWSSigning", "HTTP", "JSON", "XML", "Timestamps"]),

        // CloudFormation's custom resources.
        module(
            "CloudFormation",
            ["AWSServices", "HTTP", "JSON", "Lambda", "Timestamps", "Configuration", "Waiting", logging]),

        // Features.
        module(
            "MLflowResource",
            [
                "AWSCore", "AWSServices", "CloudFormation", "Configuration", "HTTP", "JSON", "Lambda", "Timestamps",
                logging,
            ]),
        module(
            "MLflowProxy",
            [
                "Compression", "Cryptography", "Encoding", "LambdaEvents", "AWSCore", "AWSServices", "AWSSigning",
                "HTTP", "JSON", "Lambda", "Timestamps", "Configuration", "Waiting", logging,
            ]),

        module(
            "VPCCleanup",
            [
                "AWSCore", "AWSServices", "CloudFormation", "HTTP", "JSON", "Timestamps", "Configuration", "Waiting",
                logging,
            ]),

        // The local tool: Lambda, its load balancer and SageMaker MLflow on this machine.
        module(
            "LambdaEmulator",
            [
                "CSpawn", "Encoding", "HTTP", "JSON", "Timestamps", "Cryptography", nio("NIOCore"), nio("NIOPosix"),
                nio("NIOHTTP1"),
            ]),
        .executableTarget(
            name: "lambda-local",
            dependencies: [
                "LambdaEmulator", "AWSCore", "AWSSigning", "Configuration", "HTTP", "JSON", "Timestamps", "XML",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        // Functions.
        function(
            "mlflow-proxy", ["MLflowProxy", "LambdaBootstrap"], exclude: ["README.md", "policy.json", "upload.py"]),
        function(
            "mlflow-app", ["MLflowResource", "LambdaBootstrap"], exclude: ["README.md", "policy.json"]),
        function("vpc-cleanup", ["VPCCleanup", "LambdaBootstrap"], exclude: ["README.md", "policy.json"]),
        function("example-echo", ["Lambda", "LambdaBootstrap"]),
        function("example-stream", ["JSON", "Lambda", "LambdaBootstrap"]),
        function(
            "example-resource", ["AWSCore", "AWSServices", "CloudFormation", "JSON", "Lambda", "LambdaBootstrap"]),

        // Tests.
        .target(
            name: "TestSupport", dependencies: ["COpenSSL", "Encoding", "HTTP"], path: "Tests/TestSupport",
            swiftSettings: settings),
        tests("HTTP", ["TestSupport"]),
        tests("JSON", ["TestSupport"]),
        tests("Encoding", ["TestSupport"]),
        tests("XML", ["TestSupport"]),
        tests("Timestamps"),
        tests("Configuration"),
        tests("Waiting"),
        tests("Cryptography", ["Encoding", "TestSupport"]),
        tests("Compression"),
        tests("CurlHTTP", ["HTTP", "TestSupport"]),
        tests(
            "AWSCore",
            ["AWSSigning", "HTTP", "JSON", "Timestamps", "Configuration", "TestSupport", logging],
            resources: [.copy("Resources")]),
        tests(
            "AWSServices",
            ["AWSCore", "AWSSigning", "HTTP", "JSON", "Timestamps", "Configuration", "TestSupport"],
            resources: [.copy("Resources")]),
        tests("AWSSigning", ["Cryptography", "HTTP", "JSON", "Timestamps"], resources: [.copy("Vectors")]),
        tests("LambdaEvents", ["Encoding", "HTTP", "JSON", "TestSupport"]),
        tests(
            "MLflowProxy",
            [
                "TestSupport", "Compression", "Cryptography", "Encoding", "LambdaEvents", "AWSCore", "AWSSigning",
                "HTTP", "JSON", "Lambda", "Timestamps", "Configuration", "XML", logging,
            ]),
        tests(
            "LambdaEmulator",
            [
                "lambda-local", "example-resource", "AWSSigning", "CloudFormation", "HTTP", "JSON", "Timestamps",
                "TestSupport",
            ],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "MLflowProxyWireTests", dependencies: ["mlflow-proxy", "LambdaEmulator", "HTTP", "TestSupport"],
            swiftSettings: settings),
        .executableTarget(
            name: "signing-benchmark", dependencies: ["AWSSigning", "HTTP", "Timestamps"],
            path: "Tests/Benchmarks/Signing", swiftSettings: settings),
        .executableTarget(
            name: "lambda-crash-helper", dependencies: ["Lambda", "HTTP", logging], path: "Tests/LambdaCrashHelper",
            swiftSettings: settings),
        tests(
            "Lambda", ["lambda-crash-helper", "TestSupport", "HTTP", "JSON", "Timestamps", "Configuration", logging]),
        tests("LambdaCodable", ["Lambda", logging]),
        tests(
            "MLflowResource",
            [
                "LambdaEmulator", "AWSCore", "AWSServices", "AWSSigning", "CloudFormation", "Configuration", "HTTP",
                "JSON",
                "Lambda", "Timestamps", "TestSupport",
            ]),
        tests(
            "CloudFormation",
            [
                "AWSCore", "AWSServices", "AWSSigning", "Configuration", "TestSupport", "HTTP", "JSON", "Lambda",
                "Timestamps", logging,
            ]),
        tests(
            "VPCCleanup",
            [
                "TestSupport", "AWSCore", "AWSServices", "CloudFormation", "HTTP", "JSON", "Lambda", "Timestamps",
                "Configuration", logging,
            ]),
    ],
    swiftLanguageModes: [.v6]
)
