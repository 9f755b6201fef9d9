import Timestamps

/// A function as one configures it in Lambda.
public struct FunctionConfiguration: Sendable {
    /// The function's name.
    public var name: String
    /// The executable named `bootstrap` of the unpacked function.
    public var executable: String
    /// The directory it starts in, `LAMBDA_TASK_ROOT`.
    public var taskRoot: String
    /// The memory it is told it has, in MB. It is not enforced.
    public var memoryMB: Int
    /// The time an invocation may take.
    public var timeout: Duration
    /// The region.
    public var region: String
    /// The account, twelve digits.
    public var accountID: String
    /// Invocations that one process takes at a time (`AWS_LAMBDA_MAX_CONCURRENCY` of managed instances).
    public var invocationsPerInstance: Int
    /// The function's own variables; they override Lambda's.
    public var variables: [String: String]

    /// Makes a configuration with Lambda's defaults: 128 MB, 3 seconds, one invocation at a time.
    public init(
        name: String, executable: String, taskRoot: String, memoryMB: Int = 128, timeout: Duration = .seconds(3),
        region: String = "us-east-1", accountID: String = "123456789012", invocationsPerInstance: Int = 1,
        variables: [String: String] = [:]
    ) {
        self.name = name
        self.executable = executable
        self.taskRoot = taskRoot
        self.memoryMB = memoryMB
        self.timeout = timeout
        self.region = region
        self.accountID = accountID
        self.invocationsPerInstance = max(1, invocationsPerInstance)
        self.variables = variables
    }

    /// The function's ARN.
    public var arn: String { "arn:aws:lambda:\(region):\(accountID):function:\(name)" }

    /// The environment of an instance: Lambda's variables and the function's, nothing of this process's.
    func environment(runtimeAPI: String, at now: Timestamp) -> [String: String] {
        let day = now.iso8601.prefix(10).split(separator: "-").joined(separator: "/")
        var values = [
            "AWS_LAMBDA_RUNTIME_API": runtimeAPI,
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": String(memoryMB),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/\(name)",
            "AWS_LAMBDA_LOG_STREAM_NAME": "\(day)/[$LATEST]\(RandomID.hex(32))",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "LAMBDA_TASK_ROOT": taskRoot,
            "LAMBDA_RUNTIME_DIR": "/var/runtime",
            "LD_LIBRARY_PATH": "\(taskRoot):\(taskRoot)/lib",
            "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "_HANDLER": "bootstrap",
        ]
        if invocationsPerInstance > 1 { values["AWS_LAMBDA_MAX_CONCURRENCY"] = String(invocationsPerInstance) }
        values.merge(variables) { _, own in own }
        return values
    }
}
