#!/usr/bin/env python3
"""MLflow's pages as a visitor of another site's portal sees them: that site embeds ours, which embeds MLflow, all of it through
the packaged function and a load balancer with its limits, with a bucket for what is too large and without."""

import http.server
import os
import pathlib
import tempfile
import threading
import time
import unittest

import browser
from local_stack import LocalStack

SCREENSHOTS = pathlib.Path(__file__).resolve().parents[2] / ".build" / "screenshots"


class Portal:
    """Another site, with a page that embeds an address."""

    def __init__(self):
        portal, self.address = self, ""

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *arguments):
                pass

            def do_GET(self):
                page = (f"<!doctype html><title>Company portal</title><body style='margin:0'><h1 style='font:20px sans-serif;margin:8px'>"
                        f"Company portal</h1><iframe src='{portal.address}' style='border:0;width:100%;height:840px'></iframe>")
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(page.encode())

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def log_what_is_to_be_seen(url):
    """A run with a metric that has a course, and a model. Returns the run's page and the model's name."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    import mlflow

    mlflow.set_tracking_uri(url)
    mlflow.set_experiment("churn")
    with mlflow.start_run(run_name="gradient-boosting") as run:
        mlflow.log_params({"depth": 6, "rate": 0.1})
        for step in range(40):
            mlflow.log_metric("loss", 1 / (1 + step / 4), step=step)
    client = mlflow.MlflowClient()
    client.create_registered_model("churn-model", description="Who leaves, and why")
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "MLmodel").write_text("flavors: {}\n")
        client.log_artifact(run.info.run_id, pathlib.Path(folder) / "MLmodel", "model")
    client.create_model_version("churn-model", f"runs:/{run.info.run_id}/model", run.info.run_id)
    return f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"


class PageTests(unittest.TestCase):
    def test_every_page_shows_inside_of_the_portal_of_another_site(self):
        if not browser.find():
            self.skipTest("no chromium is installed")
        for bucket in (True, False):
            kind = "bucket" if bucket else "parts"
            portal = Portal()
            self.addCleanup(portal.stop)
            stack = LocalStack(bucket=bucket, PROXY_FRAME_ANCESTORS=portal.url)
            self.addCleanup(stack.stop)
            run = log_what_is_to_be_seen(stack.url)
            pages = {
                "experiments": ("#/experiments", ["Experiments", "churn"]),
                "run": (run, ["gradient-boosting", "depth", "loss"]),
                "run-chart": (f"{run}/model-metrics", ["gradient-boosting", "loss"]),
                "registry": ("#/models", ["Registered Models", "churn-model"]),
            }
            for name, (fragment, expected) in pages.items():
                with self.subTest(page=name, bucket=bucket):
                    self.look(portal, f"{stack.url}/_proxy/portal{fragment}", expected, SCREENSHOTS / f"embedded-{name}-{kind}.png")
            stored = f"GET /local-overflow/mlflow-proxy/static/" in stack.log("moto")
            self.assertEqual(stored, bucket, "the large scripts come from the bucket, where there is one")

    def look(self, portal, address, expected, screenshot):
        portal.address = address
        page = browser.Browser(width=1400, height=900)
        self.addCleanup(page.close)
        page.open(portal.url)
        origin = address.split("/_proxy")[0]
        deadline, text = time.monotonic() + 90, ""
        while time.monotonic() < deadline and not all(word in text for word in expected):
            time.sleep(0.3)
            # MLflow is the frame in the frame, whose address has no path.
            text = page.frame_text(f"{origin}/#") or page.frame_text(f"{origin}/?")
        # Charts and dialogues come a moment later.
        time.sleep(3)
        page.screenshot(screenshot)
        for word in expected:
            self.assertIn(word, text)
        refusals = [message for message in page.messages() if "Content Security Policy" in message or "Refused" in message]
        self.assertEqual(refusals, [])
        print(f"{screenshot.name}: shows {', '.join(expected)}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
