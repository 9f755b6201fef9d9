/// The portal's script: shows MLflow in the frame, keeps the two addresses the same, and says what is wrong when there
/// is something.
enum PortalScript {
    static let text = #"""
        (() => {
          "use strict";
          const element = (id) => document.getElementById(id);
          const frame = element("mlflow");
          const name = document.title;
          const isFramed = window.top !== window;
          // Within another site's frame, an identity provider refuses to be shown.
          if (isFramed) for (const link of document.querySelectorAll(".sign-in")) link.target = "_blank";

          let state = "loading";
          const show = (next) => {
            state = next;
            element("loading").hidden = next !== "loading";
            element("fault").hidden = next !== "fault";
            frame.inert = next !== "page";
            if (next === "loading") element("slow").hidden = true;
          };

          // --- The frame's address and the portal's ---

          const route = () => {
            try { return frame.contentWindow.location.hash; } catch { return null; }
          };
          let last = null;
          const address = () => "/" + location.hash;
          const mirror = () => {
            const hash = route();
            if (state !== "page" || hash === null) return;
            // Only the frame's own steps: else one that the address bar has just asked for would be taken back. Replaced, not
            // added: they are in the browser's history already.
            if (hash !== last && hash !== location.hash) history.replaceState(history.state, "", hash || location.pathname);
            last = hash;
            element("tab").href = "/" + hash;
            const title = frame.contentDocument?.title;
            const page = title?.replace(/[ ·-]*MLflow$/, "");
            document.title = page ? page + " · " + name : name;
            for (const link of document.querySelectorAll(".sign-in")) link.href = location.href;
          };
          window.addEventListener("hashchange", () => {
            if (location.hash === route()) return;
            if (state === "page") frame.contentWindow.location.replace(address()); else load();
          });

          // --- Loading ---

          let slow = 0;
          let isRetry = false;
          const load = () => {
            show("loading");
            clearTimeout(slow);
            slow = setTimeout(() => { element("slow").hidden = state !== "loading"; }, 10000);
            // A new entry in the history would be one that goes nowhere.
            frame.contentWindow.location.replace(address());
          };
          const retry = () => {
            isRetry = true;
            // The hash alone would not load the page again.
            frame.addEventListener("load", load, { once: true });
            show("loading");
            frame.contentWindow.location.replace("about:blank");
          };

          frame.addEventListener("load", () => {
            // Of another origin, that of an identity provider perhaps, there is no document to be seen.
            const page = frame.contentDocument;
            if (page?.URL === "about:blank") return;
            clearTimeout(slow);
            const entry = page && frame.contentWindow.performance.getEntriesByType("navigation")[0];
            const status = entry?.responseStatus || 0;
            if (page && page.contentType === "text/html" && status < 400) return showPage();
            let answer = {};
            try { answer = JSON.parse(page.body.innerText); } catch {}
            explain(status, answer);
          });

          const showPage = () => {
            show("page");
            mirror();
            if (isRetry) frame.focus();
            isRetry = false;
            const view = frame.contentWindow;
            if (view.navigation) view.navigation.addEventListener("currententrychange", () => queueMicrotask(mirror));
            else for (const event of ["hashchange", "popstate", "click", "keyup"]) {
              view.addEventListener(event, () => setTimeout(mirror, 100));
            }
            new MutationObserver(mirror).observe(frame.contentDocument.head, { childList: true, subtree: true });
          };

          // --- Faults ---

          // What the proxy, or the load balancer before it, says to this visitor now.
          const session = async () => {
            try {
              const answer = await fetch(location.pathname, { method: "HEAD", redirect: "manual", cache: "no-store" });
              return answer.type === "opaqueredirect" || answer.status === 401 ? "ended" : "open";
            } catch { return "offline"; }
          };

          const explain = async (status, answer) => {
            const current = status === 401 ? "ended" : await session();
            const isEnded = current === "ended";
            let title = "MLflow cannot be shown";
            let text = answer.message || "The answer was not MLflow's page. It may be for a moment only.";
            if (isEnded) {
              title = "Your session has ended";
              text = "Sign in again to go on where you were.";
            } else if (current === "offline") {
              title = "No connection";
              text = "This page cannot reach its server. Check the network and try again.";
            } else if (status >= 500) {
              title = "MLflow does not answer";
            }
            element("fault-title").textContent = title;
            element("fault-text").textContent = text;
            element("sign-in").hidden = !isEnded;
            element("fault-id").textContent = answer.request_id ? "Request " + answer.request_id : "";
            const list = element("checks");
            list.replaceChildren();
            list.hidden = true;
            show("fault");
            element("fault").focus();
            if (status >= 500 || status === 0 && current === "open") await diagnose(list);
          };

          const diagnose = async (list) => {
            try {
              const health = await (await fetch("/_proxy/health?deep=1", { cache: "no-store" })).json();
              for (const [check, outcome] of Object.entries(health.checks)) {
                if (outcome.status === "ok" || outcome.message === element("fault-text").textContent) continue;
                const item = document.createElement("li");
                item.textContent = check + ": " + outcome.message;
                list.append(item);
              }
              list.hidden = list.childElementCount === 0;
            } catch {}
          };

          // --- A session that ends while nobody looks ---

          let asked = Date.now();
          const watch = async () => {
            if (document.hidden || state !== "page" || Date.now() - asked < 60000) return;
            asked = Date.now();
            element("ended").hidden = await session() !== "ended";
          };
          document.addEventListener("visibilitychange", watch);
          window.addEventListener("focus", watch);

          element("reload").addEventListener("click", retry);
          element("again").addEventListener("click", retry);
          element("skip").addEventListener("click", (event) => {
            event.preventDefault();
            (state === "fault" ? element("fault") : frame).focus();
          });
          load();
        })();

        """#
}
