/// The portal's page.
struct PortalMarkup {
    /// The name of the tracking server or the id of the App; letters, digits and hyphens.
    let name: String
    /// What callers may do, where that is not everything.
    let restriction: String?

    /// The page with its style and its script, which the browser knows by their hashes.
    func html(style: String, script: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <title>MLflow · \(name)</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <meta name="theme-color" content="#f6f8fa" media="(prefers-color-scheme: light)">
        <meta name="theme-color" content="#1b232a" media="(prefers-color-scheme: dark)">
        <link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 28 28'%3E\
        %3Crect width='28' height='28' rx='7' fill='%230b5cad'/%3E%3Cpath d='M6 20V9l8 7 8-7v11' fill='none' \
        stroke='white' stroke-width='2.4' stroke-linecap='round' stroke-linejoin='round'/%3E%3C/svg%3E">
        <style>\(style)</style>
        </head>
        <body>
        <a class="skip" id="skip" href="#mlflow">Skip to MLflow</a>
        <header>
        <svg class="mark" viewBox="0 0 28 28" aria-hidden="true"><rect width="28" height="28" rx="7"/>\
        <path d="M6 20V9l8 7 8-7v11"/></svg>
        <h1>MLflow</h1>
        <span class="name" title="\(name)">\(name)</span>
        \(restriction.map { "<span class=\"chip\">\($0)</span>" } ?? "")
        <nav aria-label="MLflow">
        <button class="action" id="reload" type="button">\(Self.icon("M13.5 8A5.5 5.5 0 1 1 11.6 3.8M13.5 2v3.5H10"))\
        <span class="label">Reload</span></button>
        <a class="action" id="tab" href="/" target="_blank" rel="noopener">\
        \(Self.icon("M6.5 3H3.5A.5.5 0 0 0 3 3.5v9a.5.5 0 0 0 .5.5h9a.5.5 0 0 0 .5-.5v-3M9.5 2.5h4v4M13 3L7.5 8.5"))\
        <span class="label">Open in a new tab</span></a>
        \(restriction == nil ? Self.openLink : "")
        </nav>
        </header>
        <div class="banner" id="ended" role="alert" hidden><p>Your session has ended.</p>\
        <a class="sign-in" href="">Sign in again</a></div>
        <main>
        <iframe id="mlflow" title="MLflow" allow="clipboard-write; fullscreen"></iframe>
        <div class="panel" id="loading" role="status"><div class="spinner"></div><span>Loading MLflow …</span>\
        <p id="slow" hidden>This takes longer than usual.</p></div>
        <div class="panel" id="fault" role="alert" tabindex="-1" aria-labelledby="fault-title" hidden>
        <svg class="sign" viewBox="0 0 24 24" aria-hidden="true"><path d="M12 3.5 22 20.5H2zM12 10v4.5M12 17.5v.01"/></svg>
        <h2 id="fault-title"></h2>
        <p id="fault-text"></p>
        <ul id="checks" hidden></ul>
        <div class="buttons"><a class="action first sign-in" id="sign-in" href="">Sign in again</a>\
        <button class="action" id="again" type="button">Try again</button></div>
        <p class="id" id="fault-id"></p>
        </div>
        <noscript><div class="panel"><h2>This page needs JavaScript</h2>\
        <p>So does MLflow itself: <a href="/">open MLflow</a> once it is on.</p></div></noscript>
        </main>
        <script>\(script)</script>
        </body>
        </html>

        """
    }

    private static let openLink = """
        <a class="action" href="/_proxy/open" target="_blank" rel="noopener">\
        \(icon("M10 3h3v10h-3M2.5 8h7M7 5.5 9.5 8 7 10.5"))<span class="label">Open in SageMaker</span>\
        <span class="unseen"> in a new tab</span></a>
        """

    /// A line drawing of 16 by 16, which the text beside it explains.
    private static func icon(_ path: String) -> String {
        "<svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><path d=\"\(path)\"/></svg>"
    }
}
