/// The portal's style sheet. Text on its ground has a contrast of 4.5 to 1 at least, in light and dark (WCAG 2.2, 1.4.3).
enum PortalStyle {
    static let text = #"""
        :root {
          color-scheme: light dark;
          --ground: #ffffff; --raised: #f6f8fa; --line: #d0d8e0; --text: #11171c; --quiet: #55636e;
          --link: #0b5cad; --link-ground: #e8f1fb; --fault: #a3142b; --fault-ground: #fdf0f2; --on-link: #ffffff;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --ground: #11171c; --raised: #1b232a; --line: #37444f; --text: #e8ecf0; --quiet: #a7b4be;
            --link: #8ac7ff; --link-ground: #1c3347; --fault: #ffa3b0; --fault-ground: #3a1a20; --on-link: #0b1a28;
          }
        }
        * { box-sizing: border-box; }
        html, body { height: 100%; margin: 0; }
        body {
          display: grid; grid-template-rows: auto auto minmax(0, 1fr); height: 100dvh; overflow: hidden;
          background: var(--ground); color: var(--text);
          font: 400 0.9375rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
        }
        a { color: var(--link); }
        :focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: 6px; }
        [hidden] { display: none !important; }
        .unseen {
          position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%);
          white-space: nowrap;
        }
        .skip {
          position: absolute; left: 0.75rem; top: -4rem; z-index: 2; padding: 0.5rem 1rem; border-radius: 6px;
          background: var(--link); color: var(--on-link); font-weight: 600;
        }
        .skip:focus { top: 0.5rem; outline-offset: -5px; outline-color: var(--on-link); }
        header {
          display: flex; align-items: center; gap: 0.75rem; min-height: 3.25rem; padding: 0.25rem 1rem;
          background: var(--raised); border-bottom: 1px solid var(--line);
        }
        .mark { flex: none; width: 1.75rem; height: 1.75rem; }
        .mark rect { fill: var(--link); }
        .mark path { fill: none; stroke: var(--on-link); stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round; }
        h1 { margin: 0; font-size: 1.0625rem; font-weight: 650; letter-spacing: -0.01em; }
        .name {
          min-width: 0; padding-left: 0.75rem; border-left: 1px solid var(--line); color: var(--quiet);
          overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
        }
        .chip {
          flex: none; padding: 0.0625rem 0.5rem; border: 1px solid var(--line); border-radius: 999px;
          color: var(--quiet); font-size: 0.8125rem;
        }
        nav { display: flex; gap: 0.25rem; margin-left: auto; }
        .action {
          display: inline-flex; align-items: center; gap: 0.4rem; min-height: 2.5rem; min-width: 2.5rem;
          padding: 0.25rem 0.7rem; border: 0; border-radius: 6px; background: none; color: var(--link);
          font: inherit; font-weight: 550; text-decoration: none; cursor: pointer; justify-content: center;
          white-space: nowrap;
        }
        .action:hover { background: var(--link-ground); }
        .action svg {
          flex: none; width: 1rem; height: 1rem; fill: none; stroke: currentColor; stroke-width: 1.75;
          stroke-linecap: round; stroke-linejoin: round;
        }
        .banner {
          display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1rem; padding: 0.5rem 1rem;
          background: var(--fault-ground); color: var(--fault); border-bottom: 1px solid var(--line); grid-row: 2;
        }
        .banner p { margin: 0; font-weight: 550; }
        main { position: relative; grid-row: 3; min-height: 0; background: var(--ground); }
        iframe { position: absolute; inset: 0; width: 100%; height: 100%; border: 0; background: var(--ground); }
        iframe:focus-visible { outline-offset: -3px; }
        .panel {
          position: absolute; inset: 0; display: grid; place-content: center; justify-items: center;
          padding: 1.5rem; overflow: auto; background: var(--ground); text-align: center;
        }
        .panel > * { max-width: 34rem; }
        .panel p { margin: 0.25rem 0 0; color: var(--quiet); }
        .panel h2 { margin: 0; font-size: 1.25rem; letter-spacing: -0.01em; }
        .panel:focus-visible { outline-offset: -4px; }
        .panel .sign {
          width: 2.75rem; height: 2.75rem; margin-bottom: 0.75rem; fill: none; stroke: var(--fault);
          stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round;
        }
        .panel ul {
          margin: 1rem 0 0; padding: 0.75rem 1rem 0.75rem 2rem; border-radius: 8px; background: var(--raised);
          text-align: start; color: var(--text);
        }
        .panel .id { margin-top: 1rem; font-size: 0.8125rem; overflow-wrap: anywhere; }
        .buttons { display: flex; flex-wrap: wrap; justify-content: center; gap: 0.5rem; margin-top: 1.25rem; }
        .buttons .action { border: 1px solid var(--line); }
        .buttons .first { background: var(--link); border-color: var(--link); color: var(--on-link); }
        .buttons .first:hover { text-decoration: underline; }
        .spinner {
          width: 2.25rem; height: 2.25rem; margin-bottom: 1rem; border-radius: 50%;
          border: 3px solid var(--line); border-top-color: var(--link); animation: turn 0.9s linear infinite;
        }
        @keyframes turn { to { rotate: 1turn; } }
        @media (prefers-reduced-motion: reduce) { .spinner { animation: none; } }
        @media (max-width: 44rem) {
          header { gap: 0.5rem; padding: 0.125rem 0.5rem 0.125rem 0.75rem; }
          nav { gap: 0; }
          .name { padding-left: 0.5rem; }
          nav .label {
            position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%);
          }
          nav .action { min-width: 2.75rem; min-height: 2.75rem; padding: 0; }
          nav .action svg { width: 1.25rem; height: 1.25rem; }
        }
        /* MLflow's own pages need this width; the frame is moved sideways instead of being squeezed. */
        @media (max-width: 48rem) {
          main { overflow: auto hidden; }
          iframe { min-width: 48rem; }
          main:has(iframe[inert]) { overflow: hidden; }
        }
        @media (forced-colors: active) {
          .spinner { border-top-color: Highlight; }
          .mark path { stroke: Canvas; }
        }

        """#
}
