"""The unmodified MLflow client against the server at MLFLOW_TRACKING_URI: what a data scientist does in a day.

Run it with the Python that has MLflow installed. Each check prints a line; the exit status is 1 if one failed.
"""

import os
import sys
import tempfile
import traceback
import uuid
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

ODD_NAMES = ["plain", "with space", "a+b", "100% & more", "ünïcode 日本語 😀", "semi;colon,comma", "quote'\"()!*", "a%2Fb", "#hash?mark"]

client = MlflowClient(os.environ["MLFLOW_TRACKING_URI"])
mlflow.set_tracking_uri(os.environ["MLFLOW_TRACKING_URI"])
unique = uuid.uuid4().hex[:8]
checks = []


def check(function):
    checks.append(function)
    return function


@check
def experiments_of_any_name_are_created_found_renamed_and_deleted():
    for name in ODD_NAMES:
        full = f"{name} {unique}"
        identifier = client.create_experiment(full, tags={"team": "ml ops+1"})
        assert client.get_experiment_by_name(full).experiment_id == identifier
        client.rename_experiment(identifier, full + " renamed")
        assert client.get_experiment(identifier).name == full + " renamed"
        client.delete_experiment(identifier)
        assert client.get_experiment(identifier).lifecycle_stage == "deleted"
        client.restore_experiment(identifier)
        client.delete_experiment(identifier)


@check
def a_run_keeps_its_parameters_metrics_and_tags():
    experiment = client.create_experiment(f"runs {unique}")
    run = client.create_run(experiment, run_name="first run")
    client.log_param(run.info.run_id, "learning rate", "0.1")
    client.log_metric(run.info.run_id, "loss/train", 0.5, step=1)
    client.set_tag(run.info.run_id, "note", "líne 1\nline 2 \"quoted\" \\ back")
    client.set_terminated(run.info.run_id)
    stored = client.get_run(run.info.run_id)
    assert stored.data.params == {"learning rate": "0.1"}
    assert stored.data.metrics == {"loss/train": 0.5}
    assert stored.data.tags["note"] == "líne 1\nline 2 \"quoted\" \\ back"
    assert stored.info.status == "FINISHED"
    client.delete_tag(run.info.run_id, "note")
    assert "note" not in client.get_run(run.info.run_id).data.tags
    client.delete_run(run.info.run_id)
    client.restore_run(run.info.run_id)


@check
def batches_and_histories_pass_whole():
    experiment = client.create_experiment(f"batches {unique}")
    run = client.create_run(experiment).info.run_id
    client.log_batch(
        run,
        metrics=[Metric("accuracy", index / 1000, 1_700_000_000_000 + index, index) for index in range(1000)],
        params=[Param(f"p{index}", "x" * 100) for index in range(100)],
        tags=[RunTag(f"t{index}", "y") for index in range(100)],
    )
    history = client.get_metric_history(run, "accuracy")
    assert [metric.step for metric in history] == list(range(1000))
    assert len(client.get_run(run).data.params) == 100


@check
def searches_filter_order_and_page():
    experiment = client.create_experiment(f"search {unique}")
    for index in range(25):
        run = client.create_run(experiment, tags={"parity": "odd" if index % 2 else "even"}).info.run_id
        client.log_metric(run, "m", index)
    seen, token = [], None
    while True:
        page = client.search_runs([experiment], "tags.parity = 'even'", max_results=5, order_by=["metrics.m DESC"], page_token=token)
        seen += [run.data.metrics["m"] for run in page]
        token = page.token
        if not token:
            break
    assert seen == [float(index) for index in range(24, -1, -2)], seen
    found = client.search_experiments(filter_string=f"name LIKE 'search {unique}%'")
    assert [item.experiment_id for item in found] == [experiment]


@check
def artifacts_go_up_and_come_down():
    experiment = client.create_experiment(f"artifacts {unique}")
    run = client.create_run(experiment).info.run_id
    payload = bytes(range(256)) * 400
    with tempfile.TemporaryDirectory() as directory:
        for name in ["plain.bin", "with space.bin", "a+b.bin", "ünï.bin"]:
            path = Path(directory) / name
            path.write_bytes(payload)
            client.log_artifact(run, str(path), "folder one")
        (Path(directory) / "empty.txt").write_bytes(b"")
        client.log_artifact(run, str(Path(directory) / "empty.txt"))
        client.log_text(run, "héllo", "notes/text.txt")
        listed = sorted(item.path for item in client.list_artifacts(run, "folder one"))
        assert listed == sorted(f"folder one/{name}" for name in ["plain.bin", "with space.bin", "a+b.bin", "ünï.bin"]), listed
        with tempfile.TemporaryDirectory() as target:
            local = client.download_artifacts(run, "folder one", target)
            for name in ["plain.bin", "with space.bin", "a+b.bin", "ünï.bin"]:
                assert (Path(local) / name).read_bytes() == payload, name
            assert Path(client.download_artifacts(run, "notes/text.txt", target)).read_text() == "héllo"


@check
def a_model_is_registered_aliased_and_deleted():
    for name in ["model plain", "model ünï+code"]:
        full = f"{name} {unique}"
        client.create_registered_model(full, tags={"a": "b"}, description="first")
        experiment = client.create_experiment(f"registry {name} {unique}")
        run = client.create_run(experiment)
        version = client.create_model_version(full, f"{run.info.artifact_uri}/model", run.info.run_id)
        client.set_registered_model_alias(full, "champion", version.version)
        assert client.get_model_version_by_alias(full, "champion").version == version.version
        client.set_model_version_tag(full, version.version, "checked", "yes")
        client.update_registered_model(full, description="second")
        assert client.get_registered_model(full).description == "second"
        assert [m.name for m in client.search_registered_models(f"name = '{full}'")] == [full]
        client.delete_registered_model_alias(full, "champion")
        client.delete_model_version(full, version.version)
        client.delete_registered_model(full)


@check
def a_trace_is_stored_and_searched():
    experiment = mlflow.set_experiment(f"traces {unique}").experiment_id

    @mlflow.trace(name="answer")
    def answer(question):
        return question.upper()

    answer("what is ünïcode?")
    mlflow.flush_trace_async_logging()
    traces = mlflow.search_traces(locations=[experiment], return_type="list")
    assert len(traces) == 1 and "ÜNÏCODE" in str(traces[0].data.response)


@check
def a_dataset_is_logged_as_an_input():
    from mlflow.data.meta_dataset import MetaDataset
    from mlflow.data.http_dataset_source import HTTPDatasetSource

    mlflow.set_experiment(f"datasets {unique}")
    with mlflow.start_run() as run:
        dataset = MetaDataset(HTTPDatasetSource("https://example.com/data+set.csv?a=b c"), name="data set")
        mlflow.log_input(dataset, context="training")
    inputs = client.get_run(run.info.run_id).inputs.dataset_inputs
    assert [item.dataset.name for item in inputs] == ["data set"]


@check
def the_servers_errors_reach_the_client():
    try:
        client.get_run("does-not-exist")
    except MlflowException as error:
        assert error.error_code == "RESOURCE_DOES_NOT_EXIST", error.error_code
        assert "does-not-exist" in str(error)
    else:
        raise AssertionError("no error")


failed = 0
for function in checks:
    name = function.__name__.replace("_", " ")
    try:
        function()
        print(f"  ok      {name}", flush=True)
    except Exception:
        failed += 1
        print(f"  FAILED  {name}\n{traceback.format_exc()}", flush=True)
print(f"mlflow client: {len(checks) - failed} passed, {failed} failed")
sys.exit(1 if failed else 0)
