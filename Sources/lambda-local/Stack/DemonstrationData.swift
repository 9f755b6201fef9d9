import HTTP
import JSON
import LambdaEmulator
import Timestamps

/// An experiment with a run, so that the user interface has something to show.
struct DemonstrationData {
    private static let experiment = "local-demo"

    let authority: String
    let transport: LoopbackTransport

    /// Makes it, unless an earlier start has.
    ///
    /// - Returns: The run's id.
    func create() async throws -> String {
        let experiment = try await experimentID()
        let found = try await post("runs/search", ["experiment_ids": [.string(experiment)], "max_results": 1])
        if let run = found["runs"]?.array?.first?["info"]?["run_id"]?.string { return run }
        let now = JSONValue.integer(Timestamp.now().millisecondsSinceEpoch)
        let created = try await post(
            "runs/create", ["experiment_id": .string(experiment), "run_name": "first-run", "start_time": now])
        guard let run = created["run"]?["info"]?["run_id"]?.string else {
            throw LocalError("MLflow's answer to runs/create has no run id.")
        }
        let id = JSONValue.string(run)
        _ = try await post("runs/log-parameter", ["run_id": id, "key": "model", "value": "tree"])
        for (step, value) in ["0.9", "0.5", "0.3", "0.25"].enumerated() {
            _ = try await post(
                "runs/log-metric",
                ["run_id": id, "key": "rmse", "value": .number(value), "timestamp": now, "step": .integer(step)])
        }
        _ = try await post("runs/update", ["run_id": id, "status": "FINISHED", "end_time": now])
        return run
    }

    /// Made on the first start; on later ones it is found.
    private func experimentID() async throws -> String {
        let query = "experiment_name=\(Self.experiment)"
        let found = try await send(.get, "experiments/get-by-name", query: query)
        if found.status == 200, let id = try json(found)["experiment"]?["experiment_id"]?.string { return id }
        let created = try await post("experiments/create", ["name": .string(Self.experiment)])
        guard let id = created["experiment_id"]?.string else {
            throw LocalError("MLflow's answer to experiments/create has no experiment id.")
        }
        return id
    }

    private func post(_ method: String, _ body: JSONValue) async throws -> JSONValue {
        let response = try await send(.post, method, body: body.encoded)
        guard response.status == 200 else {
            let text = String(decoding: response.body.prefix(300), as: UTF8.self)
            throw LocalError("POST \(method) was answered \(response.status): \(text)")
        }
        return try json(response)
    }

    private func send(
        _ method: HTTPMethod, _ path: String, query: String? = nil, body: [UInt8] = []
    ) async throws -> HTTPResponse {
        let request = HTTPRequest(
            method, scheme: "http", authority: authority, path: "/api/2.0/mlflow/\(path)", query: query,
            headers: body.isEmpty ? [:] : ["Content-Type": "application/json"], body: .bytes(body))
        do {
            return try await transport.send(request)
        } catch let error as TransportError {
            throw LocalError(error.description)
        }
    }

    private func json(_ response: HTTPResponse) throws(LocalError) -> JSONValue {
        do {
            return try JSONValue(parsing: response.body)
        } catch {
            throw LocalError("MLflow's answer is \(error).")
        }
    }
}
