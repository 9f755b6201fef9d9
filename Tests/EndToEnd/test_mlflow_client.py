"""The unmodified MLflow client through the packaged proxy: what a data scientist does in a day.

With MLFLOW_TRACKING_URI set the same is asked of that server instead.
"""

import os
import tempfile
import unittest
import uuid
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.data.http_dataset_source import HTTPDatasetSource
from mlflow.data.meta_dataset import MetaDataset
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

from local_stack import LocalStack

ODD_NAMES = ["plain", "with space", "a+b", "100% & more", "ünïcode 日本語 😀", "semi;colon,comma", "quote'\"()!*", "a%2Fb", "#hash?mark"]

unique = uuid.uuid4().hex[:8]


class ClientTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        uri = os.environ.get("MLFLOW_TRACKING_URI")
        if not uri:
            stack = LocalStack()
            cls.addClassCleanup(stack.stop)
            uri = stack.url
        mlflow.set_tracking_uri(uri)
        cls.client = MlflowClient(uri)

    def test_experiments_of_any_name_are_created_found_renamed_and_deleted(self):
        client = self.client
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

    def test_a_run_keeps_its_parameters_metrics_and_tags(self):
        client = self.client
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

    def test_batches_and_histories_pass_whole(self):
        client = self.client
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

    def test_searches_filter_order_and_page(self):
        client = self.client
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

    def test_artifacts_go_up_and_come_down(self):
        client = self.client
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

    def test_a_model_is_registered_aliased_and_deleted(self):
        client = self.client
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

    def test_a_trace_is_stored_and_searched(self):
        client = self.client
        experiment = mlflow.set_experiment(f"traces {unique}").experiment_id

        @mlflow.trace(name="answer")
        def answer(question):
            return question.upper()

        answer("what is ünïcode?")
        mlflow.flush_trace_async_logging()
        traces = mlflow.search_traces(locations=[experiment], return_type="list")
        assert len(traces) == 1 and "ÜNÏCODE" in str(traces[0].data.response)

    def test_a_dataset_is_logged_as_an_input(self):
        client = self.client
        mlflow.set_experiment(f"datasets {unique}")
        with mlflow.start_run() as run:
            dataset = MetaDataset(HTTPDatasetSource("https://example.com/data+set.csv?a=b c"), name="data set")
            mlflow.log_input(dataset, context="training")
        inputs = client.get_run(run.info.run_id).inputs.dataset_inputs
        assert [item.dataset.name for item in inputs] == ["data set"]

    def test_the_servers_errors_reach_the_client(self):
        client = self.client
        try:
            client.get_run("does-not-exist")
        except MlflowException as error:
            assert error.error_code == "RESOURCE_DOES_NOT_EXIST", error.error_code
            assert "does-not-exist" in str(error)
        else:
            raise AssertionError("no error")


if __name__ == "__main__":
    unittest.main(verbosity=2)
